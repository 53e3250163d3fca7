"""The commands: their arguments, and an example of each."""

from argparse import SUPPRESS
from importlib import import_module
from typing import Any

from ..parser import Parser, common_options, whole_parser

# In the order of the help: the module and the function that add commands, and which these are. Most
# of the time one of them is wanted, and to import all takes a while.
PARTS = (
    ("actions", "add_actions", {"actions", "describe", "call", "test"}),
    ("playbooks", "add_playbooks", {"playbooks", "run", "resume"}),
    ("playbooks", "add_plans", {"plan", "plans"}),
    ("approvals", "add_approvals", {"approvals", "approve", "reject"}),
    ("runs", "add_runs", {"runs", "show", "cancel", "undo"}),
    ("keeping", "add_retry", {"retry"}),
    ("workers", "add_workers", {"worker"}),
    ("keeping", "add_schedules", {"schedule"}),
    ("actions", "add_guards", {"guards"}),
    ("journal", "add_journal", {"journal"}),
    ("keeping", "add_prune", {"prune"}),
    ("rehearsals", "add_rehearsals", {"sandbox", "demo", "completion"}),
    ("hosts", "add_hosts", {"export"}),
)


class _Unwanted:
    """Takes the arguments of a command that is not wanted."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self


def parser_with_commands(only: str = "") -> Parser:
    """Return the whole parser; only: but of the other commands when there is one of that name."""
    only = only if any(only in names for _, _, names in PARTS) else ""
    parser = whole_parser()
    commands = parser.add_subparsers(
        metavar="COMMAND", title="commands", parser_class=Parser, dest="command"
    )
    common = common_options(first=False)

    def add(name: str, does: str, about: str, *examples: str, more: str = "") -> Any:
        if only and name != only:
            return _Unwanted()
        lines = "\n".join(f"  {example}" for example in examples)
        command = commands.add_parser(
            name,
            parents=[common],
            help=about[0].lower() + about[1:],
            description=f"{about}.{more}",
            epilog=f"example{'s' if len(examples) > 1 else ''}:\n{lines}",
            argument_default=SUPPRESS,
        )
        command.set_defaults(does=does)
        return command

    for module, function, names in PARTS:
        if not only or only in names:
            getattr(import_module(f".{module}", __package__), function)(add)
    return parser
