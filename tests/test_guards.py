"""The guards, of the command, against the sandbox: what is refused, and how one goes on."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from guarding import BAD, BY_ID, DELETE, RULE, SITE, UNMARK, Desk, carried, desk
from ioc_removal.loader import read
from ioc_removal.trust.catalogue import GUARDS, OVERRIDABLE

__all__ = ["desk"]

README = Path(__file__).parents[1] / "README.md"


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
