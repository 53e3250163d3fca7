"""The guards, of the command, against the sandbox: what is refused, and how one goes on."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.operations.call import call_action
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.trust.catalogue import GUARDS, OVERRIDABLE
from ioc_removal.trust.guards import Guards
from ioc_removal.trust.terms import Terms

README = Path(__file__).parents[1] / "README.md"
DELETE, UNMARK = "cybertrace-indicators-delete", "cybertrace-false-positives-unmark"
BY_ID, RULE = "secmaster-indicators-delete", "waf-ip-reputation-rule-delete"
SITE, PORTAL = "6d392034d94c4e8a95a78c98127453b6", "6d392034d94c4e8a95a78c98127453b7"
RULES = [f"11842c5779204842bfe51c3e8b7981c{letter}" for letter in "abcd"]
SCANNER = "909494e3-558e-46b6-a9eb-07a8e18ca62f"  # 192.0.2.10, Black
BAD = {"wildcard": "*.example.com", "suffix": "co.uk", "protected": "tux.example.com"}


@dataclass
class Said:
    """What a command said, and what was sent for it."""

    status: int
    out: str
    err: str
    sent: Sequence[Mapping[str, Any]]

    @property
    def record(self) -> dict[str, Any]:
        assert self.out, self.err
        record: dict[str, Any] = json.loads(self.out)
        assert not list(Schema(read("schemas/result.json")).problems(record))
        return record

    @property
    def outcomes(self) -> dict[str, str]:
        return {row.get("value", row.get("id")): row["outcome"] for row in self.record["outcomes"]}

    @property
    def reasons(self) -> dict[str, str]:
        rows = self.record["outcomes"]
        return {row.get("value", row.get("id")): row.get("reason", "") for row in rows}


class Desk:
    """A place to work: a sandbox, settings, a store."""

    def __init__(self, sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.sandbox, self.folder, self._capsys = sandbox, folder, capsys
        self.guards()

    def guards(self, **guards: Any) -> None:
        document = {**self.sandbox.settings(), "guards": guards}
        (self.folder / "ioc-removal.yml").write_text(json.dumps(document))

    def __call__(self, *words: str) -> Said:
        before = len(self.sandbox.requests)
        status = main(words)
        said = self._capsys.readouterr()
        sent = [row for row in self.sandbox.requests[before:] if row["method"] == "DELETE"]
        return Said(status, said.out, said.err, sent)

    def remove(self, *values: str, supplier: str = "InternalTI", more: Sequence[str] = ()) -> Said:
        listed = json.dumps(values)
        given = ("--arg", f"supplier={supplier}", "--arg", f"indicators:={listed}")
        return self("call", DELETE, *given, "--json", *more)

    def remove_ids(self, *ids: str, more: Sequence[str] = ()) -> Said:
        return self("call", BY_ID, "--arg", f"batch_ids:={json.dumps(ids)}", "--json", *more)

    def remove_rule(self, rule: str, policy: str = SITE, more: Sequence[str] = ()) -> Said:
        given = ("--arg", f"policy_id={policy}", "--arg", f"rule_id={rule}")
        return self("call", RULE, *given, "--json", *more)


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    with Sandbox() as sandbox:
        yield Desk(sandbox, tmp_path, capsys)


def carried(said: Said) -> set[str]:
    """Return the values that were sent to CyberTrace."""
    return {row["indicator"] for request in said.sent for row in request["body"]}


def test_what_is_refused_is_named_and_the_rest_is_sent(desk: Desk) -> None:
    desk.guards(protected=["tux.example.com"])
    said = desk.remove(*BAD.values(), "malware.example")
    assert said.status == 1
    assert said.outcomes == {**dict.fromkeys(BAD.values(), "refused"), "malware.example": "removed"}
    for guard, value in BAD.items():
        assert said.reasons[value].startswith(f"{guard}: ")
        assert said.reasons[value].endswith(f"or --override {guard} --reason TEXT")
    assert carried(said) == {"malware.example"}


def test_when_all_is_refused_nothing_is_sent(desk: Desk) -> None:
    said = desk.remove("com", ".example.com", "/", "http://co.uk/", "localhost", "gov.br.")
    assert (said.status, set(said.outcomes.values())) == (2, {"refused"})
    assert not said.sent


def test_a_dry_run_shows_what_would_be_refused(desk: Desk) -> None:
    said = desk.remove("com", "malware.example", more=["--dry-run"])
    assert said.outcomes == {"com": "refused", "malware.example": "planned"}


def test_a_false_positive_is_put_back_with_a_wildcard_below_its_host_only(desk: Desk) -> None:
    values = ["fp.example.com/testpage/*", "https://fp.example.com/*", "*.fp.example.com", "*"]
    arguments = ["--arg", "supplier=FalsePositive", "--arg", f"indicators:={json.dumps(values)}"]
    said = desk("--json", "call", "cybertrace-indicators-add", *arguments)
    assert said.outcomes == dict(zip(values, ["added", "added", "refused", "refused"], strict=True))
    assert all("wildcard" in said.reasons[value] for value in values[2:])


def test_what_rearms_may_hold_a_wildcard_and_be_protected(desk: Desk) -> None:
    desk.guards(protected=["intranet.example.com", "192.0.2.0/24"])
    values = ["example.com/testpage/*", "intranet.example.com", "192.0.2.53"]
    given = ("--arg", f"indicators:={json.dumps(values)}", "--arg", "unmark_detections:=false")
    said = desk("call", UNMARK, *given, "--json")
    assert said.status == 0
    assert carried(said) == set(values)
    assert desk.remove("*.com", supplier="FalsePositive").outcomes == {"*.com": "absent"}


def test_an_override_needs_a_reason_and_is_kept(desk: Desk) -> None:
    for words in ((), ("--reason", " ")):
        said = desk.remove("co.uk", more=["--override", "suffix", *words])
        assert said.status == 2
        assert "--override suffix: tell why with --reason TEXT" in said.err
    assert not json.loads(desk("runs", "--json").out)
    said = desk.remove("co.uk", more=["--override", "suffix", "--reason", "INC-7: a mistake"])
    assert carried(said) == {"co.uk"}
    assert said.record["overrides"] == {"suffix": "INC-7: a mistake"}
    assert "warning: suffix: 1 overridden: co.uk" in said.err
    shown = desk("show", said.record["run"])
    assert "suffix: INC-7: a mistake" in shown.out


def test_what_an_override_let_through_is_told_with_its_outcome(desk: Desk) -> None:
    desk.guards(protected=["tux.example.com"])
    said = desk.remove("tux.example.com", more=["--override", "protected", "--reason", "INC-8"])
    [row] = said.record["outcomes"]
    assert row["outcome"] == "removed"
    assert row["advice"].startswith("protected was overridden: tux.example.com (the settings)")


def test_an_override_is_of_one_guard_alone(desk: Desk) -> None:
    more = ["--override", "wildcard", "--override", "suffix", "--reason", "INC-9"]
    desk.guards(protected=["*.example.com"])
    said = desk.remove("*.example.com", "uk", more=more)
    assert said.outcomes == {"*.example.com": "refused", "uk": "failed"}
    assert said.reasons["*.example.com"].startswith("protected: ")


@pytest.mark.parametrize(
    ("name", "says"),
    [("protcted", "did you mean 'protected'?"), ("empty", "nobody can override it")],
)
def test_nobody_overrides_what_is_no_guard(name: str, says: str, desk: Desk) -> None:
    said = desk.remove("com", more=["--override", name, "--reason", "INC-7"])
    assert said.status == 2
    assert says in said.err
    assert not json.loads(desk("runs", "--json").out)


def test_a_guard_can_be_switched_off_but_not_every_one(desk: Desk) -> None:
    desk.guards(disabled=["suffix", "private"])
    said = desk.remove("com", "192.0.2.10")
    assert set(said.outcomes) == carried(said)
    assert "private" not in said.err
    for name in ("empty", "suffixes"):
        desk.guards(disabled=[name])
        said = desk.remove("malware.example")
        assert (said.status, bool(said.sent)) == (2, False)
        assert f"guards.disabled[0]: '{name}' is not one of max_per_call" in said.err


def test_the_guards_of_the_readme_can_be_written(desk: Desk) -> None:
    found = re.findall(r"(?ms)^guards:\n.*?(?=^```)", README.read_text(encoding="utf-8"))
    assert len(found) == 1
    (desk.folder / "protected.txt").write_text("tux.example.com\n")
    (desk.folder / "known.txt").write_text("intranet.example.com\n")
    settings = found[0].replace("/etc/soc/known-good.txt", "known.txt")
    settings = settings.replace("warninglists: true", "warninglists: false")  # an extra
    parts = json.loads((desk.folder / "ioc-removal.yml").read_text())
    rest = "\n".join(f"{key}: {json.dumps(parts[key])}" for key in parts if key != "guards")
    (desk.folder / "ioc-removal.yml").write_text(f"{rest}\n{settings}")
    said = desk.remove("tux.example.com", "192.168.7.7")
    assert said.outcomes == {"tux.example.com": "refused", "192.168.7.7": "absent"}
    assert not said.err


def test_the_settings_know_every_guard() -> None:
    rules = read("schemas/settings.json")["$defs"]["guards"]["properties"]
    assert tuple(rules["disabled"]["items"]["enum"]) == tuple(
        name for name in rules["disabled"]["items"]["enum"] if name in OVERRIDABLE
    )
    assert set(rules["disabled"]["items"]["enum"]) == set(OVERRIDABLE)
    own = {key for guard in GUARDS.values() for key in guard.settings}
    assert own == set(rules) - {"disabled"}


def test_what_is_private_is_warned_about_once_and_told_with_each(desk: Desk) -> None:
    values = ["192.168.7.7", "127.0.0.1", "http://[::1]/x", "db.internal", "malware.example"]
    said = desk.remove(*values)
    assert carried(said) == set(values)
    assert said.err.splitlines() == [
        "warning: private: 4 are private or reserved addresses or local names, which are other "
        "machines elsewhere: 192.168.7.7, 127.0.0.1, http://[::1]/x and 1 more"
    ]
    planned = desk.remove(*values, more=["--dry-run"]).record["outcomes"]
    assert [bool(row.get("advice")) for row in planned] == [True, True, True, True, False]
    assert planned[1]["advice"] == "a loopback address: another machine elsewhere"


def test_what_is_known_to_be_good_is_warned_about_when_it_rearms(desk: Desk) -> None:
    desk.guards(known_good=["intranet.example.com"], disabled=["private"])
    said = desk.remove("intranet.example.com", supplier="FalsePositive")
    assert said.err.startswith("warning: known_good: 1 is known to be good and will alert at once")
    assert said.record["outcomes"][0]["advice"].startswith("intranet.example.com (the settings)")
    assert not desk.remove("intranet.example.com").err


def test_a_protected_list_of_a_file(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "protected.txt"
    path.write_text(
        "\ufeff# ours\n\n192.0.2.0/28   # servers\nhttp://a.example/#top\n*.corp.example\n"
    )
    desk.guards(protected=[{"file": str(path)}])
    values = ["http://192.0.2.11/x", "192.0.2.53", "A.example/", "vpn.corp.example"]
    said = desk.remove(*values)
    assert said.outcomes == {
        "http://192.0.2.11/x": "refused",
        "192.0.2.53": "absent",
        "A.example/": "refused",
        "vpn.corp.example": "refused",
    }
    assert f"192.0.2.0/28 ({path}) is protected" in said.reasons["http://192.0.2.11/x"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# servers\n10.0.0.0/33\n", "line 2: '10.0.0.0/33': is no range of addresses"),
        ("10.0.0.7/24\n", "line 1: '10.0.0.7/24': has bits behind its prefix: write 10.0.0.0/24"),
        ("10.0.0.1-10.0.0.9", "line 1: '10.0.0.1-10.0.0.9': an address range"),
        ("# nothing\n\n", "holds no entry: name one a line, or remove it"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"a.example\n\xff", "it is not UTF-8"),
        ("x" * 16_385, "a line is longer than 16,384 bytes"),
        ("a.example\n[::1\n", "line 2: '[::1': has a bracket without the other one"),
        (None, "No such file or directory"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_whole(
    text: str | bytes | None, says: str, desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "protected.txt"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    desk.guards(protected=["malware.example", {"file": str(path)}])
    said = desk.remove("tux.example.com")
    [line] = said.err.splitlines()
    assert (said.status, bool(said.sent)) == (2, False)
    assert str(path) in line
    assert says in line
    assert not json.loads(desk("runs", "--json").out)
    assert (
        desk("run", "remove-iocs-after-triage", "--input", "indicators=tux.example.com").status == 2
    )
    assert desk("call", "cybertrace-suppliers-list").status == 0


def test_a_list_without_an_end_is_not_read(desk: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large.txt").open("wb") as file:
        for _ in range(65):
            file.write(b"# " + b"x" * 1021 + b"\n")
            file.seek(1 << 20, os.SEEK_CUR)
    with (tmp_path / "many.txt").open("wb") as file:
        for _ in range(65):
            file.write((b"#" + b" " * 1022 + b"\n") * 1024)
    ways = {
        "/dev/zero": "it is a device or a pipe, not a file",
        "pipe": "it is a device or a pipe, not a file",
        "large.txt": "a line is longer than 16,384 bytes",
        "many.txt": "it is larger than 64 MB",
        ".": "Is a directory",
    }
    for path, says in ways.items():
        desk.guards(protected=[{"file": path}])
        said = desk.remove("tux.example.com")
        assert (said.status, bool(said.sent)) == (2, False)
        assert f"guards.protected[0]: cannot read {path}: {says}" in said.err


def test_a_list_that_is_none_is_told_how_it_is_written(desk: Desk) -> None:
    for given in ({"file": "protected.txt"}, "protected.txt"):
        desk.guards(protected=given)
        said = desk.remove("tux.example.com")
        assert (said.status, bool(said.sent)) == (2, False)
        assert "guards.protected: must be a list, such as [192.0.2.0/24, " in said.err
        assert "{file: protected.txt}]" in said.err


def test_entries_that_look_like_no_value_are_warned_about(desk: Desk) -> None:
    desk.guards(protected=["block tencent", "a.example,b.example", "one two", "x y", "a.example"])
    said = desk.remove("tux.example.com")
    assert (said.status, said.outcomes) == (0, {"tux.example.com": "removed"})
    assert said.err == (
        "warning: ./ioc-removal.yml: guards.protected: 4 entries look like no value, and may match "
        "nothing: 'block tencent', 'a.example,b.example', 'one two' and 1 more\n"
    )


def test_what_an_id_stands_for_can_be_protected(desk: Desk) -> None:
    for entry in (SCANNER, "192.0.2.0/24", "scanner", "192.0.2.1?"):
        desk.guards(protected=[entry])
        said = desk.remove_ids(SCANNER)
        assert said.reasons[SCANNER].startswith("protected: "), entry
        assert not said.sent
    desk.guards(protected=["192.0.2.11"])
    assert desk.remove_ids(SCANNER).outcomes == {SCANNER: "removed"}


def test_what_is_not_known_may_be_protected(desk: Desk) -> None:
    desk.sandbox.misbehave(system="secmaster", method="POST", status=403, times=99)
    assert desk.remove_ids(SCANNER, more=["--dry-run"]).outcomes == {SCANNER: "planned"}
    desk.guards(protected=["10.0.0.0/8"])
    said = desk.remove_ids(SCANNER)
    assert said.reasons[SCANNER].startswith("protected: whether it is protected is not known: ")
    assert not said.sent
    desk.guards(snapshot="required")
    said = desk.remove_ids(SCANNER)
    assert said.reasons[SCANNER].startswith("snapshot: what is there could not be kept: ")
    assert not said.sent


def test_a_white_indicator_rearms(desk: Desk) -> None:
    search = ("--arg", "values=192.0.2.53")
    [row] = desk("call", "secmaster-indicators-search", *search, "--json").record["outputs"]
    desk.guards(protected=["192.0.2.0/24"], known_good=["192.0.2.53"])
    said = desk.remove_ids(row["id"], SCANNER, more=["--dry-run"])
    assert said.outcomes == {row["id"]: "planned", SCANNER: "refused"}
    assert said.reasons[row["id"]] == "would be removed; rearms"
    assert "known_good: 1" in said.err


def test_a_rule_has_the_tags_that_were_named(desk: Desk) -> None:
    said = desk.remove_rule(RULES[0], more=["--expect-tags", "Tencent"])
    assert said.reasons[RULES[0]].startswith(
        "expect_tags: the rule's provider tags are AliCloud, not Tencent; "
    )
    assert not said.sent
    for tags in (["Google"], ["Google", "Microsoft", "Amazon"]):
        said = desk.remove_rule(RULES[2], more=["--expect-tags", *tags])
        assert said.outcomes == {RULES[2]: "refused"}
    said = desk.remove_rule(RULES[2], more=["--expect-tags", "Microsoft", "Google"])
    assert said.outcomes == {RULES[2]: "removed"}
    assert all("expect" not in str(row["target"]) for row in said.sent)
    wrong = desk("call", DELETE, "--arg", "indicators=a.example", "--expect-tags", "Google")
    assert wrong.status == 2
    assert "--expect-tags: cybertrace-indicators-delete removes no rule" in wrong.err


def test_tags_have_to_be_named_when_the_settings_say_so(desk: Desk) -> None:
    desk.guards(expect_tags=True)
    said = desk.remove_rule(RULES[0])
    assert said.reasons[RULES[0]].startswith("expect_tags: the rule's provider tags have to be")
    wanted = json.dumps([{"policy_id": SITE, "tags": ["AliCloud"]}])
    run = ("run", "lift-ip-reputation-rules", "--input", f"rules:={wanted}", "--json")
    assert desk(*run).outcomes == {RULES[0]: "refused"}
    assert desk(*run, "--input", "expect_tags=Tencent").outcomes == {RULES[0]: "refused"}
    assert desk(*run, "--input", "expect_tags=AliCloud").outcomes == {RULES[0]: "removed"}


def test_a_protected_tag_keeps_a_rule(desk: Desk) -> None:
    desk.guards(protected=["alicloud", "block-tencent"])
    assert desk.remove_rule(RULES[0]).outcomes == {RULES[0]: "refused"}
    assert desk.remove_rule(RULES[1]).outcomes == {RULES[1]: "refused"}
    assert desk.remove_rule(RULES[2]).outcomes == {RULES[2]: "removed"}


def test_the_last_rule_stays(desk: Desk) -> None:
    rules = json.dumps([{"policy_id": SITE, "rule_ids": RULES}])
    run = ("run", "lift-ip-reputation-rules", "--input", f"rules:={rules}", "--json")
    planned = desk(*run, "--dry-run")
    assert sorted(planned.outcomes.values()) == ["planned"] * 3 + ["refused"]
    said = desk(*run)
    assert sorted(said.outcomes.values()) == ["refused"] + ["removed"] * 3
    [(last, reason)] = [(id_, text) for id_, text in said.reasons.items() if "last_rule" in text]
    assert reason.startswith("last_rule: it is the last rule of its policy; keep one rule, or ")
    assert desk.remove_rule(last).outcomes == {last: "refused"}
    more = ["--override", "last_rule", "--reason", "INC-1"]
    assert desk.remove_rule(last, more=more).outcomes == {last: "removed"}


def test_two_runs_at_once_leave_a_rule(tmp_path: Path) -> None:
    rules = [f"{number:032x}" for number in (16, 17)]
    seed = {
        "waf": {"policies": {SITE: {"rules": [{"id": rule, "tags": ["HW"]} for rule in rules]}}}
    }
    integration = load_integration()
    with Sandbox(seed) as sandbox:
        settings = settings_from(sandbox.settings(), "test")
        sandbox.misbehave(system="waf", method="DELETE", delay=0.2, times=9)
        barrier = Barrier(2)

        def one(rule: str) -> str:
            database = Database(tmp_path / "store.db")
            action = integration.bind(RULE, Connection("waf", settings, integration.systems["waf"]))
            terms = Terms(guards=Guards())
            barrier.wait(10)
            given = {"policy_id": SITE, "rule_id": rule}
            record, _ = call_action(database, action, given, terms=terms)
            database.close()
            return str(record["outcomes"][0]["outcome"])

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, rules)) == ["refused", "removed"]
        assert len(sandbox.state()["waf"]["policies"][SITE]) == 1


def test_a_list_of_rules_that_cannot_be_read_refuses(desk: Desk) -> None:
    desk.sandbox.misbehave(system="waf", method="GET", status=403, times=99)
    said = desk.remove_rule(RULES[0])
    assert said.reasons[RULES[0]].startswith(
        "last_rule: the rules of the policy could not be listed: "
    )
    assert (said.status, bool(said.sent)) == (2, False)


def test_a_call_of_which_too_much_fails_is_stopped(desk: Desk) -> None:
    settings = desk.sandbox.settings()
    settings["connections"]["cybertrace"]["limits"] = {"items": 10}
    settings["guards"] = {"stop_after": {"percent": 50, "of": 20}}
    (desk.folder / "ioc-removal.yml").write_text(json.dumps(settings))
    desk.sandbox.misbehave(method="DELETE", status=404, times=99)
    values = [f"host-{number}.example.com" for number in range(100)]
    said = desk.remove(*values)
    reasons = [text for text in said.reasons.values() if text.startswith("stop_after: stopped: ")]
    assert "stop_after: stopped: 20 of 20 failed; " in reasons[0]
    assert list(said.outcomes.values()) == ["failed"] * 20 + ["refused"] * 80
    assert said.status == 1


def test_a_list_of_nothing_is_refused_everywhere(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n# nothing\n")
    (tmp_path / "args.json").write_text('{"supplier": "InternalTI", "indicators": []}')
    (tmp_path / "own.yml").write_text(
        "version: 1.0\ntasks:\n  remove:\n    action: ioc_removal.cybertrace-indicators-delete\n"
        '    input:\n      supplier: InternalTI\n      indicators: "{{ [] }}"\n'
    )
    override = ("--override", "suffix", "--reason", "INC-7")
    ways: Sequence[Sequence[str]] = (
        ("call", DELETE, "--arg", "supplier=InternalTI", "--arg", "indicators:=[]"),
        ("call", DELETE, "--arg", "supplier=InternalTI", "--arg", "indicators="),
        ("call", DELETE, "--arg", "supplier=InternalTI"),
        ("call", DELETE, "--arg", "supplier=InternalTI", "--indicators", "empty.txt"),
        ("call", DELETE, "--args", "args.json"),
        ("call", BY_ID, "--arg", "batch_ids:=[]"),
        ("call", RULE, "--arg", f"policy_id={SITE}", "--arg", "rule_id="),
        ("run", "remove-iocs-after-triage", "--input", "indicators:=[]"),
        ("run", "remove-iocs-after-triage", "--indicators", "empty.txt"),
        ("run", "own.yml"),
    )
    for words in ways:
        said = desk(*words, *override)
        assert said.status in (1, 2), words
        assert not said.sent, words


def test_the_guards_are_listed(desk: Desk) -> None:
    desk.guards(max_per_call=7, disabled=["suffix"], protected=["a.example", "b.example"])
    said = desk("guards")
    for name in GUARDS:
        assert f"\n{name} " in f"\n{said.out}"
    rows = {row["guard"]: row for row in json.loads(desk("guards", "--json").out)}
    assert rows["max_per_call"]["settings"] == {"max_per_call": 7}
    assert (rows["suffix"]["does"], rows["private"]["does"]) == ("disabled", "warns")
    assert rows["protected"]["settings"] == {"protected": "2 entries"}
    assert not rows["empty"]["overridable"]
