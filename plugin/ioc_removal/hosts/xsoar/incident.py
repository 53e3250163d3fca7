"""What an analyst sees: the incident type "IOC Removal Request", its fields and its layout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...integration import Integration
from .inside.incident_words import (
    CARRY_OUT,
    CHOICES,
    CONFIRMATION,
    DETECTIONS,
    DRY_RUN,
    INDICATORS,
    SUMS,
    SYSTEMS,
    TICKET,
)
from .pack import FROM_VERSION, MARKETPLACES, PackFile, item_id, json_text
from .picture import layout_picture

TYPE = "IOC Removal Request"
PLAYBOOK = "IOC Removal - Remove IOCs After Triage"  # that an analyst may run for the incident
OUTCOMES = "IOCRemovalOutcomes"  # the script that shows them
# Inputs of playbooks that the incident's fields fill in.
DEFAULTS = {
    "indicators": f"${{incident.{INDICATORS}}}",
    "unmark_detections": f"${{incident.{DETECTIONS}}}",
}


@dataclass(frozen=True)
class Field:
    """A field of the incident: its name in a form, how XSOAR types it, what may be chosen."""

    key: str
    name: str
    kind: str
    description: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Button:
    """A button: its name, its script, and the fields that its arguments are."""

    name: str
    script: str
    look: str
    args: Mapping[str, str]


BUTTONS = (
    Button(
        "Unmark false positive",
        "IOCRemovalUnmarkFalsePositive",
        "warning",
        {"indicators": INDICATORS, "unmark_detections": DETECTIONS, "confirmation": CONFIRMATION},
    ),
    Button(
        "Remove from all systems",
        "IOCRemovalRemoveFromAllSystems",
        "error",
        {"indicators": INDICATORS, "systems": SYSTEMS, "confirmation": CONFIRMATION},
    ),
    Button("Undo", "IOCRemovalUndo", "success", {"confirmation": CONFIRMATION}),
)


def fields_of(integration: Integration) -> tuple[Field, ...]:
    """Return the fields of the incident."""
    titles = tuple(integration.systems[name].title for name in ("cybertrace", "secmaster"))
    return (
        Field(INDICATORS, "IOC Removal Indicators", "multiSelect", "The indicators to act on."),
        Field(
            SYSTEMS,
            "IOC Removal Systems",
            "multiSelect",
            "The systems to remove the indicators from. Without a choice, all of them.",
            titles,
        ),
        Field(TICKET, "IOC Removal Ticket", "shortText", "The ticket that asks for the removal."),
        Field(
            DETECTIONS,
            "IOC Removal Unmark Detections",
            "singleSelect",
            "Whether past detections of the indicators stop being false positives too. "
            "This cannot be undone.",
            tuple(CHOICES),
        ),
        Field(
            CONFIRMATION,
            "IOC Removal Confirmation",
            "singleSelect",
            "Whether the next press of a button does what it says, or only shows it. "
            "A press that does it sets this back.",
            (DRY_RUN, CARRY_OUT),
        ),
        Field(
            SUMS, "IOC Removal Outcomes", "shortText", "What came of the last press of a button."
        ),
    )


def incident_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the incident type, its fields, its layout, and a picture of that."""
    fields, layout = fields_of(integration), layout_document()
    name = TYPE.replace(" ", "_")
    yield f"IncidentTypes/incidenttype-{name}.json", json_text(_type())
    for field in fields:
        file = f"IncidentFields/incidentfield-{field.name.replace(' ', '_')}.json"
        yield file, json_text(_field(field))
    yield f"Layouts/layoutscontainer-{name}.json", json_text(layout)
    labels = {field.key: field.name for field in fields}
    yield f"doc_files/{name}_Layout.png", layout_picture(layout, labels)


def layout_document() -> dict[str, Any]:
    """Return the layout: what is asked, the buttons beside it, and below what came of it."""
    asked = (INDICATORS, SYSTEMS, TICKET, DETECTIONS, CONFIRMATION)
    what = _section("What to remove", 0, 0, 2, [_shown(key) for key in asked])
    buttons = [*(_pressed(button) for button in BUTTONS), _shown(SUMS)]
    does = _section("Do it", 2, 0, 1, buttons)
    came = _section("What became of each indicator", 0, 3, 3, [])
    came |= {"type": "dynamic", "query": OUTCOMES, "queryType": "script", "h": 4}
    tabs = [
        {"id": "summary", "name": "Legacy Summary", "type": "summary"},
        {
            "id": "iocremoval",
            "name": "IOC Removal",
            "type": "custom",
            "sections": [what, does, came],
        },
        {"id": "warRoom", "name": "War Room", "type": "warRoom"},
        {"id": "workPlan", "name": "Work Plan", "type": "workPlan"},
    ]
    return {
        "id": TYPE,
        "version": -1,
        "name": TYPE,
        "group": "incident",
        "system": False,
        "fromVersion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
        "detailsV2": {"tabs": tabs},
        "description": "",
    }


def _section(name: str, x: int, y: int, wide: int, items: list[dict[str, Any]]) -> dict[str, Any]:
    uuid = f"iocremoval-{item_id('layout', name)}"
    numbered = [{**item, "index": index, "listId": uuid} for index, item in enumerate(items)]
    return {
        "displayType": "ROW",
        "h": 3,
        "i": uuid,
        "items": numbered,
        "name": name,
        "static": False,
        "maxW": 3,
        "minH": 1,
        "minW": 1,
        "moved": False,
        "w": wide,
        "x": x,
        "y": y,
        "hideName": False,
        "hideItemTitleOnlyOne": False,
    }


def _shown(key: str) -> dict[str, Any]:
    return {
        "id": item_id("layout", "field", key),
        "startCol": 0,
        "endCol": 2,
        "height": 53,
        "fieldId": key,
        "sectionItemType": "field",
        "dropEffect": "move",
    }


def _pressed(button: Button) -> dict[str, Any]:
    return {
        "id": item_id("layout", "button", button.name),
        "startCol": 0,
        "endCol": 2,
        "height": 44,
        "fieldId": "",
        "sectionItemType": "button",
        "name": button.name,
        "scriptId": button.script,
        "buttonClass": button.look,
        "dropEffect": "move",
        "args": {name: {"simple": f"${{incident.{key}}}"} for name, key in button.args.items()},
    }


def _type() -> dict[str, Any]:
    never = dict.fromkeys(("days", "daysR", "hours", "hoursR", "weeks", "weeksR"), 0)
    no = dict.fromkeys(("autorun", "locked", "readonly", "default", "disabled", "system"), False)
    return {
        "id": TYPE,
        "version": -1,
        "name": TYPE,
        "color": "#29B6F6",
        **no,
        **never,
        "playbookId": PLAYBOOK,
        "reputationCalc": 0,
        "onChangeRepAlg": 0,
        "layout": TYPE,
        "detached": False,
        "extractSettings": {"mode": "Specific", "fieldCliNameToExtractSettings": {}},
        "fromVersion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
    }


def _field(field: Field) -> dict[str, Any]:
    no = dict.fromkeys(
        ("closeForm", "required", "hidden", "isReadOnly", "locked", "system", "unmapped"), False
    )
    chosen = {"selectValues": list(field.choices)} if field.choices else {}
    return {
        "id": f"incident_{field.key}",
        "version": -1,
        "name": field.name,
        "cliName": field.key,
        "type": field.kind,
        "description": field.description,
        "associatedTypes": [TYPE],
        "associatedToAll": False,
        "group": 0,
        "content": True,
        "editForm": True,
        **no,
        "unsearchable": True,
        "useAsKpi": False,
        "ownerOnly": False,
        "neverSetAsRequired": False,
        "openEnded": field.kind == "multiSelect" and not field.choices,
        **chosen,
        "caseInsensitive": True,
        "sla": 0,
        "threshold": 72,
        "fromVersion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
    }
