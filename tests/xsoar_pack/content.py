"""A repository such as XSOAR's tools want to see around a pack, made offline."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import environ
from pathlib import Path
from shutil import copytree
from subprocess import PIPE, STDOUT, CompletedProcess, run
from tempfile import TemporaryDirectory
from typing import Any

import yaml

FACTS: Mapping[str, Any] = yaml.safe_load(
    Path(__file__).with_name("content.yml").read_text(encoding="utf-8")
)
# Named, as the tools read owner and name from it; nothing is ever fetched from there.
ORIGIN = "https://github.com/demisto/content.git"
LONGEST = 600  # seconds for one step


class Content:
    """A repository with one pack, on a branch of its own, and the tools of a virtual environment.

    folder: of the repository; tools: the venv; pack: the pack's path in the repository.
    """

    def __init__(self, folder: Path, tools: Path, pack: Path) -> None:
        self.folder, self._tools, self._source = folder, tools.absolute(), pack
        self.pack = Path("Packs") / pack.name
        kept = {key: text for key, text in environ.items() if key not in {"CI", "PYTHONPATH"}}
        self._environment = {
            **kept,
            "PATH": f"{self._tools / 'bin'}:{kept['PATH']}",
            "DEMISTO_SDK_SKIP_VERSION_CHECK": "yes",
            "DEMISTO_SDK_IGNORE_CONTENT_WARNING": "1",
            "DEMISTO_SDK_LOG_NO_COLORS": "true",
            "DEMISTO_SDK_LOG_FILE_PATH": str(folder.parent),
            "DEMISTO_SDK_CONTENT_PATH": str(folder),
        }

    def make(self) -> None:
        """Make the repository: a base without the pack, and a branch with it."""
        for name in ("Config", "Packs"):
            (self.folder / name).mkdir(parents=True)
        for name, document in FACTS.items():
            if name.endswith(".json"):
                text = json.dumps(document)
                (self.folder / "Config" / name).write_text(text, encoding="utf-8")
        (self.folder / ".gitignore").write_text("CommonServerUserPython.py\n", encoding="utf-8")
        self._git("init", "--quiet", "--initial-branch=master")
        self._git("remote", "add", "origin", ORIGIN)
        self._commit("base")
        self._git("update-ref", "refs/remotes/origin/master", "HEAD")
        self._git("checkout", "--quiet", "-b", "pack")
        copytree(self._source, self.folder / self.pack)
        self._commit("pack")

    def files(self, pattern: str = "*") -> list[str]:
        """Return the pack's files, as paths in the repository."""
        listed = self.call("git", "ls-files", f"{self.pack}/{pattern}")
        return listed.stdout.splitlines()

    def call(self, *command: str, within: str = ".", **variables: str) -> CompletedProcess[str]:
        """Run a program in the repository and return what it said."""
        return run(
            command,
            cwd=self.folder / within,
            env={**self._environment, **variables},
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    @property
    def rules(self) -> Path:
        """The validator's rules for packs that are to be published: all that it has."""
        [found] = self._tools.glob("lib/python*/site-packages/demisto_sdk/commands/validate")
        return found / "sdk_validation_config.toml"

    def _commit(self, message: str) -> None:
        self._git("add", "--all")
        names = ("-c", "user.name=check", "-c", "user.email=check@xsoar.example")
        self._git(*names, "commit", "--quiet", "-m", message)

    def _git(self, *arguments: str) -> None:
        done = self.call("git", *arguments)
        assert not done.returncode, done.stdout


@contextmanager
def content_with(pack: Path, tools: Path) -> Iterator[Content]:
    """Make a repository with a pack, and delete it in the end."""
    with TemporaryDirectory(prefix="xsoar-content-") as folder:
        content = Content(Path(folder) / "content", tools, pack)
        content.make()
        yield content
