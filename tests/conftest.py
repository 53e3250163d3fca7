"""In CI a test may be skipped only for a reason in allowed_skips.txt."""

import gc
import signal
from collections.abc import Generator, Iterator
from logging import StreamHandler, getLogger
from os import environ
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from ioc_removal import settling
from stores import lender, own, postgresql, shared, store, unmade

# One process has all their tests: they share what is made once.
TOGETHER = {
    "test_journal_columns.py",
    "test_journal_keys.py",
    "test_journal_verify.py",
    "test_layers.py",
    "test_packaging.py",
    "test_proxies.py",
    "test_proxies_refusing.py",
    "test_stackstorm_calls.py",
    "test_stackstorm_pack.py",
    "test_xsoar_pack.py",
    "test_xsoar_runtime.py",
}
# Their tests take longest, and would come last.
LONG = (
    "test_schedules.py",
    "test_undo_process.py",
    "test_worker_metrics.py",
    "test_workers.py",
    "test_workers_refusing.py",
)
__all__ = ["lender", "own", "postgresql", "shared", "store", "unmade"]
ALLOWED = Path(__file__).with_name("allowed_skips.txt")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # So a shell starts what runs in the background; commands that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def looks_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second look at a system come soon after the first, where nothing is done in between."""
    monkeypatch.setattr(settling, "LOOK_AGAIN", 0.02)


@pytest.fixture(autouse=True)
def _no_stream_of_one_test() -> Iterator[None]:
    """Fail the test that lets DBOS keep its stream: it is closed when the next one runs."""
    yield
    streams = [one for one in getLogger("dbos").handlers if isinstance(one, StreamHandler)]
    assert not streams, "DBOS made a handler, as its logger had none"


@pytest.fixture(autouse=True)
def _no_garbage_where_the_stack_ends(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect what other tests left before: a finalizer that finds no stack is an error."""
    if request.node.get_closest_marker("nested") is None:
        yield
        return
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Gives each test to whichever process is free, and some files whole to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if Path(file).name in TOGETHER else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """Share the tests out; --dist loadgroup of xdist 3.8 does not see groups with pytest 9.2."""
    return Sharing(config, log)


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
