"""The schemas judge as all libraries do, and take their examples and nothing unknown."""

from collections.abc import Iterator, Mapping
from typing import Any

import fastjsonschema
import pytest

from ioc_removal.schema import Schema
from schema_fields import CHILDREN, CONSTRAINTS, LISTS, PARTS, SCHEMAS
from slips import seeds, variants

SUBSET = {
    *("type", "properties", "required", "additionalProperties", "description", "examples"),
    *CONSTRAINTS,
    *CHILDREN,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_examples_are_valid_and_unknown_arguments_refused(name: str) -> None:
    arguments = SCHEMAS[name]["$defs"]["arguments"]
    schema = Schema(SCHEMAS[name], "arguments")
    assert arguments["additionalProperties"] is False
    assert arguments["examples"]
    for example in arguments["examples"]:
        assert not [*schema.problems(example)]
        assert [*schema.problems({**example, "unknown": 1})]
        for argument in arguments.get("required", ()):
            assert [*schema.problems({key: example[key] for key in example if key != argument})]


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_schemas_keep_to_the_common_subset(name: str, part: str) -> None:
    for rules in subschemas(SCHEMAS[name]["$defs"][part]):
        assert {key for key in rules if not key.startswith("x-")} <= SUBSET
        # "$" also matches before a last newline in Python and nowhere else.
        if "pattern" in rules and rules["pattern"].endswith("$") and "type" in rules:
            assert any("not" in child for child in rules["allOf"])


def subschemas(rules: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield rules
    for child in (
        *(rules[key] for key in CHILDREN & rules.keys()),
        *(child for key in LISTS & rules.keys() for child in rules[key]),
        *rules.get("properties", {}).values(),
        *rules.get("x-headers", {}).values(),
    ):
        yield from subschemas(child)


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_libraries_judge_alike(name: str, part: str) -> None:
    rules = SCHEMAS[name]["$defs"][part]
    fast, schema = fastjsonschema.compile(rules), Schema(SCHEMAS[name], part)
    for value in (variant for seed in seeds(name, part) for variant in variants(seed)):
        try:
            fast(value)
            valid = True
        except fastjsonschema.JsonSchemaValueException:
            valid = False
        assert valid == (not [*schema.problems(value)]), value


def test_what_a_person_reads_when_unmark_detections_does_not_fit() -> None:
    delete = Schema(SCHEMAS["cybertrace/delete_indicators"], "arguments")
    one = {"indicators": ["tux.example.com"]}
    allowed = {**one, "supplier": "FalsePositive", "api_version": "1.2"}
    assert not [*delete.problems(allowed)]
    assert not [*delete.problems({**allowed, "unmark_detections": True})]
    for other in ({"supplier": "InternalTI"}, {"api_version": "1.1"}):
        for flag in (True, False):
            (line,) = delete.problems({**allowed, **other, "unmark_detections": flag})
            assert line.startswith("unmark_detections: only for the supplier FalsePositive")
            assert "REST API 1.2 or later" in line
    (line,) = delete.problems({**one, "supplier": "falsepositive"})
    assert line == "supplier: write it FalsePositive"

    unmark = Schema(SCHEMAS["cybertrace/unmark_false_positives"], "arguments")
    assert not [*unmark.problems({**one, "api_version": "1.1"})]
    assert [*unmark.problems({**one, "api_version": "1.1", "unmark_detections": False})]
    (line,) = unmark.problems({**one, "api_version": "1.3"})
    assert line.startswith("unmark_detections is missing")
