"""The incident of the pack: its type, fields, layout, and the scripts behind its buttons."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from ioc_removal.hosts.xsoar.incident import incident_files
from ioc_removal.hosts.xsoar.playbooks import playbook_files
from ioc_removal.hosts.xsoar.scripts import script_files
from ioc_removal.integration import load_integration
from ioc_removal.outcome import REMOVED

INTEGRATION = load_integration()
DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module", name="files")
def _files() -> dict[str, Any]:
    files = dict(incident_files(INTEGRATION))
    return {p: json.loads(text) if p.endswith(".json") else text for p, text in files.items()}


@pytest.fixture(scope="module", name="scripts")
def _scripts() -> dict[str, Any]:
    files = dict(script_files(INTEGRATION))
    found = [yaml.safe_load(text) for path, text in files.items() if path.endswith(".yml")]
    return {document["name"]: document for document in found}


def items_of(files: dict[str, Any]) -> list[dict[str, Any]]:
    layout = files["Layouts/layoutscontainer-IOC_Removal_Request.json"]
    sections = [part for tab in layout["detailsV2"]["tabs"] for part in tab.get("sections", ())]
    return [item for section in sections for item in section["items"]]


def test_each_field_of_the_layout_is_one_of_the_incident(files: dict[str, Any]) -> None:
    known = {one["cliName"] for path, one in files.items() if path.startswith("IncidentFields/")}
    assert {item["fieldId"] for item in items_of(files) if item["fieldId"]} == known


def test_each_button_gives_its_script_fields_that_it_takes(
    files: dict[str, Any], scripts: dict[str, Any]
) -> None:
    known = {one["cliName"] for path, one in files.items() if path.startswith("IncidentFields/")}
    buttons = [item for item in items_of(files) if item["sectionItemType"] == "button"]
    assert [one["name"] for one in buttons] == [
        *("Unmark false positive", "Remove from all systems", "Undo"),
    ]
    for button in buttons:
        script = scripts[button["scriptId"]]
        assert "incident-action-button" in script["tags"]
        assert set(button["args"]) <= {argument["name"] for argument in script["args"]}
        for value in button["args"].values():
            assert value["simple"].removeprefix("${incident.").removesuffix("}") in known


def test_the_choices_of_a_field_are_those_of_the_argument(
    files: dict[str, Any], scripts: dict[str, Any]
) -> None:
    choices = {
        one["cliName"]: one.get("selectValues")
        for path, one in files.items()
        if path.startswith("IncidentFields/")
    }
    unmark = {one["name"]: one for one in scripts["IOCRemovalUnmarkFalsePositive"]["args"]}
    detections = choices["iocremovalunmarkdetections"]
    assert unmark["unmark_detections"]["predefined"] == detections
    assert unmark["confirmation"]["predefined"] == choices["iocremovalconfirmation"]


def test_the_incident_type_names_a_layout_and_a_playbook_of_the_pack(files: dict[str, Any]) -> None:
    kind = files["IncidentTypes/incidenttype-IOC_Removal_Request.json"]
    assert f"Layouts/layoutscontainer-{kind['layout'].replace(' ', '_')}.json" in files
    playbooks = dict(playbook_files(INTEGRATION))
    assert f"Playbooks/playbook-{kind['playbookId'].replace(' ', '_')}.yml" in playbooks
    assert not kind["autorun"]


def test_undo_knows_every_action_that_removes(scripts: dict[str, Any]) -> None:
    needed = set(scripts["IOCRemovalUndo"]["dependson"]["must"])
    for definition in INTEGRATION.definitions.values():
        if definition.acts and definition.done == REMOVED:
            assert f"|||{definition.undo}" in needed


def test_the_picture_of_the_documentation_is_that_of_the_layout(
    files: dict[str, Any], tmp_path: Path
) -> None:
    drawn = tmp_path / "drawn.png"
    drawn.write_bytes(files["doc_files/IOC_Removal_Request_Layout.png"])
    with Image.open(drawn) as one, Image.open(DOCS / "xsoar-layout.png") as other:
        assert one.size == other.size
