"""What is shipped is what works: wheel and sdist, built here and used outside the checkout."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from os import environ
from pathlib import Path
from shutil import copy, copytree, ignore_patterns, which
from subprocess import CompletedProcess, run
from zipfile import ZipFile

import pytest

from ioc_removal.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
CODE = (
    *("ioc_removal/**/*.py", "ioc_removal/py.typed"),
    *("ioc_removal/hosts/xsoar/*.txt", "ioc_removal/hosts/*/texts/*"),
)
DEFINITIONS = ("integration.yml", "schemas/**/*.json", "playbooks/*.yml", "examples/*")
NEEDS = {"ioc-removal", "jsonschema", "pyyaml", "requests"}
THEIRS = {
    *("certifi", "charset-normalizer", "idna", "urllib3"),
    *("attrs", "jsonschema-specifications", "referencing", "rpds-py", "typing-extensions"),
}

MADE = (".*_cache", ".git", ".hypothesis", ".venv*", "__pycache__", "*.egg-info", "build", "dist")


@dataclass(frozen=True)
class Built:
    """An sdist, and the wheel that was built from it."""

    sdist: Path
    wheel: Path

    @property
    def names(self) -> set[str]:
        with ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    @property
    def metadata(self) -> Message:
        with ZipFile(self.wheel) as archive:
            [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
            return Parser().parsestr(archive.read(name).decode())


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment and an empty folder, both outside the checkout."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "venv" / "bin" / "python")

    @property
    def command(self) -> str:
        return str(self.folder / "venv" / "bin" / "ioc-removal")

    def pip(self, *arguments: str) -> str:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", self.python)
        return succeed(*pip, *arguments, cwd=self.folder)

    def call(self, *arguments: str) -> CompletedProcess[str]:
        return execute(self.command, *arguments, cwd=self.folder)


def execute(
    *command: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> CompletedProcess[str]:
    """Run a program that finds nothing of this checkout through the environment."""
    own = ("PYTHON", "IOC_REMOVAL_")
    known = {name: value for name, value in environ.items() if not name.startswith(own)}
    known |= {"IOC_REMOVAL_STORE": str(cwd / "store.db"), **(variables or {})}
    return run(command, cwd=cwd, env=known, capture_output=True, text=True, check=False)


def succeed(*command: str, cwd: Path) -> str:
    done = execute(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fresh(folder: Path, python: str = sys.executable) -> Environment:
    succeed(python, "-m", "venv", "--without-pip", str(folder / "venv"), cwd=folder)
    return Environment(folder)


def interpreter(version: str) -> str:
    """Return this Python, or one that is installed here; skips when there is none."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = which(f"python{version}")
    if found is None or run([found, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"no Python {version} here")
    return found


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    copytree(ROOT, folder / "source", ignore=ignore_patterns(*MADE))
    build = (sys.executable, "-W", "error::UserWarning", "-m", "build", "--no-isolation")
    succeed(*build, "--outdir", str(folder), str(folder / "source"), cwd=folder)
    [sdist], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(name="installed", scope="module")
def _installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = fresh(tmp_path_factory.mktemp("installed"))
    environment.pip("install", "--quiet", str(built.wheel))
    return environment


def test_wheel_is_the_code_and_the_definitions(built: Built) -> None:
    source = ROOT / "plugin"
    code = {
        file.relative_to(source).as_posix() for pattern in CODE for file in source.glob(pattern)
    }
    definitions = {
        f"ioc_removal/definitions/{file.relative_to(ROOT).as_posix()}"
        for pattern in DEFINITIONS
        for file in ROOT.glob(pattern)
    }
    shipped = {name for name in built.names if ".dist-info/" not in name}
    assert shipped == code | definitions


def test_no_python_file_lies_at_the_root() -> None:
    # setup.cfg maps a package to the root, so it would be shipped
    assert not list(ROOT.glob("*.py"))


def test_wheel_says_its_license(built: Built) -> None:
    assert built.metadata["License-Expression"] == "Apache-2.0"
    assert [name for name in built.names if name.endswith("/licenses/LICENSE")]


def test_only_three_needs_without_an_extra(installed: Environment) -> None:
    listed = json.loads(installed.pip("list", "--format", "json"))
    names = {package["name"].lower().replace("_", "-") for package in listed}
    assert names >= NEEDS
    assert names <= NEEDS | THEIRS


def test_command_works_outside_the_checkout(installed: Environment) -> None:
    done = installed.call("actions")
    assert done.returncode == 0, done.stderr
    assert "cybertrace-indicators-delete" in done.stdout
    module = succeed(installed.python, "-m", "ioc_removal", "actions", cwd=installed.folder)
    assert module == done.stdout


def test_command_calls_outside_the_checkout(installed: Environment, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        settings = tmp_path / "settings.yml"
        settings.write_text(json.dumps(sandbox.settings()), encoding="utf-8")
        call = (
            *("call", "cybertrace-indicators-delete", "--json", "--settings", str(settings)),
            *("--arg", "supplier=InternalTI", "--arg", "indicators=192.0.2.10"),
        )
        planned = installed.call(*call, "--dry-run")
        assert planned.returncode == 0, planned.stderr
        assert json.loads(planned.stdout)["counts"]["planned"] == 1
        assert not sandbox.requests
        removed = installed.call(*call)
        assert removed.returncode == 0, removed.stderr
        assert json.loads(removed.stdout)["counts"]["removed"] == 1


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("demo",), "playbooks"),
        (("run", "unmark-false-positives"), "playbooks"),
        (("completion", "bash"), "cli"),
        (("export", "xsoar", "--out", "content"), "hosts"),
    ],
)
def test_command_names_the_extra_it_needs(
    command: tuple[str, ...], extra: str, installed: Environment
) -> None:
    done = installed.call(*command)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"ioc-removal[{extra}]" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_wheel_works_on_every_python(
    version: str, built: Built, installed: Environment, tmp_path: Path
) -> None:
    environment, python = installed, interpreter(version)
    if python != sys.executable:
        environment = fresh(tmp_path, python)
        environment.pip("install", "--quiet", str(built.wheel))
    removes_from_the_sandbox(environment)


def test_wheel_works_with_the_lowest_versions(built: Built, tmp_path: Path) -> None:
    needs = built.metadata.get_all("Requires-Dist", [])
    lowest = [need.replace(">=", "==") for need in needs if "extra ==" not in need]
    assert len(lowest) == len(NEEDS) - 1
    environment = fresh(tmp_path)
    environment.pip("install", "--quiet", str(built.wheel), *lowest)
    removes_from_the_sandbox(environment)


def removes_from_the_sandbox(environment: Environment) -> None:
    script = copy(Path(__file__).with_name("installed.py"), environment.folder)
    # -I: nothing but the environment itself is imported from
    said = succeed(environment.python, "-I", str(script), cwd=environment.folder)
    assert said.splitlines() == [
        "192.0.2.10 planned 0",
        "192.0.2.10 removed 1",
        "192.0.2.10 absent 2",
    ]


def test_sdist_is_the_checkout_and_passes_its_tests(built: Built, tmp_path: Path) -> None:
    succeed("tar", "-xf", str(built.sdist), cwd=tmp_path)
    [folder] = tmp_path.iterdir()
    folders = {entry.name for entry in ROOT.iterdir() if entry.is_dir()}
    shown = {name for name in folders if not name.startswith(".")} - set(MADE)
    for name in (*shown, ".ci/run", "CHANGELOG.md", "LICENSE", "Makefile", "README.md"):
        assert (folder / name).exists()
    tests = ("tests/test_definitions.py", "tests/test_sandbox.py")
    succeed(sys.executable, "-m", "pytest", "-q", *tests, cwd=folder)
