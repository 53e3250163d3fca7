"""`undo` brings back what a run removed, once, and says what it cannot bring back."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asking import KNOWN, POLICY, PROJECT, RULE, WORKSPACE, huawei
from ioc_removal.batches import Batch, Prepared
from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError, SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.operations.call import call_action
from ioc_removal.operations.undo import undo_run
from ioc_removal.outcome import Summary, exit_status
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.schema import Schema
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.lease import lease
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import PLAYBOOK, begin_run, get_run
from ioc_removal.store.verification import Verification
from ioc_removal.trust.guards import Guards
from ioc_removal.trust.terms import Terms
from recorded import Answerer, Recorded, Reply, reply, serving

INTEGRATION = load_integration()
RESULT = Schema(read("schemas/result.json"))
PLACE = {"workspace_id": WORKSPACE, "project_id": PROJECT}
SHUT_OFF = "11842c5779204842bfe51c3e8b7981cd"
VALUES = ("192.0.2.10", "tux.example.com", "http://malware.example/payload.bin")
REMOVALS: Mapping[str, Mapping[str, Any]] = {
    "cybertrace-indicators-delete": {"supplier": "InternalTI", "indicators": list(VALUES)},
    "cybertrace-false-positives-unmark": {
        "indicators": ["192.0.2.53", "example.com/testpage/*"],
        "unmark_detections": False,
    },
    "secmaster-indicators-delete": PLACE,
    "secmaster-indicators-close": PLACE,
    "waf-ip-reputation-rule-delete": {"policy_id": POLICY, "rule_id": SHUT_OFF},
}
# What no system takes back: its own ids and times.
OF_ITS_OWN = ("id", "create_time", "update_time", "timestamp", "dataclass_ref")


class Desk:
    """A sandbox with a store of its own, and what is done on it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.database = Database(folder / "store.db")
        self.document = sandbox.settings()
        self.notes: list[str] = []

    def call(self, name: str, arguments: Mapping[str, Any], **terms: Any) -> str:
        """Call an action and return its run."""
        system = name.partition("-")[0]
        settings = settings_from(self.document, "test")
        made = Connection(system, settings, INTEGRATION.systems[system])
        action = INTEGRATION.bind(name, made)
        record, _ = call_action(self.database, action, arguments, terms=Terms(**terms))
        made.hang_up()
        return str(record["run"])

    def undo(
        self, run: str, *indicators: str, send_again: bool = False, **terms: Any
    ) -> tuple[dict[str, Any], Summary]:
        settings = settings_from(self.document, "test")
        record, summary = undo_run(
            self.database,
            INTEGRATION,
            settings,
            run,
            indicators=indicators,
            send_again=send_again,
            terms=Terms(**terms),
            noted=self.notes.append,
        )
        assert not list(RESULT.problems(record))
        assert sum(record["counts"].values()) <= len(record["outcomes"])
        return record, summary

    def state(self) -> dict[str, Any]:
        """What the systems hold, in no order, without what no system takes back."""
        found = self.sandbox.state()
        return {
            "cybertrace": {
                (tenant, name): sorted(values)
                for tenant, suppliers in found["cybertrace"]["tenants"].items()
                for name, values in suppliers.items()
            },
            "secmaster": {w: alike(rows) for w, rows in found["secmaster"]["workspaces"].items()},
            "waf": {policy: alike(rows) for policy, rows in found["waf"]["policies"].items()},
        }

    def sent(self, *methods: str) -> int:
        """How many requests there were that change something."""
        return sum(
            row["method"] in methods and not row["target"].endswith(("/search", "/lookup"))
            for row in self.sandbox.requests
        )


def alike(rows: list[dict[str, Any]]) -> list[str]:
    """Return rows as texts in order, without what is of their own; empty is as good as none."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {k: plain(v) for k, v in value.items() if k not in OF_ITS_OWN}
            return {k: v for k, v in kept.items() if v not in ("", None)}
        return value

    return sorted(json.dumps(plain(row), sort_keys=True) for row in rows)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Sandbox() as sandbox:
        yield Desk(sandbox, tmp_path)


def arguments(desk: Desk, name: str) -> dict[str, Any]:
    given_ = dict(REMOVALS[name])
    if name.startswith("secmaster"):
        rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
        given_["batch_ids"] = [row["id"] for row in rows[:13]]
    return given_


def outcomes(record: Mapping[str, Any]) -> Counter[str]:
    return Counter(row["outcome"] for row in record["outcomes"])


@pytest.mark.parametrize("name", REMOVALS)
def test_undo_brings_the_state_back(desk: Desk, name: str) -> None:
    before = desk.state()
    run = desk.call(name, arguments(desk, name))
    gone = desk.state()
    assert gone != before
    record, summary = desk.undo(run)
    assert desk.state() == before
    assert record["result"] == "succeeded"
    assert exit_status(summary) == 0
    assert outcomes(record).keys() <= {"added", "changed"}
    assert all(row.get("not_restored") for row in record["outcomes"] if row["outcome"] == "added")
    again, _ = desk.undo(record["run"])
    assert desk.state() == gone
    assert again["result"] == "succeeded"
    desk.undo(again["run"])
    assert desk.state() == before


@pytest.mark.parametrize("name", REMOVALS)
def test_a_dry_run_lists_what_would_be_put_back(desk: Desk, name: str) -> None:
    run = desk.call(name, arguments(desk, name))
    gone, sent = desk.state(), desk.sent("PUT", "POST", "DELETE")
    record, _ = desk.undo(run, dry_run=True)
    assert outcomes(record).keys() == {"planned"}
    follow = INTEGRATION.definition(name).undo_then
    assert all(row["not_restored"] for row in record["outcomes"] if row["action"] != follow)
    assert sum(row["action"] == follow for row in record["outcomes"]) == bool(follow)
    assert (desk.state(), desk.sent("PUT", "POST", "DELETE")) == (gone, sent)
    assert desk.undo(run)[0]["result"] == "succeeded"


@pytest.mark.parametrize(
    ("name", "sums"),
    [("secmaster-indicators-delete", 13), ("waf-ip-reputation-rule-delete", 1)],
)
def test_the_sums_are_of_the_rows_that_were_put_back(desk: Desk, name: str, sums: int) -> None:
    """Two indicators of one value are two, a rule that is also switched off is one."""
    run = desk.call(name, arguments(desk, name))
    assert get_run(desk.database, run).details["counts"] == {"removed": sums}
    assert desk.undo(run, dry_run=True)[0]["counts"] == {"planned": sums}
    assert desk.undo(run)[0]["counts"] == {"added": sums}


def test_a_lookup_brings_the_context_back(desk: Desk) -> None:
    desk.document["connections"]["cybertrace"]["api_version"] = "1.2"
    added = desk.call(
        "cybertrace-indicators-add",
        {
            "supplier": "InternalTI",
            "indicators": ["a.example", "b.example"],
            "context": {"a.example": {"threat": "X"}, "b.example": {"threat": "Y"}},
        },
    )
    assert get_run(desk.database, added).result == "succeeded"
    given_ = {"supplier": "InternalTI", "indicators": ["a.example", "b.example"]}
    run = desk.call("cybertrace-indicators-delete", given_, lookup=True)
    desk.undo(run)
    put = [row for row in desk.sandbox.requests if row["method"] == "PUT"]
    assert put[-1]["body"] == put[0]["body"]


def test_only_what_is_named_is_put_back(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    record, _ = desk.undo(run, "TUX.example.com")
    assert [row["value"] for row in record["outcomes"]] == ["tux.example.com"]
    record, _ = desk.undo(run)
    assert sorted(row["value"] for row in record["outcomes"]) == sorted({*VALUES} - {VALUES[1]})
    with pytest.raises(ArgumentError, match=r"nothing left to undo: .*put back already, by"):
        desk.undo(run)


def test_an_indicator_is_named_by_value_or_by_id(desk: Desk) -> None:
    ids = arguments(desk, "secmaster-indicators-delete")["batch_ids"]
    run = desk.call("secmaster-indicators-delete", arguments(desk, "secmaster-indicators-delete"))
    [row] = desk.undo(run, ids[1])[0]["outcomes"]
    assert row["reason"] == f"in place of {ids[1]}"
    rows = desk.undo(run, "203.0.113.7")[0]["outcomes"]
    assert [row["value"] for row in rows] == ["203.0.113.7"] * 2


def test_what_cannot_be_named_is_refused_and_nothing_is_sent(desk: Desk) -> None:
    given_ = {"supplier": "InternalTI", "indicators": ["tux.example.com", "nowhere.example"]}
    run = desk.call("cybertrace-indicators-delete", given_)
    with pytest.raises(ArgumentError) as refused:
        desk.undo(run, "tux.example.com", "nowhere.example", "other.example")
    assert refused.value.problems == (
        f"--indicator nowhere.example: the run {run} has nothing to undo of it: "
        "its outcome is absent",
        f"--indicator other.example: the run {run} has nothing to undo of it: it is not in it",
    )
    assert desk.sent("PUT") == 0


@pytest.mark.parametrize("name", REMOVALS)
def test_what_was_put_back_and_taken_away_since_is_put_back_again(desk: Desk, name: str) -> None:
    before = desk.state()
    run = desk.call(name, arguments(desk, name))
    first = desk.undo(run)[0]["run"]
    since = desk.undo(first)[0]["run"]
    assert desk.state() != before
    record, _ = desk.undo(run)
    assert (desk.state(), record["result"], record["undo"]) == (before, "succeeded", run)
    [note] = {note for note in desk.notes if "put back by" in note}
    assert note.endswith(
        f"put back by the undo {first}, which the undo {since} undid: once more now"
    )
    puts = desk.sent("PUT", "POST")
    for one in (run, since):
        with pytest.raises(ArgumentError, match=f"put back already, by the undo {record['run']}"):
            desk.undo(one)
    assert (desk.state(), desk.sent("PUT", "POST")) == (before, puts)
    desk.undo(record["run"])
    assert desk.state() != before
    desk.undo(since)
    assert desk.state() == before
    assert Verification(desk.database).verify().intact


def test_of_what_was_put_back_only_what_was_taken_away_since_is_put_back_again(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    first, _ = desk.undo(run)
    desk.undo(first["run"], VALUES[1])
    with pytest.raises(ArgumentError, match=f"put back already, by the undo {first['run']}$"):
        desk.undo(run, VALUES[0])
    assert [row["value"] for row in desk.undo(run, dry_run=True)[0]["outcomes"]] == [VALUES[1]]
    assert [row["value"] for row in desk.undo(run)[0]["outcomes"]] == [VALUES[1]]
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (
            {"hang_up": "after"},
            "the undo {0} undid that is not known: `ioc-removal undo {1}` first",
        ),
        ({"status": 403}, "put back already, by the undo {1}"),
    ],
)
def test_an_undo_that_may_be_undone_or_is_not_is_told(
    desk: Desk, meanwhile: dict[str, Any], said: str
) -> None:
    run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": [KNOWN]})
    first = desk.undo(run)[0]["run"]
    desk.sandbox.misbehave(method="DELETE", times=9, **meanwhile)
    desk.sandbox.misbehave(method="POST", path="search", skip=1, status=403, times=9)
    since = desk.undo(first)[0]["run"]
    desk.sandbox.behave()
    with pytest.raises(ArgumentError) as refused:
        desk.undo(run)
    assert str(refused.value).endswith(said.format(since, first))


def test_what_another_run_took_away_is_not_put_back_again(desk: Desk) -> None:
    name = "cybertrace-indicators-delete"
    run = desk.call(name, REMOVALS[name])
    first = desk.undo(run)[0]["run"]
    other = desk.call(name, REMOVALS[name])
    since, _ = desk.undo(first)
    assert outcomes(since) == {"absent": 3}
    with pytest.raises(ArgumentError, match=f"gone since, as the undo {since['run']} found"):
        desk.undo(run)
    assert outcomes(desk.undo(other)[0]) == {"added": 3}


@pytest.mark.usefixtures("looks_soon")
def test_a_rule_that_was_switched_off_later_and_taken_away_since_comes_back(desk: Desk) -> None:
    before = desk.state()
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    first = desk.undo(run)[0]["run"]
    desk.undo(run)
    desk.sandbox.behave()
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    assert outcomes(desk.undo(first)[0]) == {"removed": 1}
    assert outcomes(desk.undo(run)[0]) == {"added": 1, "changed": 1}
    assert desk.state() == before


def test_what_could_not_be_read_when_an_undo_was_undone_is_known_from_before(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-delete", arguments(desk, "secmaster-indicators-delete"))
    first = desk.undo(run)[0]["run"]
    desk.sandbox.misbehave(method="POST", path="search", status=403, times=99)
    since, _ = desk.undo(first)
    assert outcomes(since) == {"removed": 13}
    assert not any("snapshot" in row for row in since["outcomes"])
    desk.sandbox.behave()
    assert outcomes(desk.undo(since["run"], "192.0.2.10")[0]) == {"added": 1}
    assert outcomes(desk.undo(run)[0]) == {"added": 12}
    assert desk.state() == before


def test_a_context_that_was_looked_up_comes_back_however_often(desk: Desk) -> None:
    desk.document["connections"]["cybertrace"]["api_version"] = "1.2"
    given_ = {"supplier": "InternalTI", "indicators": ["a.example"]}
    context = {"a.example": {"threat": "X"}}
    desk.call("cybertrace-indicators-add", {**given_, "context": context})
    run = desk.call("cybertrace-indicators-delete", given_, lookup=True)
    desk.undo(desk.undo(desk.undo(run)[0]["run"])[0]["run"])
    put = [row["body"] for row in desk.sandbox.requests if row["method"] == "PUT"]
    assert put[0] == put[1] == put[2] == [{"indicator": "a.example", "context": {"threat": "X"}}]


def test_what_was_closed_is_named_by_its_value(desk: Desk) -> None:
    run = desk.call("secmaster-indicators-close", arguments(desk, "secmaster-indicators-close"))
    rows = desk.undo(run, "203.0.113.7")[0]["outcomes"]
    assert [(row["value"], row["outcome"]) for row in rows] == [("203.0.113.7", "changed")] * 2


@pytest.mark.usefixtures("looks_soon")
def test_what_an_earlier_try_changed_is_not_taken_for_what_was_there_before(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-close", {**PLACE, "batch_ids": [KNOWN]})
    first = desk.undo(run)[0]["run"]
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    desk.sandbox.misbehave(method="POST", path="search", status=500, times=99)
    assert outcomes(desk.undo(first)[0]) == {"unknown": 1}
    desk.sandbox.behave()
    [row] = desk.undo(first)[0]["outcomes"]
    assert (row["outcome"], "snapshot" in row) == ("changed", False)
    assert "an earlier try may have changed it before it was read" in row["advice"]
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
@pytest.mark.parametrize("undos", [1, 2, 3])
def test_a_rule_that_was_never_switched_off_again_comes_back_as_it_was_at_first(
    desk: Desk, undos: int
) -> None:
    before = desk.state()
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    first = desk.undo(run)[0]["run"]
    for _ in range(1, undos):
        assert outcomes(desk.undo(run)[0]) == {"failed": 1}
    desk.sandbox.behave()
    since, _ = desk.undo(first)
    assert since["outcomes"][0]["snapshot"]["status"] == 1
    assert outcomes(desk.undo(run)[0]) == {"added": 1, "changed": 1}
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
def test_a_rule_that_was_switched_on_after_a_later_undo_switched_it_off_comes_back_on(
    desk: Desk,
) -> None:
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    first = desk.undo(run)[0]
    desk.sandbox.behave()
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    place = {k: v for k, v in REMOVALS[name].items() if k != "rule_id"}
    given_ = {**place, "rule_id": first["outcomes"][0]["id"], "status": 1}
    desk.call("waf-ip-reputation-rule-status-set", given_)
    on = desk.state()
    desk.undo(first["run"])
    assert outcomes(desk.undo(run)[0]) == {"added": 1}
    assert desk.state() == on


def test_what_stayed_unknown_is_sent_once_more_when_a_person_asks_for_it(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    first, _ = desk.undo(run)
    advice = {row["advice"] for row in first["outcomes"]}
    assert advice == {
        f"look there whether it is back, or let `ioc-removal undo {run} --send-again` send it once "
        "more: that adds it, or updates what is there"
    }
    desk.sandbox.behave()
    puts = desk.sent("PUT")
    assert {row["advice"] for row in desk.undo(run)[0]["outcomes"]} == advice
    assert outcomes(desk.undo(run, dry_run=True, send_again=True)[0]) == {"planned": 3}
    assert desk.sent("PUT") == puts
    record, summary = desk.undo(run, send_again=True)
    assert (outcomes(record), exit_status(summary)) == ({"added": 3}, 0)
    assert {row["reason"] for row in record["outcomes"]} == {
        f"the undo {first['run']} sent it, and its answer was lost; it was sent once more, as "
        "was asked"
    }
    assert (desk.state(), desk.sent("PUT")) == (before, puts + 1)
    assert get_run(desk.database, record["run"]).details["send_again"] is True
    with pytest.raises(ArgumentError, match="nothing left to undo: 3 are put back already"):
        desk.undo(run, send_again=True)


def test_what_is_sent_once_more_and_refused_stays_unknown(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    desk.undo(run)
    desk.sandbox.behave()
    desk.sandbox.misbehave(method="PUT", status=403)
    record, summary = desk.undo(run, send_again=True)
    assert (outcomes(record), exit_status(summary)) == ({"unknown": 3}, 3)
    assert "an earlier try may have been carried out; this one: 403" in str(
        record["outcomes"][0]["reason"]
    )


def test_a_lost_answer_of_cybertrace_stays_unknown_and_is_not_sent_twice(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    record, summary = desk.undo(run)
    assert outcomes(record) == {"unknown": 3}
    assert exit_status(summary) == 3
    first = record["run"]
    puts = desk.sent("PUT")
    desk.sandbox.behave()
    record, summary = desk.undo(run)
    assert outcomes(record) == {"unknown": 3}
    assert {row["reason"] for row in record["outcomes"]} == {
        f"the undo {first} sent it, and its answer was lost; nothing there can be read, so it is "
        "not sent twice"
    }
    assert {row["action"] for row in record["outcomes"]} == {"cybertrace-indicators-add"}
    assert (exit_status(summary), desk.sent("PUT")) == (3, puts)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("secmaster-indicators-delete", {"carries": "Sandbox"}),
        ("waf-ip-reputation-rule-delete", {"path": "ip-reputation"}),
    ],
)
def test_a_lost_answer_is_looked_up_before_anything_is_repeated(
    desk: Desk, name: str, fault: dict[str, Any]
) -> None:
    before = desk.state()
    run = desk.call(name, arguments(desk, name))
    desk.sandbox.misbehave(method="POST", hang_up="after", **fault)
    record, _ = desk.undo(run)
    assert desk.state() == before
    [lost] = [row for row in record["outcomes"] if row.get("maybe_ours")]
    assert (lost["outcome"], bool(lost["id"])) == ("added", True)


def test_what_no_look_told_is_looked_up_by_a_later_undo(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": [KNOWN]})
    desk.sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", times=9)
    searches = searches_before_a_creation(desk)
    desk.sandbox.misbehave(method="POST", path="search", skip=searches, status=403, times=9)
    record, _ = desk.undo(run)
    assert outcomes(record) == {"unknown": 1}
    creations, first = desk.sent("POST"), record["run"]
    desk.sandbox.behave()
    record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 1}
    assert record["outcomes"][0]["reason"] == (
        f"the undo {first} sent it, and its answer was lost; one is new since"
    )
    assert desk.sent("POST") == creations
    assert desk.state() == before


def searches_before_a_creation(desk: Desk) -> int:
    """Count the searches by which an undo of one indicator begins."""
    with Sandbox() as other:
        here, desk.document, desk.sandbox = (desk.document, desk.sandbox), other.settings(), other
        run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": [KNOWN]})
        seen = len(other.requests)
        desk.undo(run)
        desk.document, desk.sandbox = here
        targets = [row["target"].rpartition("/")[2] for row in other.requests[seen:]]
    return targets.index("indicators")


def test_a_conflict_of_tags_is_told_and_can_be_tried_again(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("waf-ip-reputation-rule-delete", REMOVALS["waf-ip-reputation-rule-delete"])
    rules = f"/v1/{PROJECT}/waf/policy/{POLICY}/ip-reputation"
    other = {"name": "other", "type": "idc", "tags": ["Amazon"], "action": {"category": "log"}}
    made = huawei(desk.sandbox, "POST", rules, other)
    assert made.status_code == 200
    record, summary = desk.undo(run)
    [row] = record["outcomes"]
    assert row["outcome"] == "failed"
    assert "not_restored" not in row
    assert exit_status(summary) == 1
    assert huawei(desk.sandbox, "DELETE", f"{rules}/{made.json()['id']}").status_code == 200
    assert outcomes(desk.undo(run)[0]) == {"added": 1, "changed": 1}
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
def test_a_rule_that_could_not_be_switched_off_is_switched_off_by_a_later_undo(desk: Desk) -> None:
    before = desk.state()
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    for tries in range(2):
        record, summary = desk.undo(run)
        assert outcomes(record) == {"failed": 1} | ({} if tries else {"added": 1})
        assert record["counts"] == {"failed": 1}
        failed = record["outcomes"][-1]
        assert failed["advice"].endswith(
            f"the rule is in force now, although it was off: `ioc-removal undo {run}` tries that "
            f"again, or `ioc-removal call waf-ip-reputation-rule-status-set --arg policy_id="
            f"{POLICY} --arg project_id={PROJECT} --arg status=0 --arg rule_id={failed['id']}`"
        )
        assert exit_status(summary) == 1
    desk.sandbox.behave()
    assert outcomes(desk.undo(run, dry_run=True)[0]) == {"planned": 1}
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    assert desk.sent("POST") == 1
    assert desk.state() == before
    with pytest.raises(ArgumentError, match="nothing left to undo: 1 is put back already"):
        desk.undo(run)


@pytest.mark.parametrize(
    ("name", "effect"),
    [("cybertrace-false-positives-unmark", "disarms"), ("cybertrace-indicators-delete", "rearms")],
)
def test_an_undo_above_the_count_of_approval_is_refused(desk: Desk, name: str, effect: str) -> None:
    run = desk.call(name, REMOVALS[name])
    count = len(REMOVALS[name]["indicators"])
    desk.document["approval"] = {effect: count - 1}
    assert outcomes(desk.undo(run, dry_run=True)[0]) == {"planned": count}
    record, summary = desk.undo(run)
    assert outcomes(record) == {"refused": count}
    reasons = {row["reason"].partition(",")[0] for row in record["outcomes"]}
    assert reasons == {f"not approved: this would {effect[:-1]} {count} indicators"}
    for row in record["outcomes"]:
        assert "fewer at a time with --indicator VALUE (repeatable)" in row["reason"]
        assert f"or have approval.{effect} raised" in row["reason"]
    assert (exit_status(summary), desk.sent("PUT")) == (2, 0)
    desk.document["approval"] = {effect: count}
    assert outcomes(desk.undo(run)[0]) == {"added": count}


def test_what_is_there_is_read_once_for_all_that_go_to_one_place(tmp_path: Path) -> None:
    seed = default_seed()
    rows = [{"value": f"host{number}.example", "type": "Domain"} for number in range(250)]
    seed["secmaster"]["workspaces"] = {WORKSPACE: {"indicators": rows}}
    with Sandbox(seed) as sandbox:
        desk = Desk(sandbox, tmp_path)
        before = desk.state()
        found = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
        ids = [row["id"] for row in found[:20]]
        run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": ids})
        seen = len(sandbox.requests)
        sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", skip=7)
        desk.undo(run)
        assert desk.state() == before
        targets = [row["target"].rpartition("/")[2] for row in sandbox.requests[seen:]]
        alone = targets[: targets.index("indicators")]
        assert alone == ["search"] * 4  # the first page, then each of three
        assert targets.count("indicators") == 20
        assert targets.count("search") <= 4 + 6  # of the one whose answer was lost


@pytest.mark.usefixtures("looks_soon")
def test_what_another_row_got_is_not_new_for_its_twin(desk: Desk) -> None:
    """Of two indicators of one value one creation is lost: the id of the other is no proof."""
    before = desk.state()
    rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    twins = [row["id"] for row in rows if row["data_object"]["value"] == "203.0.113.7"]
    assert len(twins) == 2
    run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": twins})
    desk.sandbox.misbehave(method="POST", carries="Sandbox", hang_up="before", times=2)
    searches = searches_before_a_creation(desk)
    desk.sandbox.misbehave(method="POST", path="search", skip=searches, status=403, times=99)
    first, _ = desk.undo(run, twins[0])
    assert outcomes(first) == {"unknown": 1}
    desk.sandbox.behave()
    assert outcomes(desk.undo(run, twins[1])[0]) == {"added": 1}
    [row] = desk.undo(run)[0]["outcomes"]
    assert row["outcome"] == "added", row
    assert desk.state() == before


def test_without_a_snapshot_nothing_is_put_back_and_that_is_said(desk: Desk) -> None:
    ids = {**PLACE, "batch_ids": [KNOWN]}
    run = desk.call("secmaster-indicators-delete", ids, snapshot=False)
    record, summary = desk.undo(run)
    [row] = record["outcomes"]
    assert row["outcome"] == "refused"
    assert row["reason"] == "it cannot be put back: no snapshot tells what it was"
    assert row["action"] == "secmaster-indicator-create"
    assert exit_status(summary) == 2


def test_what_may_be_ours_is_put_back(desk: Desk) -> None:
    before = desk.state()
    desk.sandbox.misbehave(method="DELETE", hang_up="after", times=1)
    ids = {**PLACE, "batch_ids": [KNOWN]}
    run = desk.call("secmaster-indicators-delete", ids)
    record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 1}
    assert desk.state() == before


def test_what_is_put_back_is_verified(desk: Desk) -> None:
    for name in ("secmaster-indicators-close", "waf-ip-reputation-rule-delete"):
        run = desk.call(name, arguments(desk, name))
        record, _ = desk.undo(run, verify=True)
        assert all(row["verified"] for row in record["outcomes"]), record["outcomes"]


def test_two_undos_at_once_put_each_row_back_once(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-delete", arguments(desk, "secmaster-indicators-delete"))
    start, found, refused = Barrier(4), list[Any](), list[str]()

    def undo() -> None:
        start.wait(10)
        try:
            found.extend(desk.undo(run)[0]["outcomes"])
        except ArgumentError as error:
            refused.append(str(error))

    threads = [Thread(target=undo) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 13
    assert {row["outcome"] for row in found} == {"added"}
    assert desk.state() == before


def test_the_settings_must_lead_to_where_the_run_was(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    with Sandbox() as other:
        here, desk.document = desk.document, other.settings()
        with pytest.raises(SettingsError, match=f"the run {run} was on http"):
            desk.undo(run)
        assert not other.requests
    desk.document = {**here, "connections": {"other": here["connections"]["cybertrace"]}}
    with pytest.raises(SettingsError, match="--connection cybertrace=NAME"):
        desk.undo(run)
    settings_ = settings_from(desk.document, "test")
    with pytest.raises(ArgumentError, match="--connection cybertrace=nope: test has no such conn"):
        undo_run(desk.database, INTEGRATION, settings_, run, choose={"cybertrace": "nope"})
    record, _ = undo_run(desk.database, INTEGRATION, settings_, run, choose={"cybertrace": "other"})
    assert outcomes(record) == {"added": 3}


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        (lambda _, __: "20", "several runs begin with|there is no run"),
        (lambda _, __: "nowhere", "there is no run 'nowhere'"),
        (
            lambda desk, given_: desk.call("cybertrace-indicators-delete", given_, dry_run=True),
            "is a dry run, it changed nothing: nothing to undo",
        ),
        (
            lambda desk, _: desk.call("cybertrace-suppliers-list", {}),
            "did nothing that can be undo",
        ),
    ],
)
def test_what_cannot_be_undone_is_told_in_a_line(
    desk: Desk, begin: Callable[[Desk, Any], str], said: str
) -> None:
    with pytest.raises(ArgumentError, match=said):
        desk.undo(begin(desk, REMOVALS["cybertrace-indicators-delete"]))
    assert desk.sent("PUT") == 0


def test_a_rule_goes_back_to_its_enterprise_project(desk: Desk) -> None:
    before = desk.state()
    project = "5a1b2c3d-0000-4000-8000-000000000001"
    given_ = {"policy_id": POLICY, "rule_id": f"{SHUT_OFF[:-1]}e", "enterprise_project_id": project}
    run = desk.call("waf-ip-reputation-rule-delete", given_)
    assert desk.state() != before
    record, _ = desk.undo(run, "shop")
    assert outcomes(record) == {"added": 1}
    assert desk.state() == before


def test_a_rule_that_was_created_goes_where_tags_have_to_be_named(desk: Desk) -> None:
    before = desk.state()
    made = {"name": "block-hw", "action": {"category": "block"}, "policy_id": POLICY}
    given_ = {**made, "type": "idc", "tags": ["HW", "Dr.Peng"]}
    run = desk.call("waf-ip-reputation-rule-create", given_)
    assert desk.state() != before
    guards = {"expect_tags": True}
    record, _ = desk.undo(run, guards=Guards(guards))
    assert outcomes(record) == {"removed": 1}
    assert desk.state() == before
    again, _ = desk.undo(record["run"], guards=Guards(guards))
    assert outcomes(again) == {"added": 1}
    [rule] = [row for row in rules_of(desk) if row["name"] == "block-hw"]
    assert sorted(rule["tags"]) == ["Dr.Peng", "HW"]
    third, _ = desk.undo(again["run"], guards=Guards(guards))
    assert outcomes(third) == {"removed": 1}
    assert desk.state() == before


def rules_of(desk: Desk) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = desk.sandbox.state()["waf"]["policies"][POLICY]
    return rules


def test_a_run_that_stopped_is_undone_as_far_as_it_is_known(desk: Desk) -> None:
    before, told = desk.state(), list[str]()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    with desk.database.transaction() as connection:
        connection.execute(
            "INSERT INTO batches VALUES (?, 'call', 1, '[\"x.example\"]', 1, 0, 0)", (run,)
        )
    settings_ = settings_from(desk.document, "test")
    undo_run(desk.database, INTEGRATION, settings_, run, noted=told.append)
    assert told == [
        f"1 request of the run {run} has no outcome: nothing is undone of them",
        f"the run {run} stopped while cybertrace-indicators-delete was in flight, 1 indicator may "
        "have been removed: whether they are there tells only the system: a single call cannot go "
        "on",
    ]
    assert desk.state() == before
    with pytest.raises(ArgumentError, match="was in flight when it stopped"):
        desk.undo(run, "x.example")


def test_of_a_run_that_stopped_in_its_first_request_it_is_said_what_is_known(desk: Desk) -> None:
    run = begin_run(desk.database, PLAYBOOK, "p.yml", dry_run=False, details={})
    action = INTEGRATION.bind("cybertrace-indicators-delete", None)
    recorder = StoreRecorder(desk.database, run, "remove", action)
    batch = Batch(0, {}, VALUES)
    recorder.begin(Prepared({}, {}, 0, ()))
    recorder.plan([batch, Batch(1, {}, ("never-sent.example",))])
    recorder.intent(batch, {})
    with pytest.raises(ArgumentError) as said:
        desk.undo(run)
    assert str(said.value) == (
        f"the run {run} stopped while cybertrace-indicators-delete was in flight, "
        f"{len(VALUES)} indicators may have been removed: `ioc-removal resume {run}` first, it "
        "tells what became of them; then undo it"
    )


def test_a_run_that_is_alive_is_not_undone(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    with (
        lease(desk.database, run),
        pytest.raises(
            ArgumentError, match=f"the run {run} is alive: let it end, or `ioc-removal cancel "
        ),
    ):
        desk.undo(run)


def test_each_server_gets_back_what_it_lost(tmp_path: Path) -> None:
    with Sandbox() as one, Sandbox() as other:
        desk = Desk(one, tmp_path)
        before = one.state()["cybertrace"], other.state()["cybertrace"]
        own = desk.document["connections"]["cybertrace"]
        del own["url"]
        own["nodes"] = [one.url, other.url]
        other.misbehave(method="DELETE", status=403)
        run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
        other.behave()
        assert one.state()["cybertrace"]["suppliers"] != before[0]["suppliers"]
        record, _ = desk.undo(run)
        assert outcomes(record) == {"added": 3}
        assert {row["node"] for row in record["outcomes"]} == {one.url.partition("//")[2]}
        assert not [row for row in other.requests if row["method"] == "PUT"]
        for state, was in ((one.state(), before[0]), (other.state(), before[1])):
            suppliers = {k: sorted(v) for k, v in state["cybertrace"]["suppliers"].items()}
            assert suppliers == {k: sorted(v) for k, v in was["suppliers"].items()}


NAMES = st.sampled_from([f"h{number}.example" for number in range(6)])
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["InternalTI", "FalsePositive", "TriageFeed"]),
        st.lists(NAMES, min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    there=st.dictionaries(
        st.sampled_from(["InternalTI", "FalsePositive", "TriageFeed"]), st.sets(NAMES)
    ),
    calls=CALLS,
)
def test_whatever_was_removed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, there: Any, calls: Any
) -> None:
    suppliers = {name: {"indicators": sorted(values)} for name, values in there.items()}
    for name in ("InternalTI", "FalsePositive", "TriageFeed"):
        suppliers.setdefault(name, {"indicators": []})
    with Sandbox({"cybertrace": {"suppliers": suppliers}}) as sandbox:
        desk = Desk(sandbox, tmp_path_factory.mktemp("undo"))
        states, runs = [desk.state()], list[str]()
        for supplier, values in calls:
            given_ = {"supplier": supplier, "indicators": values}
            runs.append(desk.call("cybertrace-indicators-delete", given_))
            states.append(desk.state())
        for run in reversed(runs):
            states.pop()
            try:
                record, _ = desk.undo(run)
                assert record["result"] == "succeeded"
            except ArgumentError as error:
                assert "did nothing that can be undone" in str(error)  # noqa: PT017  # either way
            assert desk.state() == states[-1]


@settings(max_examples=10, deadline=None)
@given(
    ids=st.sets(st.integers(0, 19), min_size=1), lost=st.integers(0, 8), items=st.integers(1, 30)
)
def test_whatever_answers_are_lost_each_indicator_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, ids: set[int], lost: int, items: int
) -> None:
    with Sandbox() as sandbox:
        desk = Desk(sandbox, tmp_path_factory.mktemp("undo"))
        desk.document["connections"]["secmaster"]["limits"] = {"items": items}
        before = desk.state()
        rows = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
        given_ = {**PLACE, "batch_ids": [rows[at]["id"] for at in ids]}
        run = desk.call("secmaster-indicators-delete", given_)
        if lost:
            sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", times=lost)
        record, _ = desk.undo(run)
        assert outcomes(record) == {"added": len(ids)}
        assert desk.state() == before


def test_what_a_run_named_twice_is_put_back_once(desk: Desk) -> None:
    """The second removal of a run finds it gone, and cannot tell by whom."""
    before = desk.state()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    again = {"call": "'again'", "outcome": "'absent'", "maybe_ours": "1"}
    with desk.database.transaction() as connection:
        for table in ("calls", "alike"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            columns = ", ".join(again.get(name, name) for name in names)
            connection.execute(f"INSERT INTO {table} SELECT {columns} FROM {table}")
    record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 3}
    assert desk.sent("PUT") == 1
    assert desk.state() == before
    with pytest.raises(ArgumentError, match="nothing left to undo: 6 are put back already"):
        desk.undo(run)


ODD = {
    "indicator_type": "IPv4",
    "defanged": "False",
    "labels": ["a", "b"],
    "confidence": {"high": True},
    "verdict": "black",
    "status": "CLOSED",
}


def showing(sandbox: Sandbox, odd: Mapping[str, Mapping[str, Any]]) -> Answerer:
    """Pass requests on to a sandbox; some rows that it lists have other fields, by their ids."""

    def answer(request: Recorded) -> Reply:
        url = sandbox.url + request.target
        headers = dict(request.headers.items())
        passed = requests.request(
            request.method, url, data=request.body, headers=headers, timeout=30
        )
        body = passed.json()
        listed = body.get("items", body.get("data"))
        for row in listed if isinstance(listed, list) else ():
            row.get("data_object", row).update(odd.get(row["id"], {}))
        return reply(passed.status_code, body)

    return answer


def test_an_odd_row_costs_the_others_nothing_and_comes_back_itself(desk: Desk) -> None:
    ids = arguments(desk, "secmaster-indicators-delete")["batch_ids"]
    rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    [odd] = [row["data_object"]["value"] for row in rows if row["id"] == KNOWN]
    with serving(by=showing(desk.sandbox, {KNOWN: ODD})) as server:
        desk.document["connections"]["secmaster"]["url"] = server.url
        run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": ids}, verify=True)
        record, summary = desk.undo(run)
    assert (outcomes(record), exit_status(summary)) == ({"added": len(ids)}, 0)
    [back] = [row for row in record["outcomes"] if row["reason"] == f"in place of {KNOWN}"]
    assert back["value"] == odd
    forms = [text for text in back["not_restored"] if text.endswith("in a form that is not known")]
    assert [text.split(",")[0] for text in forms] == ["its confidence", "its labels"]
    rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    [made] = [row["data_object"] for row in rows if row["id"] == back["id"]]
    assert (made["verdict"], made["status"], made["defanged"]) == ("Black", "Closed", False)
    assert made["indicator_type"]["indicator_type"] == "IPv4"


def test_a_lost_answer_is_looked_up_beside_an_odd_row(desk: Desk) -> None:
    before = desk.state()
    ids = arguments(desk, "secmaster-indicators-delete")["batch_ids"]
    gone = [one for one in ids if one != KNOWN][:2]
    with serving(by=showing(desk.sandbox, {KNOWN: ODD})) as server:
        desk.document["connections"]["secmaster"]["url"] = server.url
        run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": gone})
        desk.sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", times=1)
        record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 2}
    assert desk.state() == before


def test_a_status_in_another_case_goes_back_as_it_is_documented(desk: Desk) -> None:
    with serving(by=showing(desk.sandbox, {KNOWN: {"status": "OPEN"}})) as server:
        desk.document["connections"]["secmaster"]["url"] = server.url
        run = desk.call("secmaster-indicators-close", {**PLACE, "batch_ids": [KNOWN]})
        record, _ = desk.undo(run)
    assert outcomes(record) == {"changed": 1}
    rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    assert {r["data_object"]["status"] for r in rows if r["id"] == KNOWN} == {"Open"}


def test_a_rule_comes_back_beside_an_odd_one_and_as_it_was_switched(desk: Desk) -> None:
    before = desk.state()
    odd = {RULE: {"tags": "AliCloud", "action": "log"}, SHUT_OFF: {"status": "0"}}
    with serving(by=showing(desk.sandbox, odd)) as server:
        desk.document["connections"]["waf"]["url"] = server.url
        given_ = arguments(desk, "waf-ip-reputation-rule-delete")
        run = desk.call("waf-ip-reputation-rule-delete", given_)
        record, _ = desk.undo(run)
    assert outcomes(record).keys() == {"added", "changed"}
    assert desk.state() == before


@pytest.mark.parametrize("value", [["192.0.2.1"], 5])
def test_what_shows_an_odd_value_may_be_protected(desk: Desk, value: Any) -> None:
    guards = Guards({"protected": ["192.0.2.1"]})
    with serving(by=showing(desk.sandbox, {KNOWN: {"value": value}})) as server:
        desk.document["connections"]["secmaster"]["url"] = server.url
        given_ = {**PLACE, "batch_ids": [KNOWN]}
        run = desk.call("secmaster-indicators-delete", given_, guards=guards)
    assert get_run(desk.database, run).details["counts"] == {"refused": 1}
    assert desk.sent("DELETE") == 0


def test_a_rule_that_shows_odd_tags_is_not_known_to_have_those_that_were_named(desk: Desk) -> None:
    given_ = {"policy_id": POLICY, "rule_id": SHUT_OFF, "expect_tags": ["Amazon"]}
    with serving(by=showing(desk.sandbox, {SHUT_OFF: {"tags": 5}})) as server:
        desk.document["connections"]["waf"]["url"] = server.url
        run = desk.call("waf-ip-reputation-rule-delete", given_, guards=Guards({}))
    assert get_run(desk.database, run).details["counts"] == {"refused": 1}
    assert desk.sent("DELETE") == 0
