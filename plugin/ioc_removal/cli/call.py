"""`call`: one action."""

from collections.abc import Mapping
from typing import Any

from ..action import Action
from ..definition import Definition
from ..errors import ArgumentError
from ..operations.call import call_action
from ..outcome import exit_status
from ..store.turns import share_turns
from ..trust.catalogue import EXPECT_TAGS
from .arguments import parsed, read_arguments
from .ended import show_record
from .files import READING, file_of
from .interruption import interruption
from .output import Output
from .parser import Options
from .progress import Watch
from .session import Session


def call(session: Session) -> int:
    """Call an action and show what came of it."""
    options, output = session.options, session.output
    definition = session.definition(options.action)
    arguments = _arguments(options, definition)
    terms = session.terms
    if terms.guards and definition.acts:
        terms.guards.load()  # its mistakes, before anything is recorded
    connection = session.connection(definition.system)
    if connection is not None:
        share_turns(session.database, connection, session.settings)
    action = session.integration.bind(definition.name, connection)
    session.note_what_is_not_verified([definition.name])
    watch = Watch(wanted=not output.quiet, color=output.color)
    done, total = 0, _size(action, arguments)

    def told(size: int) -> None:
        nonlocal total
        total = size * action.copies
        watch.tell(READING, size, size)
        watch.tell(definition.name, 0, total)

    def finished(batch: Any) -> None:
        nonlocal done
        done += len(batch.batch.items)
        watch.tell(definition.name, done, total)

    file = file_of(options, told)
    watch.tell(READING if file else definition.name, 0, total)
    with interruption(session.database, output) as began:
        with watch:
            record, summary = call_action(
                session.database,
                action,
                arguments,
                file=file,
                terms=terms,
                most=session.approving.most,
                requester=session.requester,
                finished=finished,
                began=began,
            )
        _note_filled(output, action, record["filled_defaults"])
        session.warn_of(terms.guards)
        show_record(output, session.database, record, summary, definition=definition)
    return exit_status(summary, [row["error"] for row in record["errors"]])


def _arguments(options: Options, definition: Definition) -> dict[str, Any]:
    """Gather the arguments of --args and --arg; each may be given once."""
    rules = {
        name: rule
        for name, rule in definition.schema.part["properties"].items()
        if not rule.get("x-connection")
    }
    path = options.given("args")
    if path == options.given("indicators") == "-":
        raise ArgumentError("--args and --indicators cannot both be standard input")
    whole = read_arguments(path) if path else {}
    single = parsed(options.given("arg") or (), rules)
    if twice := sorted(whole.keys() & single.keys()):
        raise ArgumentError(*(f"{name}: is given by --args and by --arg" for name in twice))
    given = {**whole, **single}
    if tags := options.given(EXPECT_TAGS):
        if EXPECT_TAGS not in rules:
            raise ArgumentError(f"--expect-tags: {definition.name} removes no rule that has tags")
        if EXPECT_TAGS in given:
            raise ArgumentError("expect_tags: give it, or --expect-tags, not both")
        given[EXPECT_TAGS] = tags
    return given


def _size(action: Action, arguments: Mapping[str, Any]) -> int | None:
    limits = action.definition.limits
    given = arguments.get(limits.argument) if limits else None
    return len(set(map(str, given))) * action.copies if isinstance(given, list) else None


def _note_filled(output: Output, action: Action, filled: list[str]) -> None:
    if action.call and filled:
        connection = action.call.connection
        values = ", ".join(f"{name}={connection.defaults[name]}" for name in filled)
        output.note(f"from the defaults of connection {connection.name}: {values}")
