"""`completion`: a script that completes commands, options, actions and playbooks."""

from typing import Any

from ..integration import load_integration
from ..loader import definition_names
from ..trust.catalogue import OVERRIDABLE
from .commands import parser_with_commands
from .extras import needed_by
from .schedule import WHAT
from .session import Session

FILES = {
    "--settings",
    "--store",
    "--args",
    "--indicators",
    "--out",
    "--plan",
    "--seed",
    "--faults",
    "--write-settings",
}


def completion(session: Session) -> int:
    """Print the script."""
    options, output = session.options, session.output
    with needed_by("completion"):
        import shtab
    parser: Any = parser_with_commands()
    choices = {
        "action": list(load_integration().definitions),
        "playbook": [name.removesuffix(".yml") for name in definition_names("playbooks")],
    }
    choices["override"] = list(OVERRIDABLE)
    choices["only_name"] = [*choices["playbook"], *choices["action"]]
    choices["schedule_does"] = list(WHAT)
    [commands] = [action for action in parser._actions if action.dest == "command"]
    for one in (parser, *commands.choices.values()):
        for action in one._actions:
            if action.dest in choices:
                action.choices = choices[action.dest]
            if FILES.intersection(action.option_strings):
                action.complete = shtab.FILE
    output.say(shtab.complete(parser, options.shell))
    return 0
