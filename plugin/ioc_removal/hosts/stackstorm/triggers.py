"""A rule and an alias for each playbook that a list of indicators is enough for."""

from collections.abc import Iterator

from ...integration import Integration
from ..yaml_text import yaml_text
from .pack import PACK, PackFile
from .playbooks import Shipped, shipped_playbooks

INDICATORS = "indicators"
# StackStorm evaluates what a rule hands on, so an indicator with {{, {% or {# would become another.
# The pattern itself holds none of them, for it is evaluated, too.
NO_TEMPLATE = r"^(?![\s\S]*\{[#%{])"


def trigger_files(integration: Integration) -> Iterator[PackFile]:  # noqa: ARG001  # a part is one
    """Yield the rules, which are off until a person switches them on, and the aliases."""
    for playbook in shipped_playbooks():
        if playbook.inputs.get("required") == [INDICATORS]:
            yield f"rules/{playbook.name}.yaml", _rule(playbook)
            yield f"aliases/{playbook.name}.yaml", _alias(playbook)


def _rule(playbook: Shipped) -> str:
    return yaml_text(
        {
            "name": playbook.name,
            "pack": PACK,
            "description": f"{playbook.title}: those that are posted to a webhook.",
            "enabled": False,
            "trigger": {
                "type": "core.st2.webhook",
                "parameters": {"url": f"{PACK}/{playbook.name}"},
            },
            "criteria": {
                f"trigger.body.{INDICATORS}": {
                    "type": "search",
                    "condition": "all",
                    "pattern": {"item": {"type": "regex", "pattern": NO_TEMPLATE}},
                },
            },
            "action": {
                "ref": f"{PACK}.{playbook.name}",
                "parameters": {INDICATORS: f"{{{{ trigger.body.{INDICATORS} }}}}"},
            },
        }
    )


def _alias(playbook: Shipped) -> str:
    words = playbook.title.lower()
    return yaml_text(
        {
            "name": playbook.name,
            "pack": PACK,
            "description": playbook.description,
            "action_ref": f"{PACK}.{playbook.name}",
            "formats": [f"{words} {{{{ {INDICATORS} }}}}"],
        }
    )
