"""`actions`: what can be called."""

from ..definition import Definition
from .session import Session


def show_actions(session: Session) -> int:
    """List the actions."""
    output = session.output
    definitions = session.integration.definitions.values()
    if output.json:
        output.print_json([_row(definition) for definition in definitions])
        return 0
    rows = [(d.name, effects(d), d.title) for d in definitions]
    output.table(("action", "effect", "what it does"), rows)
    output.say()
    output.say("`ioc-removal describe ACTION` tells its arguments, with an example.")
    output.say("disarms: what is removed is no longer detected or blocked")
    output.say("rearms: alerts on what is removed come back")
    return 0


def effects(definition: Definition) -> str:
    """Return what it does in a word or two: "reads", "disarms", "disarms or rearms"."""
    if definition.effect is None:
        return "reads"
    kinds = {effect for by, effect in definition.effect.items() if by != "by"}
    return " or ".join(sorted(kinds))


def _row(definition: Definition) -> dict[str, str]:
    return {
        "action": definition.name,
        "title": definition.title,
        "system": definition.system,
        "effect": effects(definition),
    }
