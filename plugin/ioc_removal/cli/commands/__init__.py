"""The commands: their arguments, and an example of each."""

from argparse import SUPPRESS
from typing import Any

from ..parser import Parser, common_options, whole_parser
from .actions import add_actions, add_guards
from .approvals import add_approvals
from .hosts import add_hosts
from .journal import add_journal
from .keeping import add_prune, add_retry, add_schedules
from .playbooks import add_plans, add_playbooks
from .rehearsals import add_rehearsals
from .runs import add_runs
from .workers import add_workers


class _Unwanted:
    """Takes the arguments of a command that is not wanted."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self


def parser_with_commands(only: str = "") -> Parser:
    """Return the whole parser; only: but of the other commands when there is one of that name."""
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

    add_actions(add)
    add_playbooks(add)
    add_plans(add)
    add_approvals(add)
    add_runs(add)
    add_retry(add)
    add_workers(add)
    add_schedules(add)
    add_guards(add)
    add_journal(add)
    add_prune(add)
    add_rehearsals(add)
    add_hosts(add)
    return parser_with_commands() if only and only not in commands.choices else parser
