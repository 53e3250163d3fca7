"""`guards`: what is refused, and what is warned about, as the settings have it."""

from collections.abc import Mapping
from typing import Any

from ..trust.catalogue import DEFAULTS, GUARDS, Guard
from .session import Session


def show_guards(session: Session) -> int:
    """List the guards."""
    output, settings = session.output, session.settings.guards
    rows = [_row(guard, settings) for guard in GUARDS.values()]
    if output.json:
        output.print_json(rows)
        return 0
    columns = ("guard", "", "what", "setting")
    cells = [(row["guard"], row["does"], row["about"], _setting(row)) for row in rows]
    output.table(columns, cells)
    output.say()
    output.say("Settings stand below `guards`; `guards: {disabled: [GUARD]}` ends one for good.")
    output.say("`--override GUARD --reason TEXT` goes on once, and is recorded; not for `empty`.")
    return 0


def _row(guard: Guard, settings: Mapping[str, Any]) -> dict[str, Any]:
    does = "warns" if guard.warns else "refuses"
    disabled = guard.name in settings.get("disabled", ())
    return {
        "guard": guard.name,
        "does": "disabled" if disabled else does,
        "about": guard.refuses,
        "overridable": guard.overridable,
        "settings": {key: _value(settings.get(key, DEFAULTS.get(key))) for key in guard.settings},
    }


def _value(value: Any) -> Any:
    """Return a setting for a person: of a list, how long it is."""
    return f"{len(value):,} entries" if isinstance(value, list) else value


def _setting(row: Mapping[str, Any]) -> str:
    known = ((key, value) for key, value in row["settings"].items() if value is not None)
    return ", ".join(
        _text(value) if key == row["guard"] else f"{key}: {_text(value)}" for key, value in known
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
