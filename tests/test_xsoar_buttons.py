"""The buttons of the incident and the playbooks of the pack, run with XSOAR's own library."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ioc_removal.hosts.folder import write_export
from ioc_removal.hosts.xsoar.export import pack_files
from ioc_removal.hosts.xsoar.inside.incident_words import CARRY_OUT, CONFIRMATION, DRY_RUN, SUMS
from ioc_removal.hosts.xsoar.playbooks import PREFIX, input_key, title_case
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from playing import Play, Ran, Stopped
from test_xsoar_playbooks import flat
from test_xsoar_runtime import server_for, without_address
from xsoar_server import ERROR, Entry, common_server

UNMARK, REMOVE, UNDO = (
    f"IOCRemoval{name}" for name in ("UnmarkFalsePositive", "RemoveFromAllSystems", "Undo")
)
POLICY = "6d392034d94c4e8a95a78c98127453b6"


@pytest.fixture(scope="module", name="pack")
def _pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    common_server()
    folder = tmp_path_factory.mktemp("xsoar") / "content"
    write_export(folder, "xsoar", pack_files(load_integration()))
    return folder / "Packs" / "IOCRemoval"


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class Incident:
    """An incident of the pack's type, whose buttons can be pressed."""

    def __init__(self, pack: Path, sandbox: Sandbox, **fields: str) -> None:
        self.server = server_for(pack, sandbox)
        self.fields: dict[str, Any] = fields
        self.server.set_incident = self.fields.update
        file = pack / "Layouts" / "layoutscontainer-IOC_Removal_Request.json"
        tabs = json.loads(file.read_text(encoding="utf-8"))["detailsV2"]["tabs"]
        items = [item for tab in tabs for part in tab.get("sections", ()) for item in part["items"]]
        self.buttons = {item["scriptId"]: item["args"] for item in items if "scriptId" in item}

    def press(self, script: str, *, carried_out: bool = True, **more: str) -> list[Entry]:
        """Press a button; with the confirmation, or without."""
        self.fields[CONFIRMATION] = CARRY_OUT if carried_out else DRY_RUN
        given = {
            name: self.fields.get(value["simple"].removeprefix("${incident.").removesuffix("}"), "")
            for name, value in self.buttons[script].items()
        }
        return self.server.execute(script, {**given, **more})


def error_of(entries: list[Entry]) -> str:
    """Return the only line of a press that did nothing."""
    [entry] = entries
    assert entry["Type"] == ERROR
    assert "\n" not in entry["Contents"]
    return str(entry["Contents"])


def told(entries: list[Entry]) -> str:
    return "\n".join(str(entry.get("HumanReadable")) for entry in entries)


def acting(sandbox: Sandbox) -> list[str]:
    """Return what was sent that does something."""
    sent = [(row["method"], row["target"]) for row in sandbox.requests]
    return [
        f"{m} {t}"
        for m, t in sent
        if m in {"DELETE", "PUT"} or (m == "POST" and t[-7:] != "/search")
    ]


def command(sandbox: Sandbox, folder: Path, *arguments: str) -> dict[str, Any]:
    """Return the record of a command of `ioc-removal`."""
    settings = folder / "settings.yml"
    settings.write_text(yaml.safe_dump(sandbox.settings()), encoding="utf-8")
    options = ("--settings", str(settings), "--store", str(folder / "s.db"), "--json")
    ran = subprocess.run(  # a run ends its process
        [sys.executable, "-m", "ioc_removal", *arguments, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    record: dict[str, Any] = json.loads(ran.stdout)
    return record


@pytest.mark.parametrize("choice", ["yes", "no"])
def test_unmark_does_what_a_call_does(
    choice: str, pack: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    values = ["192.0.2.53", "intranet.example.com"]
    incident = Incident(pack, sandbox, iocremovalindicators=json.dumps(values))
    incident.fields["iocremovalunmarkdetections"] = choice
    before = sandbox.state()["cybertrace"]
    assert "press again" in told(incident.press(UNMARK, carried_out=False))
    assert sandbox.state()["cybertrace"] == before
    assert "alerts on these indicators come back" in told(incident.press(UNMARK))
    assert incident.fields[CONFIRMATION] == DRY_RUN
    assert incident.fields[SUMS] == "Unmark false positive: 2 removed"
    with Sandbox() as other:
        detections = f"unmark_detections:={'true' if choice == 'yes' else 'false'}"
        call = (
            "call",
            "cybertrace-false-positives-unmark",
            "--arg",
            f"indicators:={json.dumps(values)}",
        )
        command(other, tmp_path, *call, "--arg", detections)
        assert sandbox.state()["cybertrace"] == other.state()["cybertrace"]
    assert sandbox.state()["cybertrace"] != before


def known_to_secmaster(sandbox: Sandbox) -> list[str]:
    """Return the values of the workspace of the settings."""
    [workspace, *_] = sandbox.state()["secmaster"]["workspaces"].values()
    return sorted(row["data_object"]["value"] for row in workspace)


def test_remove_and_undo_bring_back_what_was_there(pack: Path, sandbox: Sandbox) -> None:
    values = ["192.0.2.10", "malware.example"]
    incident = Incident(pack, sandbox, iocremovalindicators=json.dumps(values))
    before, known = sandbox.state(), known_to_secmaster(sandbox)
    incident.press(REMOVE, carried_out=False)
    assert sandbox.state() == before
    incident.press(REMOVE)
    removed = sandbox.state()
    assert not set(values) & set(removed["cybertrace"]["suppliers"]["InternalTI"])
    assert not set(values) & set(known_to_secmaster(sandbox))
    assert removed["waf"] == before["waf"]
    assert "in place of which it has a new one" in told(incident.press(UNDO))
    after = sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]
    assert set(after) == set(before["cybertrace"]["suppliers"]["InternalTI"])
    assert known_to_secmaster(sandbox) == known
    sent = len(acting(sandbox))
    assert "put back before" in error_of(incident.press(UNDO))
    assert len(acting(sandbox)) == sent
    incident.press(REMOVE)
    incident.press(UNDO)
    assert known_to_secmaster(sandbox) == known


def test_a_rule_of_waf_is_put_back_as_it_was(pack: Path, sandbox: Sandbox) -> None:
    incident = Incident(pack, sandbox)
    rules = sandbox.state()["waf"]
    [entry, *_] = incident.server.execute("waf-ip-reputation-rules-list", {"policy_id": POLICY})
    rule = entry["Contents"]["outputs"][0]
    args = {"policy_id": POLICY, "rule_id": rule["id"], "override": "last_rule", "reason": "test"}
    incident.server.execute("waf-ip-reputation-rule-delete", args)
    assert sandbox.state()["waf"] != rules
    text = told(incident.press(UNDO))
    assert "its id, in place of which it has a new one" in text
    [again] = [
        row
        for row in incident.server.execute("waf-ip-reputation-rules-list", {"policy_id": POLICY})[
            0
        ]["Contents"]["outputs"]
        if row["name"] == rule["name"]
    ]
    same = {"name", "tags", "type", "status", "policyid", "action"}
    assert {k: again.get(k) for k in same} == {k: rule.get(k) for k in same}
    assert again["id"] != rule["id"]


@pytest.mark.parametrize("script", [UNMARK, REMOVE])
@pytest.mark.parametrize("given", ["", "[]", " , "])
def test_an_incident_without_indicators_sends_nothing(
    script: str, given: str, pack: Path, sandbox: Sandbox
) -> None:
    incident = Incident(pack, sandbox, iocremovalindicators=given)
    assert "IOC Removal Indicators" in error_of(incident.press(script))
    assert not sandbox.requests


def test_a_button_whose_integration_has_no_instance_removes_nothing(
    pack: Path, sandbox: Sandbox
) -> None:
    incident = Incident(pack, sandbox, iocremovalindicators="192.0.2.10")
    del incident.server.instances["secmaster"]
    assert "Huawei Cloud SecMaster: secmaster-indicators-search" in error_of(incident.press(REMOVE))
    assert not acting(sandbox)
    incident.fields["iocremovalsystems"] = "Kaspersky CyberTrace"
    incident.press(REMOVE)
    assert "192.0.2.10" not in sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]


def test_a_guard_that_refuses_one_system_stops_all(pack: Path, sandbox: Sandbox) -> None:
    incident = Incident(pack, sandbox, iocremovalindicators="malware.example,co.uk")
    assert "co.uk" in error_of(incident.press(REMOVE))
    assert not acting(sandbox)


def test_an_indicator_that_was_not_removed_by_us_is_not_put_back(
    pack: Path, sandbox: Sandbox
) -> None:
    incident = Incident(pack, sandbox, iocremovalindicators="nowhere.example")
    incident.press(REMOVE)
    sent = acting(sandbox)
    assert "nothing to undo" in error_of(incident.press(UNDO))
    assert acting(sandbox) == sent


def test_the_section_shows_each_outcome(pack: Path, sandbox: Sandbox) -> None:
    incident = Incident(pack, sandbox, iocremovalindicators="192.0.2.10")
    [empty] = incident.server.execute("IOCRemovalOutcomes", {})
    assert empty["Contents"] == "Nothing was done yet."
    incident.press(REMOVE)
    incident.press(UNDO)
    [shown] = incident.server.execute("IOCRemovalOutcomes", {})
    assert "| 192.0.2.10 |" in shown["Contents"]
    assert "| added |" in shown["Contents"]


TRIAGE, UNMARKING, LIFTING = (
    "remove-iocs-after-triage",
    "unmark-false-positives",
    "lift-ip-reputation-rules",
)
RUNS: list[tuple[str, dict[str, Any]]] = [
    (TRIAGE, {"indicators": ["192.0.2.10", "malware.example", "nowhere.example"]}),
    (TRIAGE, {"indicators": ["192.0.2.10"], "suppliers": ["InternalTI", "TriageFeed"]}),
    (TRIAGE, {"indicators": ["192.0.2.10"], "suppliers": ["FalsePositive"]}),
    (TRIAGE, {"indicators": ["192.0.2.10"], "suppliers": ["Nobody"]}),
    (UNMARKING, {"indicators": ["192.0.2.53"], "unmark_detections": False}),
    (LIFTING, {"rules": [{"policy_id": POLICY, "names": ["nobody"]}]}),
]


@pytest.mark.parametrize(("name", "inputs"), RUNS, ids=[f"{name} {i}" for name, i in RUNS])
def test_a_playbook_comes_to_what_a_run_comes_to(
    name: str, inputs: Mapping[str, Any], pack: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    server = server_for(pack, sandbox)
    files = [yaml.safe_load(file.read_text("utf-8")) for file in (pack / "Playbooks").glob("*.yml")]

    def execute(name: str, given: dict[str, Any]) -> Ran:
        entries = json.loads(json.dumps(server.execute(name, given)))
        rows: dict[str, list[Any]] = {}
        for entry in entries:
            for path, value in (entry.get("EntryContext") or {}).items():
                rows.setdefault(path.partition("(")[0], []).extend(
                    value if isinstance(value, list) else [value]
                )
        return all(entry["Type"] != ERROR for entry in entries), rows

    play = Play({file["id"]: file for file in files}, execute)
    given = {input_key(key): value for key, value in inputs.items()}
    title = title_case(read(f"schemas/playbooks/{name}.json")["title"])
    try:
        context = play.play(PREFIX + title, given)
    except Stopped:
        context = {}
    with Sandbox() as other:
        arguments = [f"{key}:={json.dumps(value)}" for key, value in inputs.items()]
        options = [part for text in arguments for part in ("--input", text)]
        record = command(other, tmp_path, "run", name, *options)
        wanted = record.get("output", {}).get("report", [])
        assert sandbox.state() == other.state()
        assert sorted(acting(sandbox)) == sorted(acting(other))
    shown = list(flat(context.get("IOCRemoval", {}).get("Report", [])))
    plain = [{k: v for k, v in row.items() if k != "instance"} for row in shown]
    assert without_address(plain, sandbox) == without_address(wanted, other)
