"""A signal lets the batch of its thread end, ends what that waits for, and interrupts then."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread, main_thread
from types import FrameType

import pytest

from holding import LONGEST, HoldingSandbox
from ioc_removal.action import Action
from ioc_removal.batches import Prepared
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import begin_run
from ioc_removal.trust.interrupting import ENDING, InterruptedAfter
from ioc_removal.trust.perform import perform

NAME = "cybertrace-indicators-delete"


class Line:
    """What a thread waits for, and what hangs it up."""

    def __init__(self) -> None:
        self.is_down = Event()

    def hang_up(self) -> None:
        self.is_down.set()

    def wait(self) -> None:
        assert self.is_down.wait(LONGEST)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Find the handlers of signals as they were, whatever a test does."""
    before = {kind: signal.getsignal(kind) for kind in ENDING}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    here = {kind: signal.getsignal(kind) for kind in ENDING}
    for kind, handler in before.items():
        signal.signal(kind, handler)
    assert here == {**before, signal.SIGINT: signal.default_int_handler}


def within(line: Line, *steps: Callable[[], object]) -> None:
    """Do one after the other."""
    with InterruptedAfter(line.hang_up):
        for step in steps:
            step()


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_what_is_begun_is_done_to_its_end() -> None:
    line, done = Line(), list[str]()
    with pytest.raises(KeyboardInterrupt):
        within(line, ctrl_c, line.wait, lambda: done.append("recorded"))
    assert done == ["recorded"]


def test_an_error_of_what_was_hung_up_is_the_interruption() -> None:
    def broken() -> None:
        raise ConnectionError("hung up")

    line = Line()
    with pytest.raises(KeyboardInterrupt):
        within(line, ctrl_c, line.wait, broken)


def test_what_goes_on_all_the_same_is_interrupted_soon() -> None:
    line, done = Line(), list[str]()
    with pytest.raises(KeyboardInterrupt):
        within(line, ctrl_c, lambda: Event().wait(LONGEST), lambda: done.append("waited"))
    assert not done
    assert line.is_down.is_set()


def test_a_second_signal_interrupts_at_once() -> None:
    line, done = Line(), list[str]()
    with pytest.raises(KeyboardInterrupt):
        within(line, ctrl_c, lambda: done.append("first"), ctrl_c, lambda: done.append("second"))
    assert done == ["first"]


def test_a_handler_that_was_left_behind_interrupts() -> None:
    """A signal may come while the handlers of others are put back."""
    left = list[object]()
    within(Line(), lambda: left.append(signal.getsignal(signal.SIGINT)))
    [handler] = left
    assert callable(handler)
    with pytest.raises(KeyboardInterrupt):
        handler(signal.SIGINT, None)


def test_a_program_of_another_has_its_own_way_to_end() -> None:
    class TimeIsOverError(Exception):
        pass

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeIsOverError

    line, done = Line(), list[str]()
    before = signal.signal(signal.SIGALRM, over)
    try:
        with pytest.raises(TimeIsOverError):
            within(
                line,
                lambda: signal.raise_signal(signal.SIGALRM),
                line.wait,
                lambda: done.append("recorded"),
            )
    finally:
        assert signal.signal(signal.SIGALRM, before) is over
    assert done == ["recorded"]


def test_a_handler_that_ends_nothing_is_as_it_was() -> None:
    line, told = Line(), list[int]()
    before = signal.signal(signal.SIGHUP, lambda number, _: told.append(number))
    try:
        with InterruptedAfter(line.hang_up):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert told == [signal.SIGHUP]
    assert not line.is_down.is_set()


def test_no_signal_reaches_another_thread() -> None:
    here, found = {kind: signal.getsignal(kind) for kind in ENDING}, list[object]()

    def look() -> None:
        with InterruptedAfter(lambda: None):
            found.append({kind: signal.getsignal(kind) for kind in ENDING})

    thread = Thread(target=look)
    thread.start()
    thread.join(LONGEST)
    assert found == [here]


def call_of(sandbox: HoldingSandbox, indicator: str) -> tuple[Action, Prepared]:
    catalogue = load_integration()
    settings = settings_from(sandbox.settings(), "settings")
    connection = Connection("cybertrace", settings, catalogue.systems["cybertrace"])
    action = catalogue.bind(NAME, connection)
    arguments = {"supplier": "InternalTI", "indicators": [indicator]}
    return action, action.prepare(arguments)


def test_one_batch_that_is_interrupted_has_no_outcome(tmp_path: Path) -> None:
    """It is performed in this thread, as the server has told its version."""
    sandbox, database = HoldingSandbox(), Database(tmp_path / "store.db")
    with sandbox:
        sandbox.hold("DELETE")
        action, prepared = call_of(sandbox, "192.0.2.10")
        run = begin_run(database, "call", NAME, dry_run=False, details={})
        recorder = StoreRecorder(database, run, "call", action)
        recorder.begin(prepared)

        def interrupt() -> None:
            sandbox.has_come()
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

        thread = Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            list(perform(action, prepared, recorder))
        thread.join(LONGEST)
        sandbox.go_on()
    assert database.rows("SELECT tries, finished FROM batches") == [(1, 0)]
    assert not database.rows("SELECT 1 FROM alike")
    database.close()
