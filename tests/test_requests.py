"""The same request twice is one run, whatever happens between."""

from collections import Counter
from pathlib import Path

from ioc_removal.sandbox import Sandbox
from ioc_removal.store.location import Location
from killing import Program, deletions, expect_all_gone, killed_after, sandbox

__all__ = ["sandbox"]

RUN = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--request-id", "INC-7/1")


def test_the_same_request_again_shows_the_same_run(
    sandbox: Sandbox, tmp_path: Path, store: Location
) -> None:
    program = Program(sandbox, tmp_path, store=store)
    first = program.done(*RUN)
    seen = deletions(sandbox)
    again = program.done(*RUN)
    assert again == first
    assert deletions(sandbox) == seen
    assert len(program.runs()) == 1
    expect_all_gone(sandbox, first)


def test_two_at_once_are_one_run(sandbox: Sandbox, tmp_path: Path, unmade: Location) -> None:
    program = Program(sandbox, tmp_path, store=unmade)
    both = [program.start(*RUN) for _ in range(2)]
    records = [program.record(process) for process in both]
    assert records[0]["run"] == records[1]["run"]
    assert set(Counter(deletions(sandbox)).values()) == {1}
    for record in records:
        expect_all_gone(sandbox, record)


def test_a_request_goes_on_with_its_run_that_was_killed(sandbox: Sandbox, tmp_path: Path) -> None:
    program = Program(sandbox, tmp_path)
    killed_after(program.start(*RUN), sandbox, 3)
    [run] = program.runs()
    record = program.done(*RUN)
    assert (record["run"], program.runs()) == (run, [run])
    expect_all_gone(sandbox, record)


def test_a_request_is_for_one_playbook_and_its_inputs(sandbox: Sandbox, tmp_path: Path) -> None:
    program = Program(sandbox, tmp_path)
    record = program.done(*RUN)
    other = ("run", "unmark-false-positives", "--input", "indicators=a.example")
    (tmp_path / "same.txt").write_text((tmp_path / "iocs.txt").read_text())
    (tmp_path / "more.txt").write_text((tmp_path / "iocs.txt").read_text() + "\nmore.example")
    same, more = (
        [word.replace("iocs.txt", name) for word in RUN] for name in ("same.txt", "more.txt")
    )
    assert program.record(program.start(*same)) == record
    for words, said in (
        (more, f"was for run {record['run']} of remove-iocs-after-triage with other inputs: take"),
        ((*RUN, "--input", "suppliers=x"), "with other inputs: take another id"),
        ((*RUN[:1], "--plan", "20240101-000000", *RUN[-2:]), f"{record['run']} of remove-iocs"),
        ((*other, "--request-id", "INC-7/1"), f"was for run {record['run']}"),
        ((*RUN, "--dry-run"), "--request-id: goes without --dry-run"),
        ((*other, "--request-id", ""), "--request-id: it is empty"),
    ):
        refused = program.do(*words)
        assert refused.status == 2
        assert said in refused.err
        assert refused.json.get("run") is None
    assert program.runs() == [record["run"]]
