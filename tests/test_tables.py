"""The documents' tables, their transcriptions and the schemas say the same."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from ioc_removal.schema import Schema
from schema_fields import CONSTRAINTS, FIELDS, ROOT, SCHEMAS, SOURCED, TABLES, Field
from slips import answer

DOCUMENTS = ROOT.parent / "shared" / "documents"
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


def cell(row: Mapping[str, str], column: set[str]) -> str | None:
    return next((row[name] for name in row if name in column), None)


def json_type(written: str) -> str:
    if written in TYPES:
        return TYPES[written]
    return "array" if written.startswith("Array of ") else written.split()[-1].lower()


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
