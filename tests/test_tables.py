"""The documents' tables, their transcriptions and the schemas say the same."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from ioc_removal.schema import Schema
from transcribed import folder

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT.parent / "shared" / "documents"
TABLES: dict[str, dict[str, Any]] = folder("tables")
SCHEMAS: dict[str, dict[str, Any]] = {
    f"{file.parent.name}/{file.stem}": json.loads(file.read_text(encoding="utf-8"))
    for system in ("cybertrace", "secmaster", "waf")
    for file in sorted((ROOT / "schemas" / system).glob("*.json"))
}
PARTS = [(name, part) for name, document in SCHEMAS.items() for part in document["$defs"]]
SAMPLES = [
    pytest.param(stem, sample, id=f"{stem}-{sample['status']}")
    for stem, table in TABLES.items()
    for sample in table.get("samples", ())
    if sample["kind"] == "answer"
]

# What a column says, in the languages of the documents.
NAME = {"Имя", "Свойство", "Name", "Property", "Parameter", "参数"}
TYPE = {"Значение", "Value", "Type", "参数类型"}
MANDATORY = {"Обязательный", "Mandatory", "是否必选"}
YES = {"Yes": True, "Да": True, "No": False, "Нет": False, "No (see description)": False}
TYPES = {
    "string (base 64)": "string",
    "application/json": "string",
    "Объекты ошибок индикатора": "array",
    "Long": "integer",
}
# What drafts 7 and 2020-12, jsonschema, jsonschema-rs and fastjsonschema judge alike.
CHILDREN = {"not", "if", "then", "else", "items"}
LISTS = {"allOf", "anyOf", "oneOf"}
CONSTRAINTS = {
    *("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"),
    *("pattern", "enum", "const", "not"),
    *LISTS,
}
SUBSET = {
    *("type", "properties", "required", "additionalProperties", "description", "examples"),
    *CONSTRAINTS,
    *CHILDREN,
}
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    " ",
    "\n",
    "x" * 2000,
    [],
    [None],
    [""],
    {},
    {"unknown": 1},
)


@dataclass(frozen=True)
class Field:
    """A property of a schema, with what surrounds it. part: arguments, request, answer_..."""

    schema: str
    part: str
    name: str
    rules: Mapping[str, Any]
    required: bool

    def __str__(self) -> str:
        return f"{self.schema} {self.part} {self.name}"


def fields(schema: str, part: str, rules: Mapping[str, Any]) -> Iterator[Field]:
    """Walk the properties below a subschema; the items of a list count if they have a source."""
    for name, child in {**rules.get("x-headers", {}), **rules.get("properties", {})}.items():
        required = name in rules.get("required", ())
        yield Field(schema, part, name, child, required)
        yield from fields(schema, part, child)
        if "x-source" in (items := child.get("items", {})):
            yield Field(schema, part, items["x-source"]["name"], items, required)
    if "items" in rules:
        yield from fields(schema, part, rules["items"])


def cell(row: Mapping[str, str], column: set[str]) -> str | None:
    return next((row[name] for name in row if name in column), None)


def json_type(written: str) -> str:
    if written in TYPES:
        return TYPES[written]
    return "array" if written.startswith("Array of ") else written.split()[-1].lower()


FIELDS = [
    field for name, part in PARTS for field in fields(name, part, SCHEMAS[name]["$defs"][part])
]
SOURCED = [field for field in FIELDS if "x-source" in field.rules]
ROWS = [
    (stem, table["title"], table["kind"], row)
    for stem, document in TABLES.items()
    for table in document["tables"]
    for row in table["rows"]
]


def test_every_row_stands_in_a_schema() -> None:
    stands = {
        tuple(f.rules["x-source"][key] for key in ("document", "table", "name")) for f in SOURCED
    }
    missing = [row for row in ROWS if (row[0], row[1], cell(row[3], NAME)) not in stands]
    assert not missing


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_source_is_a_row_of_a_table(schema: str) -> None:
    for field in SOURCED:
        if field.schema == schema:
            expect_a_row(field)


def expect_a_row(field: Field) -> None:
    source = field.rules["x-source"]
    (row,) = (
        {"document": stem, "table": title, "in": kind.removeprefix("answer-"), **row}
        for stem, title, kind, row in ROWS
        if (stem, title, cell(row, NAME)) == (source["document"], source["table"], source["name"])
    )
    assert source["name"] == field.name
    assert {key: row[key] for key in ("document", "table", "in")}.items() <= source.items()
    assert source.get("type") == cell(row, TYPE)
    if (mandatory := cell(row, MANDATORY)) == "":
        assert source["mandatory"] in YES
        assert source["mandatory-source"]
    else:
        assert source.get("mandatory") == mandatory
    in_request = source["in"] == "header" and not field.part.startswith("answer_")
    assert not in_request or field.part == "request"  # headers are no arguments


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_field_is_as_mandatory_and_of_the_type_that_its_row_says(schema: str) -> None:
    for field in SOURCED:
        if field.schema == schema:
            expect_what_its_row_says(field)


def expect_what_its_row_says(field: Field) -> None:
    rules, source = field.rules, field.rules["x-source"]
    answers = field.part.startswith("answer_")
    types = {rules["type"]} if isinstance(rules["type"], str) else set(rules["type"])
    if answers and not field.required:
        types -= {"null"}  # what decides nothing may be null
    if "type" in source and types != {json_type(source["type"])}:
        assert answers
        assert json_type(source["type"]) in types
        assert rules["x-looser"]
    if source.get("type", "") == "Array of strings":
        assert "string" in rules["items"]["type"]
    if "mandatory" in source and YES[source["mandatory"]] != field.required:
        assert rules["x-stricter" if field.required else "x-looser"]
    if field.part == "arguments" and source["in"] == "path":
        assert field.required
    if field.part == "arguments" and CONSTRAINTS & rules.keys():
        assert rules["x-stricter"]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_field_says_where_it_comes_from_and_where_it_goes(schema: str) -> None:
    for field in FIELDS:
        if field.schema == schema:
            expect_ways(field)


def expect_ways(field: Field) -> None:
    rules = field.rules
    assert len({"x-source", "x-own", "x-connection", "x-guard"} & rules.keys()) == 1
    if field.part.startswith("answer_"):
        assert len({"x-output", "x-no-output"} & rules.keys()) == 1
        assert all(rules[key] for key in ("x-output", "x-no-output") if key in rules)
    if (
        field.part == "arguments"
        and field.name in SCHEMAS[field.schema]["$defs"]["arguments"]["properties"]
    ):
        assert re.fullmatch(r"[A-Z][^.]*\.", rules["description"])


@pytest.mark.parametrize("stem", TABLES)
def test_every_cell_stands_in_the_document(stem: str) -> None:
    if not DOCUMENTS.is_dir():
        pytest.skip("the documents are not beside the checkout")
    table = TABLES[stem]
    if "file" not in table:
        assert table["transcribed"]
        return
    original = (DOCUMENTS / table["file"]).read_text(encoding="utf-8")
    text, at = "".join(original.split()), 0
    for part in table["tables"]:
        title = text.index("".join(part["title"].split()), at)
        cells = [*part["columns"], *(cell for row in part["rows"] for cell in row.values())]
        at = text.index("".join("".join(cells).split()), title)
        assert all(list(row) == part["columns"] for row in part["rows"])
    at = 0
    for sample in table["samples"]:
        at = text.index("".join(sample["text"].split()), at)
    captions = re.findall(r"^(?:Table \d+|表\d+) .*$", original, re.MULTILINE)
    assert not captions or captions == [part["title"] for part in table["tables"]]


@pytest.mark.parametrize(("stem", "sample"), SAMPLES)
def test_every_sample_answer_is_valid(stem: str, sample: Mapping[str, Any]) -> None:
    part = f"answer_{sample['status']}"
    answering = {
        f.schema for f in SOURCED if f.part == part and f.rules["x-source"]["document"] == stem
    }
    assert answering
    for name in answering:
        assert not [*Schema(SCHEMAS[name], part).problems(answer(sample["text"]))]


def answer(text: str) -> Any:
    """Read JSON; one sample has a backslash that escapes nothing."""
    return json.loads(re.sub(r'\\(?!["\\/bfnrtu])', r"\\\\", text))


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


def seeds(name: str, part: str) -> Iterator[Any]:
    """Values to start from: examples under each API version, and the documents' samples."""
    arguments = SCHEMAS[name]["$defs"]["arguments"]
    if part == "arguments":
        versions = arguments["properties"].get("api_version", {"enum": []})["enum"]
        for example in arguments["examples"]:
            yield from (example, *({**example, "api_version": version} for version in versions))
            yield from (
                {**example, "api_version": version, "unmark_detections": True}
                for version in versions
            )
    documents = {f.rules["x-source"]["document"] for f in SOURCED if f.schema == name}
    for stem in documents:
        yield from (
            answer(s["text"]) for s in TABLES[stem].get("samples", ()) if s["kind"] == "answer"
        )
    yield {}


def variants(value: Any) -> Iterator[Any]:
    """Yield a value and what a slip makes of it, in one place at a time."""
    yield value
    yield from WRONG
    if isinstance(value, str):
        yield from (value + "\n", "\n" + value, value.upper(), value.lower(), f"{value} é", "a/b")
    if isinstance(value, dict):
        yield {**value, "unknown": value}
        for key in value:
            yield {other: value[other] for other in value if other != key}
            yield from ({**value, key: variant} for variant in variants(value[key]))
    if isinstance(value, list) and value:
        yield value + value
        yield from ([variant, *value[1:]] for variant in variants(value[0]))


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
