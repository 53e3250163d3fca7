"""What a playbook may say, and what is said about one that may not run."""

from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from ioc_removal.errors import ArgumentError, DefinitionError
from ioc_removal.loader import read
from ioc_removal.playbooks.language import parse_playbook
from ioc_removal.playbooks.model import Playbook
from transcribed import transcribed

HERE = Path(__file__).parent
REFUSED = transcribed("playbooks/refused.yml")
READY = sorted((HERE.parent / "playbooks").glob("*.yml"))


def parse(text: str, name: str = "p") -> Playbook:
    return parse_playbook(
        text, name, has_effect=lambda name: name == "remove", known=lambda name: name != "nothing"
    )


@pytest.mark.parametrize("case", REFUSED, ids=[case["name"] for case in REFUSED])
def test_a_wrong_playbook_is_refused_with_its_lines(case: dict[str, object]) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse(str(case["text"]))
    assert str(refused.value).split("\n") == case["says"]


@pytest.mark.parametrize("file", READY, ids=[file.stem for file in READY])
def test_the_ready_playbooks_are_accepted(file: Path) -> None:
    playbook = parse(file.read_text(encoding="utf-8"), file.stem)
    assert set(playbook.graph.starts) < playbook.tasks.keys()


def test_the_published_schema_is_a_schema_in_both_drafts() -> None:
    schema = read("schemas/playbook.json")
    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema(schema)


INPUTS = """
version: 1.0
input: [indicators, supplier: InternalTI, label: "{{ ctx().supplier }}/{{ ctx().indicators[0] }}"]
tasks: {a: {action: core.noop}}
"""


def test_defaults_are_filled_in_order_and_given_values_are_not_evaluated() -> None:
    filled = parse(INPUTS).check_inputs({"indicators": ["{{ 7*7 }}"]})
    assert filled == {
        "indicators": ["{{ 7*7 }}"],
        "supplier": "InternalTI",
        "label": "InternalTI/{{ 7*7 }}",
    }


def test_unknown_and_missing_inputs_are_refused_a_line_each() -> None:
    with pytest.raises(ArgumentError) as refused:
        parse(INPUTS).check_inputs({"indicator": ["192.0.2.1"]})
    assert list(refused.value.problems) == [
        "p: there is no input 'indicator'; did you mean 'indicators'?",
        "p: the input 'indicators' is missing",
    ]


def test_the_types_of_inputs_are_checked_but_sets_are_not_read() -> None:
    document = {"properties": {"indicators": {"type": "array"}}, "required": ["indicators", "id"]}
    stored = range(10**9)
    assert parse(INPUTS).check_inputs({"indicators": stored}, document)["indicators"] is stored
    with pytest.raises(ArgumentError, match=r"^input indicators: 'x' is not of type array$"):
        parse(INPUTS).check_inputs({"indicators": "x"}, document)


@pytest.mark.nested
def test_a_long_and_a_deep_playbook_are_read_or_refused_but_never_a_traceback() -> None:
    tasks = "".join(
        f"  t{n}: {{action: core.noop, next: [{{do: t{n + 1}}}]}}\n" for n in range(199)
    )
    parse(f"version: 1.0\ntasks:\n{tasks}  t199: {{action: core.noop}}\n")
    with pytest.raises(DefinitionError, match="nested too deep"):
        parse("version: " + "[" * 5000)
