"""The nine steps: each a name, and what it says of a pack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from .content import FACTS, Content

RUNTIME = "XSOAR_RUNTIME"  # a folder with CommonServerPython.py, demistomock.py and conftest.py
LAST_LINES = 40
LINT_TRIES, GAVE_UP = 5, "Got a timeout while processing"


@dataclass(frozen=True)
class Verdict:
    """What a step says: ok, or why not; skipped: it could not be run."""

    ok: bool
    told: str = ""
    skipped: bool = False


def verdict(done: CompletedProcess[str]) -> Verdict:
    return Verdict(not done.returncode, "\n".join(done.stdout.splitlines()[-LAST_LINES:]))


def ignored() -> list[str]:
    codes = [code for row in FACTS["ignored"] for code in row["codes"]]
    return [word for code in codes for word in ("--ignore", code)]


def validate(content: Content, *what: str) -> Verdict:
    rules = ("--config-path", str(content.rules), "--ignore-support-level", *ignored())
    return verdict(content.call("demisto-sdk", "validate", *what, *rules))


def validate_pack(content: Content) -> Verdict:
    return validate(content, "-i", str(content.pack))


def validate_as_new(content: Content) -> Verdict:
    return validate(content, "-g")


def validate_paths(content: Content) -> Verdict:
    return verdict(content.call("validate-content-path", "validate", *content.files()))


def format_is_stable(content: Content) -> Verdict:
    command = ("demisto-sdk", "format", "-i", str(content.pack), "-n", "-nv", "-ngr")
    formatted = content.call(*command)
    changed = content.call("git", "diff", "--exit-code")
    content.call("git", "checkout", "--quiet", "--", ".")
    return verdict(formatted if formatted.returncode else changed)


def lint(content: Content) -> Verdict:
    """Lint the integrations one by one: the linter gives up on a file after a minute.

    On a busy machine that is too soon; then it is asked again.
    """
    files = [name for name in content.files("*.py") if not name.endswith("_test.py")]
    large = [[name] for name in files if "/Integrations/" in name]
    small = [name for name in files if "/Integrations/" not in name]
    found = [linted(content, some) for some in (*large, small)]
    return next((one for one in found if not one.ok), found[-1])


def linted(content: Content, files: list[str]) -> Verdict:
    for _ in range(LINT_TRIES):
        found = verdict(content.call("demisto-sdk", "xsoar-lint", *files))
        if found.ok or GAVE_UP not in found.told:
            break
    return found


def no_secrets(content: Content) -> Verdict:
    names = [n for n in content.files() if not n.endswith((".png", "_test.py"))]
    return verdict(
        content.call("demisto-sdk", "secrets", "--ignore-entropy", "-i", ",".join(names))
    )


def zip_pack(content: Content) -> Verdict:
    with TemporaryDirectory() as folder:
        command = ("demisto-sdk", "zip-packs", "-i", str(content.pack), "-o", folder)
        done = content.call(*command)
        made = list(Path(folder).rglob("*.zip"))
        return verdict(done) if made else Verdict(ok=False, told=done.stdout)


def tests_of(kind: str) -> Callable[[Content], Verdict]:
    def run_tests(content: Content) -> Verdict:
        if not environ.get(RUNTIME):
            return Verdict(ok=True, told=f"{RUNTIME} names no CommonServerPython", skipped=True)
        for file in content.files(f"{kind}/*_test.py"):
            plugins = ("-p", "conftest", "-p", "no:cacheprovider", "-c", "/dev/null")
            found = verdict(
                content.call(
                    *("python", "-m", "pytest", "-q", *plugins, "--rootdir=.", "."),
                    within=str(Path(file).parent),
                    PYTHONPATH=f"{environ[RUNTIME]}:.",
                )
            )
            if not found.ok:
                return found
        return Verdict(ok=True)

    return run_tests


STEPS: Mapping[str, Callable[[Content], Verdict]] = {
    "validate": validate_pack,
    "validate, as a new pack": validate_as_new,
    "validate-content-path": validate_paths,
    "format changes nothing": format_is_stable,
    "xsoar-lint": lint,
    "secrets": no_secrets,
    "zip-packs": zip_pack,
    "tests of the integrations": tests_of("Integrations"),
    "tests of the scripts": tests_of("Scripts"),
}
