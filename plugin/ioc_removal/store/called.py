"""A call as the journal tells of it."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

THEN = " then"  # ends the name of a call that follows on another one; no task is named so


def called(columns: Sequence[Any]) -> dict[str, Any]:
    """Return what the journal says of a call; columns: of `calls`, from the action on."""
    action, connection, target, arguments, duplicates, filled, assumed = columns
    return facts_of_call(
        action, connection, json.loads(target), arguments, duplicates, json.loads(filled), assumed
    )


def facts_of_call(
    action: str,
    connection: str | None,
    target: Mapping[str, str],
    arguments: str,
    duplicates: int,
    filled: Sequence[str],
    assumed: Any,
) -> dict[str, Any]:
    """Return what the journal says of a call; arguments: as JSON."""
    return {
        "action": action,
        "connection": connection,
        "target": target,
        "arguments": sha256(arguments.encode()).hexdigest(),
        "duplicates": duplicates,
        "filled": filled,
        "assumed": flag(assumed),
    }


def flag(value: Any) -> Any:
    """Return the truth value that SQLite keeps as 0 or 1; anything else stays what it is."""
    return bool(value) if value in (0, 1) else value
