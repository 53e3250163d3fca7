"""`test`: whether connections work, by reading something harmless."""

from typing import Any

from ..connection import Connection
from ..errors import ApiError, ArgumentError, PluginError, SettingsError
from ..outcome import UNKNOWN, Summary, exit_status
from ..trust.perform import perform
from ..trust.recorder import NoRecord
from ..wording import hint
from .session import Session
from .table import shown

CREDENTIALS = frozenset({401, "credentials"})
WORST_FIRST = (3, 1, 2, 0)


def probe(session: Session) -> int:
    """Test the named connections, or all."""
    options, output = session.options, session.output
    known = list(session.settings.connections)
    names = options.given("names") or known
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none"
            raise SettingsError(
                f"there is no connection {name!r} in {session.settings.source}"
                f"{hint(name, known)} (there is: {there})"
            )
    if not names:
        raise SettingsError(
            f"no connection is set: write {session.settings.source}, or set "
            "IOC_REMOVAL_CYBERTRACE_URL and the like; `ioc-removal sandbox` prints an example"
        )
    rows = [row for name in names for row in _tested(session, name)]
    if output.json:
        output.print_json([{k: v for k, v in row.items() if k != "status"} for row in rows])
    else:
        for row in rows:
            output.say(f"{row['connection']}: {'ok, ' * row['ok']}{shown(row['message'])}")
    statuses: list[int] = [row["status"] for row in rows]
    return min(statuses, key=WORST_FIRST.index)


def _tested(session: Session, name: str) -> list[dict[str, Any]]:
    """Test each node of a connection."""
    try:
        nodes = session.open(name).nodes
    except PluginError as problem:
        return [_failed(session, name, problem)]
    return [_row(session, name, node) for node in nodes]


def _row(session: Session, name: str, node: Connection) -> dict[str, Any]:
    try:
        message = _read(session, node)
    except PluginError as problem:
        return _failed(session, name, problem)
    return {"connection": name, "ok": True, "message": message, "status": 0}


def _failed(session: Session, name: str, problem: PluginError) -> dict[str, Any]:
    message, error = _explained(session, name, problem), type(problem).__name__
    if isinstance(problem, ArgumentError):
        message += f"; set it in connections.{name}.defaults of {session.settings.source}"
        error = "SettingsError"
    elif isinstance(problem, _DoubtError):
        error = "ResponseError"
    status = exit_status(Summary(), [error])
    return {"connection": name, "ok": False, "message": message, "status": status, "error": error}


def _explained(session: Session, name: str, problem: PluginError) -> str:
    """Say where credentials that were refused came from, among the places that give them."""
    if not isinstance(problem, ApiError) or CREDENTIALS.isdisjoint({problem.status, problem.about}):
        return str(problem)
    return f"{problem}; credentials: {session.settings.connections[name].get('auth_from')}"


def _read(session: Session, connection: Connection) -> str:
    """Read what integration.yml names for a test; return what works."""
    system = connection.system
    test = system.test or {}
    action = session.integration.bind(test["action"], connection, alone=True)
    prepared = action.prepare(test["arguments"])
    rows = [row for part in perform(action, prepared, NoRecord()) for row in part.outputs]
    for row in rows:
        if row.get("outcome") == UNKNOWN:
            raise _DoubtError(str(row.get("reason") or "the answer cannot be judged"))
    version = f" REST API {connection.api_version}" if connection.api_version else ""
    noun = action.definition.context_path.split(".")[1].lower()
    found = sum("outcome" not in row for row in rows)
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    count = f"{found:,} {noun if found == 1 else many}"
    if action.definition.resolves:
        count = "its search answers"
    return f"{system.title}{version} at {connection.wire.address}, {count}"


class _DoubtError(PluginError):
    """The system answered, but what it said proves nothing."""
