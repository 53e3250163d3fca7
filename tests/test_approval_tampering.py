"""An approval, or what it was given for, that was changed in the store counts for nothing."""

import pytest

from approving import ANSWER, EXAMPLE, MARKED, TWO_ASKS, Desk, desk, end_of, planned, waiting
from ioc_removal.store.runs import requester_of

__all__ = ["desk"]

DECIDED = """
UPDATE approvals SET decision = 'approved', response = '{"continue": true}',
    decider = '{"actor": "anna", "user": "anna", "ticket": null, "reason": null}',
    decided = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
"""
LINKED = """
INSERT INTO links SELECT run, max(link) + 1, 'approval', NULL, NULL, 0, '',
    (SELECT json_object('ask', ask, 'plan', plan, 'decision', decision, 'by', json(decider),
                        'response', json(response)) FROM approvals),
    (SELECT decided FROM approvals), key, hash FROM links WHERE run = (SELECT run FROM approvals)
"""


def test_a_decision_that_was_written_into_the_store_does_not_count(desk: Desk) -> None:
    run, _ = planned(desk)
    desk.change(DECIDED)
    refused = desk.do("resume", run)
    assert (refused.status, "the store was changed by hand" in refused.err) == (2, True)
    verdict = desk.do("journal", "verify")
    assert (verdict.status, verdict.json["problems"][0]["run"]) == (1, run)
    what = "the approval that plan asked for: decision, decider, decided, response were changed"
    assert verdict.json["problems"][0]["what"] == what
    desk.change("UPDATE approvals SET used = decided")  # and as if the run had gone on by it
    assert (desk.do("resume", run).status, desk.sent()) == (2, [])


def test_the_journal_tells_who_decided(desk: Desk) -> None:
    run, plan = planned(desk, "--ticket", "INC-1")
    assert [row["outcome"] for row in desk.do("journal", "--run", run).json] == ["asked"]
    assert desk.do("approve", run, "--actor", "anna", "--reason", "seen").status == 0
    [asked, decided] = desk.do("journal", "--since", "2020-01-01", "--run", run).json
    assert {"actor": "carl", "ticket": "INC-1", "run": run, "plan_sha256": plan}.items() <= (
        asked.items()
    )
    who = {"actor": "anna", "user": requester_of().user, "why": "seen", "outcome": "approved"}
    assert who.items() <= decided.items()
    assert "ticket" not in decided
    assert desk.do("resume", run).status == 0
    rows = desk.do("journal", "--run", run).json
    assert [row["outcome"] for row in rows] == ["asked", "approved", "removed", "removed"]
    assert rows[2]["plan"] == desk.rows("SELECT plan FROM plans")[0][0]
    lines = desk.do("journal", "--run", run, "--format", "csv").out.splitlines()
    assert "approval" in lines[2]
    assert ",anna," in lines[2]
    for value in MARKED:  # by indicator only what became of it
        assert {row["outcome"] for row in desk.do("journal", "--indicator", value).json} <= {
            "removed", "planned"
        }  # fmt: skip


def test_with_a_key_nobody_can_make_the_link_of_a_decision(desk: Desk) -> None:
    desk.settings["journal"] = {"key": "a key that only the journal's owner has"}
    run, _ = planned(desk)
    desk.change(DECIDED)
    desk.change(LINKED)
    for again in (False, True):
        if again:
            desk.redate(run)  # the hashes made anew without the key
        refused = desk.do("resume", run)
        first = "begin" if again else "approval"  # of the links that are not made with the key
        assert (refused.status, f"of its chain ({first})" in refused.err) == (2, True), refused.err
        assert (desk.do("journal", "verify").status, desk.sent()) == (1, [])


CHANGES = {
    "UPDATE approvals SET expires = '2090-01-01T00:00:00.000Z'": "expires was changed",
    "UPDATE approvals SET asked = '2020-01-01T00:00:00.000Z'": "asked was changed",
    "UPDATE approvals SET question = json_set(question, '$.users[0]', 'carl')": "question was",
    "UPDATE approvals SET question = 'x'": "question was changed",
    "UPDATE approvals SET ask = 'other'": "the journal does not know it: it was added",
    "DELETE FROM approvals": "it was taken away",
    "UPDATE approvals SET decision = NULL, decided = NULL": "decision, decided were changed",
    "UPDATE approvals SET decision = 'approved'": "decision was changed",
    "UPDATE approvals SET used = decided": "used was changed",
    "INSERT INTO approvals SELECT 'x', ask, plan, question, asked, expires, NULL, NULL, NULL, NULL,"
    " NULL FROM approvals": "an approval was added, of a run that is not there",
}


def test_a_changed_approval_is_named_and_nothing_is_removed(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    assert desk.do("reject", run, "--actor", "bob", "--reason", "no").status == 0
    assert desk.do("journal", "verify").status == 0
    store = (desk.folder / "store.db").read_bytes()
    for change, what in CHANGES.items():
        (desk.folder / "store.db").write_bytes(store)
        desk.change(change)
        verdict = desk.do("journal", "verify")
        assert verdict.status == 1
        assert what in " ".join(problem["what"] for problem in verdict.json["problems"])
        if "INSERT" not in change:
            desk.do("resume", run)
        assert desk.sent() == [], change


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "UPDATE runs SET details = replace(details, 'intranet.example.com', '*.example.com')",
            "inputs was changed",
        ),
        ("DELETE FROM links WHERE kind = 'inputs'", "is not as it was"),
    ],
)
def test_inputs_that_were_changed_while_it_waited_are_refused(
    desk: Desk, change: str, what: str
) -> None:
    run = desk.ask()
    desk.unlocked(change)
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent(), desk.marked()) == (2, [], set(MARKED))
    assert "the store was changed by hand" in refused.err
    assert what in refused.err
    assert "nothing was sent" in refused.err
    assert len(refused.err.strip().splitlines()) <= 2  # with the line that names the run
    assert desk.do("journal", "verify").status == 1


def test_a_list_that_was_changed_while_it_waited_is_refused(desk: Desk) -> None:
    (desk.folder / "iocs.txt").write_text("\n".join(MARKED))
    run = desk.do("run", str(EXAMPLE), "--indicators", "iocs.txt", "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    desk.unlocked("UPDATE pieces SET items = replace(items, '192.0.2.53', '192.0.2.99')")
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent()) == (2, [])
    assert "of its inputs was changed" in refused.err


def test_inputs_that_were_changed_while_a_process_waits_are_refused(desk: Desk) -> None:
    process, run = waiting(desk)
    desk.unlocked("UPDATE runs SET details = replace(details, '192.0.2.53', '192.0.2.99')")
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    refused = end_of(process)
    assert (refused.status, desk.sent()) == (2, [])
    assert "inputs was changed" in refused.err


def test_inputs_of_a_plan_that_were_changed_while_it_waited_are_refused(desk: Desk) -> None:
    run, _ = planned(desk)
    assert desk.do("approve", run, "--actor", "anna").status == 0
    desk.unlocked("UPDATE runs SET details = replace(details, '192.0.2.53', '192.0.2.99')")
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent()) == (2, [])
    assert "inputs was changed" in refused.err


READ_BEFORE = """
version: 1.0
tasks:
  one:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [192.0.2.10]}
    next: [{do: search}]
  search:
    action: ioc_removal.secmaster-indicators-search
    input: {values: [malware.example]}
    next:
      - when: "{{ succeeded() }}"
        publish: [ids: "{{ result().result.outputs | map(attribute='id') | list }}"]
        do: ask
  ask:
    action: core.ask
    next:
      - when: "{{ succeeded() }}"
        do: read
  read:
    action: ioc_removal.secmaster-indicators-search
    input: {values: [c2.example.net]}
    next:
      - when: "{{ succeeded() }}"
        do: remove
  remove:
    action: ioc_removal.secmaster-indicators-delete
    input: {batch_ids: "{{ ctx().ids }}"}
"""
OTHER = "909494e3-558e-46b6-a9eb-07a8e18ca62f"  # an indicator that nobody names
HAND_MADE = {
    f"UPDATE batches SET items = '[\"{OTHER}\"]' WHERE call = 'one'": "one: what it has yet to do",
    "UPDATE batches SET finished = 0, items = '[\"192.0.2.11\"]' WHERE call = 'one'": "yet to do",
    f"UPDATE outputs SET row = json_set(row, '$.id', '{OTHER}')": "search: what it read",
    f"INSERT INTO outputs SELECT run, call, batch, 9, json_set(row, '$.id', '{OTHER}')"
    " FROM outputs": "search: what it read",
    f"UPDATE pieces SET items = json_set(items, '$[0].id', '{OTHER}')"
    " WHERE name = 'outputs of search'": "the list outputs of search that search returned",
    "UPDATE steps SET result = replace(result, 'outputs of search', 'outcomes of one')"
    " WHERE step = 'search'": "search: what its playbook saw",
    "DELETE FROM steps WHERE step = 'search'": "search: what its playbook saw",
    "INSERT INTO steps SELECT run, 'read', result FROM steps WHERE step = 'search'": "rows of read",
    "INSERT INTO batches SELECT run, 'read', 0, items, 1, 1, 0 FROM batches"
    " WHERE call = 'search'": "rows of read were added (table batches)",
    f"INSERT INTO batches SELECT run, 'remove', 0, '[\"{OTHER}\"]', 0, 0, 0 FROM batches"
    " WHERE call = 'search'": "rows of remove were added (table batches)",
    "INSERT INTO calls SELECT run, 'remove', 'secmaster-indicators-delete', connection, target,"
    " arguments, 0, filled, 0 FROM calls WHERE call = 'search'": "rows of remove were added",
}


def test_what_a_run_goes_on_with_is_compared(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(READ_BEFORE), "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "anna").status == 0
    assert desk.do("journal", "verify").status == 0
    store, sent = (desk.folder / "store.db").read_bytes(), desk.sent()
    for change, what in HAND_MADE.items():
        (desk.folder / "store.db").write_bytes(store)
        desk.unlocked(change)
        refused = desk.do("resume", run)
        assert (refused.status, desk.sent()) == (2, sent), change
        assert "the store was changed by hand" in refused.err
        assert what in refused.err
        assert len(refused.err.strip().splitlines()) <= 2
        if not change.startswith("INSERT INTO"):  # of those that no link tells of
            assert desk.do("journal", "verify").status == 1, change
    (desk.folder / "store.db").write_bytes(store)
    ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})


def test_it_goes_on_at_the_place_of_which_it_asked(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(READ_BEFORE), "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "anna").status == 0
    defaults, sent = desk.settings["connections"]["secmaster"]["defaults"], desk.sent()
    before = defaults["workspace_id"]
    defaults["workspace_id"] = "909494e3-558e-46b6-a9eb-07a8e18ca621"
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent()) == (2, sent)
    assert (
        f"begun with other settings: connection secmaster: defaults: workspace_id was {before}"
        in (refused.err)
    )
    defaults["workspace_id"] = before
    assert desk.do("resume", run).json["counts"] == {"removed": 2}
