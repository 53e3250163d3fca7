"""Who goes on with what a dead process added finds it, or sends what was not sent; never twice."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest

from creating import (
    ADD,
    bound,
    creations,
    each_creation,
    ids,
    is_creation,
    outcomes,
    sandbox,
    strike,
)
from holding import LONGEST
from ioc_removal import settling
from ioc_removal.action import Action
from ioc_removal.errors import HungUpError
from ioc_removal.outcome import ADDED, UNKNOWN
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import CALL, begin_run
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import Recorder
from stores import long_ago

__all__ = ["sandbox"]


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    database = Database(store)
    yield database
    database.close()


def begun(database: Database, action: Action, arguments: Mapping[str, Any]) -> StoreRecorder:
    """Return the recorder of a call that was begun."""
    run = begin_run(database, CALL, action.definition.name, dry_run=False, details={})
    recorder = StoreRecorder(database, run, "call", action)
    recorder.begin(action.prepare(arguments))
    return recorder


def crashed(
    sandbox: Sandbox, database: Database, name: str, arguments: Mapping[str, Any], *, sent: bool
) -> Recorder:
    """Let a process die after its intent; return the recorder of the next one."""
    action = bound(sandbox, name)
    prepared = action.prepare(arguments)
    run = begin_run(database, CALL, name, dry_run=False, details={})
    recorder = StoreRecorder(database, run, "call", action)
    recorder.begin(prepared)
    for batch in prepared:
        recorder.intent(batch, action.before(batch))
        if sent:
            action.send(batch, prepared.target)
    long_ago(database)
    return StoreRecorder(database, run, "call", action)


@each_creation
def test_what_a_dead_process_created_is_found_not_repeated(
    sandbox: Sandbox, database: Database, name: str, arguments: dict[str, Any]
) -> None:
    recorder = crashed(sandbox, database, name, arguments, sent=True)
    [added] = outcomes(sandbox, name, arguments, recorder)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert (added.maybe_ours, added.settled) == (True, True)
    assert creations(sandbox) == 1


@pytest.mark.usefixtures("looks_soon")
@each_creation
def test_what_a_dead_process_did_not_send_is_sent(
    sandbox: Sandbox, database: Database, name: str, arguments: dict[str, Any]
) -> None:
    recorder = crashed(sandbox, database, name, arguments, sent=False)
    [added] = outcomes(sandbox, name, arguments, recorder)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert creations(sandbox) == 1


def looked_once_more(sandbox: Sandbox) -> bool:
    """Tell whether as much was read after the creation as before it."""
    rows = sandbox.requests
    at = next((at for at, row in enumerate(rows) if is_creation(row)), len(rows))
    return 0 < at == len(rows[at + 1 :]) and rows[-1]["status"] is not None


@each_creation
def test_what_was_interrupted_between_two_looks_is_looked_up_by_who_goes_on(
    sandbox: Sandbox,
    database: Database,
    name: str,
    arguments: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settling, "LOOK_AGAIN", 2 * LONGEST)
    strike(sandbox, name, hang_up="before")
    action = bound(sandbox, name)
    recorder = begun(database, action, arguments)
    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(lambda: [*perform(action, action.prepare(arguments), recorder)])
        while not looked_once_more(sandbox):
            assert not adding.done()
            sleep(0.01)
        assert action.call
        action.call.connection.hang_up()
        with pytest.raises(HungUpError):
            adding.result(LONGEST)
    monkeypatch.setattr(settling, "LOOK_AGAIN", 0.02)
    long_ago(database)
    [added] = outcomes(sandbox, name, arguments, recorder)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert creations(sandbox) == 2


def crashed_blindly(
    sandbox: Sandbox, database: Database, name: str, arguments: dict[str, Any]
) -> Recorder:
    """Let a process that could not read what was there die before it sends; return what is kept."""
    action = bound(sandbox, name)
    prepared = action.prepare(arguments)
    run = begin_run(database, CALL, name, dry_run=False, details={})
    recorder = StoreRecorder(database, run, "call", action)
    recorder.begin(prepared)
    recorder.intent(next(iter(prepared)), {})
    long_ago(database)
    return StoreRecorder(database, run, "call", action)


@each_creation
def test_without_what_was_there_before_a_dead_process_leaves_it_unknown(
    sandbox: Sandbox, database: Database, name: str, arguments: dict[str, Any]
) -> None:
    outcomes(sandbox, name, arguments)
    [known] = ids(sandbox, name)
    recorder = crashed_blindly(sandbox, database, name, arguments)
    [unknown] = outcomes(sandbox, name, arguments, recorder)
    assert (unknown.outcome, creations(sandbox)) == (UNKNOWN, 1)
    reason = str(unknown.reason)
    assert reason.startswith("an earlier process may have sent it")
    assert reason.endswith(f"what was there before is not known; now there is {known}")
    assert unknown.advice == f"look when it was created: {known}; if just now, it is added"


@pytest.mark.usefixtures("looks_soon")
@each_creation
def test_what_is_not_there_was_not_created_whatever_was_there_before(
    sandbox: Sandbox, database: Database, name: str, arguments: dict[str, Any]
) -> None:
    recorder = crashed_blindly(sandbox, database, name, arguments)
    [added] = outcomes(sandbox, name, arguments, recorder)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert (added.reason, added.advice, creations(sandbox)) == (None, None, 1)


@pytest.mark.parametrize("sent", [True, False])
def test_cybertrace_is_not_sent_what_a_dead_process_may_have_sent(
    sandbox: Sandbox, database: Database, sent: bool
) -> None:
    name = "cybertrace-indicators-add"
    recorder = crashed(sandbox, database, name, ADD, sent=sent)
    before = len(sandbox.requests)
    told = outcomes(sandbox, name, ADD, recorder)
    assert [outcome.outcome for outcome in told] == [UNKNOWN, UNKNOWN]
    assert not any(row["method"] == "PUT" for row in sandbox.requests[before:])
