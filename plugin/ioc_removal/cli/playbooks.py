"""`playbooks`: what can be run."""

from .describe import type_text
from .extras import needed_by
from .parser import PROGRAM
from .session import Session


def show_playbooks(session: Session) -> int:
    """List the playbooks with their inputs."""
    output = session.output
    with needed_by("playbooks"):
        from ..operations.playbooks import list_playbooks
    playbooks = list_playbooks(session.integration)
    if output.json:
        output.print_json(
            [
                {
                    "playbook": playbook.name,
                    "title": playbook.title,
                    "description": playbook.description,
                    "inputs": playbook.inputs,
                }
                for playbook in playbooks
            ]
        )
        return 0
    for playbook in playbooks:
        output.say(f"{playbook.name}\n{playbook.description}")
        rows = [
            (
                name,
                type_text(rule),
                "yes" if rule["required"] else "no",
                rule.get("description", ""),
            )
            for name, rule in playbook.inputs.items()
        ]
        output.table(("input", "type", "mandatory", "description"), rows)
        output.say()
    output.say(f"`{PROGRAM} run PLAYBOOK` runs one, or a file of your own; see `run --help`.")
    return 0
