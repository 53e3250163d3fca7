"""A row with fields in odd forms costs the other rows nothing, and comes back itself."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from asking import KNOWN, POLICY, RULE, WORKSPACE
from ioc_removal.outcome import exit_status
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.runs import get_run
from ioc_removal.trust.guards import Guards
from recorded import Answerer, Recorded, Reply, reply, serving
from undoing import PLACE, SHUT_OFF, Desk, arguments, desk, outcomes

__all__ = ["desk"]

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
