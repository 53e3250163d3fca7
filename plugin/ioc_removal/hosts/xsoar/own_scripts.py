"""The scripts of the pack that no action is: those behind buttons, and steps of playbooks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...definition import Definition
from ...integration import Integration
from ...loader import read
from ...operations.playbooks import gather, parse_all, shipped
from .actions import LIST_ITEMS
from .commands import Argument, outputs_of
from .definitions import stripped
from .incident import BUTTONS, OUTCOMES
from .inside.incident_words import (
    CARRY_OUT,
    CHOICES,
    DRY_RUN,
    FROM_CYBERTRACE,
    FROM_SECMASTER,
    ITEMS,
    MARKS,
    SEARCH,
    UNMARK,
    VARIABLES,
)
from .playbooks import INPUTS
from .steps import PUBLISH

UNMARKS, REMOVES, UNDOES = (button.script for button in BUTTONS)
BUTTON, SECTION = "incident-action-button", "dynamic-section"


@dataclass(frozen=True)
class Script:
    """A script: what XSOAR's users see of it, and what it is made from.

    outputs: their entries in the YAML; commands: that it executes; module: below inside/; knows:
    the definitions that it holds.
    """

    name: str
    comment: str
    args: tuple[Argument, ...] = ()
    outputs: tuple[Mapping[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    module: str = ""
    knows: Mapping[str, Any] = field(default_factory=dict)


def scripts_of(integration: Integration) -> list[Script]:
    """Return the scripts."""
    return [
        *_buttons(integration),
        Script(
            OUTCOMES,
            "Shows what became of each indicator, for a section of the IOC Removal Request.",
            tags=(SECTION,),
            module="show_outcomes",
            knows={"actions.json": _actions(_acting(integration), integration)},
        ),
        *_steps(integration),
    ]


def _buttons(integration: Integration) -> list[Script]:
    indicators = Argument("indicators", "The indicators of the incident.", is_array=True)
    confirmation = Argument(
        "confirmation",
        f"Whether to do it: {CARRY_OUT}. Anything else only shows what would be done.",
        choices=(DRY_RUN, CARRY_OUT),
    )
    marked = (
        _output(f"{MARKS}.removal", "What a removal is known by.", "String"),
        _output(f"{MARKS}.state", "What became of putting it back last.", "String"),
    )
    choice = Argument(
        "unmark_detections",
        "Whether past detections of the indicators stop being false positives too.",
        choices=tuple(CHOICES),
    )
    titles = [integration.systems[name].title for name in ("cybertrace", "secmaster")]
    systems = Argument(
        "systems",
        f"The systems to remove from: {', '.join(titles)}. Without a choice, all.",
        is_array=True,
    )
    again = Argument(
        "again", "Whether to put back what an earlier press may have put back.",
        choices=("true", "false"),
    )  # fmt: skip
    some = Argument("indicators", "Only these. Without them, every removal.", is_array=True)
    undoes = [d for d in _acting(integration) if d.removes]
    follows = {name for d in undoes for name in (d.undo, d.undo_then) if name}
    putting = [d for d in _acting(integration) if d.name in follows]

    def known(*names: str) -> dict[str, Any]:
        return {"actions.json": _actions(map(integration.definition, names), integration)}

    return [
        Script(
            UNMARKS,
            "Takes the indicators of the incident out of CyberTrace's false positives, so that "
            "alerts on them come back.",
            (indicators, choice, confirmation),
            (*outputs_of(integration.definition(UNMARK)), *marked),
            (BUTTON,),
            (UNMARK,),
            "unmark",
            known(UNMARK),
        ),
        Script(
            REMOVES,
            "Removes the indicators of the incident from CyberTrace's InternalTI and from "
            "SecMaster, but never rules of WAF, which no indicator names.",
            (indicators, systems, confirmation),
            (
                *outputs_of(integration.definition(FROM_CYBERTRACE)),
                *outputs_of(integration.definition(FROM_SECMASTER)),
                *marked,
            ),
            (BUTTON,),
            (FROM_CYBERTRACE, SEARCH, FROM_SECMASTER),
            "remove_everywhere",
            known(FROM_CYBERTRACE, SEARCH, FROM_SECMASTER),
        ),
        Script(
            UNDOES,
            "Puts back what was removed by the context of the incident, each indicator once, and "
            "says what cannot be put back.",
            (some, confirmation, again),
            (*(row for definition in putting for row in outputs_of(definition)), *marked),
            (BUTTON,),
            tuple(definition.name for definition in putting),
            "undo",
            {"actions.json": _actions([*undoes, *putting], integration, undo=True)},
        ),
    ]


def _steps(integration: Integration) -> list[Script]:
    """Return the scripts that playbooks use beside commands."""
    documents = {name: read(f"schemas/playbooks/{name}.json") for name in shipped()}
    playbooks: dict[str, Any] = {}
    inputs: dict[str, Argument] = {}
    for name, document in documents.items():
        [playbook] = parse_all(gather(name, integration), integration).values()
        given = {key: value.tree for key, value in playbook.inputs if value is not None}
        own = {key: value.tree for key, value in playbook.vars}
        playbooks[name] = {
            "defaults": {key: value for key, value in given.items() if value is not None},
            "vars": {key: value for key, value in own.items() if value not in (None, [], {}, "")},
        }
        for key, rule in document["properties"].items():
            several = rule["type"] == "array" or "array" in rule["type"]
            inputs.setdefault(key, Argument(key, f"{rule['title']}.", is_array=several))
    variables = _output(VARIABLES, "The variables of the playbook.", "Unknown")
    schemas = {f"schemas/playbooks/{name}.json": stripped(one) for name, one in documents.items()}
    named = Argument(
        "playbook", "The playbook that has the inputs.", True, choices=tuple(documents)
    )
    task = (
        Argument("task", "The task that has the loop.", required=True),
        Argument("name", "What an item is called.", required=True),
        Argument("entries", "The list of the loop.", is_array=True),
        Argument("along", "The variables that each round needs.", is_array=True),
        Argument("variables", "The variables of the playbook."),
    )
    return [
        Script(
            INPUTS,
            "Checks the inputs of a playbook of this pack, before anything is sent.",
            (named, *inputs.values()),
            (variables,),
            module="playbook_inputs",
            knows={"playbooks.json": playbooks, **schemas},
        ),
        Script(
            PUBLISH,
            "Keeps rows for later tasks of a playbook of this pack.",
            (
                Argument("name", "The variable to keep them as.", required=True),
                Argument("rows", "The rows.", is_array=True),
            ),
            (variables,),
            module="playbook_publish",
        ),
        Script(
            LIST_ITEMS,
            "Lists the rounds of a loop of a playbook of this pack, with all that each needs.",
            task,
            (_output(ITEMS, "The rounds, by task.", "Unknown"),),
            module="playbook_items",
        ),
    ]


def _output(path: str, description: str, kind: str) -> dict[str, str]:
    return {"contextPath": path, "description": description, "type": kind}


def _acting(integration: Integration) -> list[Definition]:
    return [one for one in integration.definitions.values() if one.acts]


def _actions(
    definitions: Iterable[Definition], integration: Integration, *, undo: bool = False
) -> dict[str, Any]:
    """Return what a script knows of actions; undo: of removals also how they are put back."""
    known: dict[str, Any] = {}
    for one in definitions:
        known[one.name] = {
            "system": integration.systems[one.system].title,
            "path": one.context_path,
        }
        if undo and one.removes and one.undo:
            by = integration.definition(one.undo)
            then = integration.definition(one.undo_then) if one.undo_then else None
            known[one.name] |= {
                "undo": one.undo,
                "undo_by": one.undo_by,
                "named": by.limits.argument if by.limits else None,
                "fields": stripped(by.schema.part["properties"], names=True),
                "then": one.undo_then,
                "then_named": then.limits.argument if then and then.limits else None,
            }
    return known
