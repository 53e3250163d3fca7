"""In CI a skip for a reason that was not agreed on fails; elsewhere it is a skip."""

import sys
from os import environ
from pathlib import Path
from shutil import copy
from subprocess import run

import pytest

ONE = """
import pytest

@pytest.mark.skip(reason={reason!r})
def test_marked():
    pass

def test_called():
    pytest.skip({reason!r})

@pytest.mark.xfail(strict=True)
def test_expected_to_fail():
    assert False
"""
WHOLE = """
import pytest

pytest.skip({reason!r}, allow_module_level=True)
"""
AGREED, OTHER = "no Python 3.10 here", "not today"


@pytest.mark.parametrize(
    ("reason", "ci", "said"),
    [
        (AGREED, "true", "3 skipped, 1 xfailed in"),
        (OTHER, "", "3 skipped, 1 xfailed in"),
        (OTHER, "true", "1 failed, 1 xfailed, 2 errors in"),
    ],
)
def test_skips(reason: str, ci: str, said: str, tmp_path: Path) -> None:
    for name in ("conftest.py", "allowed_skips.txt"):
        copy(Path(__file__).with_name(name), tmp_path)
    for name, module in (("test_one.py", ONE), ("test_whole.py", WHOLE)):
        (tmp_path / name).write_text(module.format(reason=reason), encoding="utf-8")
    options = ("-p", "no:cacheprovider", "--continue-on-collection-errors")
    done = run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        env={**environ, "CI": ci, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout.splitlines()[-1]
    failed = "error" in said
    assert (done.returncode in {1, 2}) is failed  # 5: nothing but skips
    told = done.stdout.count(f"allowed_skips.txt: {OTHER}")  # of three, and again in the summary
    assert told == (6 if failed else 0)
