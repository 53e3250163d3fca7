"""In CI a test may be skipped only for a reason in allowed_skips.txt."""

import signal
from collections.abc import Generator
from os import environ
from pathlib import Path

import pytest

from ioc_removal import sending
from stores import lender, own, postgresql, shared, store, unmade

# Their tests take longest, and would come last.
LONG = ("test_schedules.py", "test_undo_process.py", "test_worker_metrics.py", "test_workers.py")
__all__ = ["lender", "own", "postgresql", "shared", "store", "unmade"]
ALLOWED = Path(__file__).with_name("allowed_skips.txt")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # So a shell starts what runs in the background; commands that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def looks_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second look at a system come soon after the first, where nothing is done in between."""
    monkeypatch.setattr(sending, "LOOK_AGAIN", 0.02)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that none of them is left to one worker at the end."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple)):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if reason not in ALLOWED.read_text(encoding="utf-8").splitlines():
        report.outcome = "failed"
        report.longrepr = f"skipped for a reason that is not in {ALLOWED.name}: {reason}"
