"""Indicator files: cases in tests/indicators/, and the files in examples/."""

from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from json import dumps
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import pytest
import yaml

from ioc_removal.errors import ArgumentError
from ioc_removal.indicators.items import Duplicate, Indicator, Unused
from ioc_removal.indicators.normal import normalised
from ioc_removal.indicators.reader import read_indicators
from ioc_removal.indicators.refang import refang
from ioc_removal.indicators.typed import TYPES, judged, type_of

HERE = Path(__file__).parent
Item: TypeAlias = Indicator | Unused | Duplicate
EXAMPLES = HERE.parent / "examples"
DEFAULT_NAMES = {"csv": "iocs.csv", "text": "iocs.txt", "stix": "iocs.json", "misp": "iocs.json"}


def data(name: str) -> Any:
    return yaml.safe_load((HERE / "indicators" / f"{name}.yml").read_text(encoding="utf-8"))


def cases() -> Iterator[Any]:
    for form, name in DEFAULT_NAMES.items():
        for case in data(form):
            yield pytest.param({"file": name, **case}, id=f"{form}: {case['name']}")


def content(case: dict[str, Any]) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    if "pattern" in case:
        indicator = {"type": "indicator", "pattern": case["pattern"]}
        return dumps({"type": "bundle", "objects": [indicator]}).encode()
    return str(case["content"]).encode()


def line(item: Item) -> str:
    match item:
        case Indicator(value, kind, place):
            return f"{value} ({kind}) at {place}"
        case Duplicate(value, place):
            return f"again {value} at {place}"
        case Unused(text, place, reason):
            return f"unused {text} at {place}: {reason}"


def items_of(stream: BinaryIO, name: str, **options: Any) -> Iterator[Item]:
    return chain.from_iterable(read_indicators(stream, name, **options))


def read(case: dict[str, Any]) -> list[str]:
    options = {key: case[key] for key in ("format", "column", "to_ids_only") if key in case}
    return [line(item) for item in items_of(BytesIO(content(case)), case["file"], **options)]


@pytest.mark.parametrize("case", list(cases()))
def test_file(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(ArgumentError) as caught:
            read(case)
        assert caught.value.problems == (case["error"],)
    else:
        assert read(case) == case["items"]


@pytest.mark.parametrize("case", data("values"), ids=lambda case: repr(case["text"]))
def test_value(case: dict[str, Any]) -> None:
    value = refang(case["text"])
    assert value == case.get("refanged", case["text"])
    assert type_of(value) == case.get("type")
    assert judged(value)[1] == case.get("reason", "")


@pytest.mark.parametrize("pair", data("keys")["same"], ids=" ".join)
def test_spellings_share_a_key(pair: list[str]) -> None:
    assert normalised(pair[0]) == normalised(pair[1])


@pytest.mark.parametrize("pair", data("keys")["different"], ids=" ".join)
def test_different_values_keep_different_keys(pair: list[str]) -> None:
    assert normalised(pair[0]) != normalised(pair[1])


@pytest.mark.nested
def test_deeply_nested_json_is_a_named_error() -> None:
    with pytest.raises(ArgumentError, match=r"iocs.json: not readable as JSON: it is nested"):
        list(items_of(BytesIO(b"[" * 200_000), "iocs.json"))


def test_endless_json_is_refused_at_the_cap() -> None:
    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b" " * (1 << 24 if size else 0)

    with pytest.raises(ArgumentError, match=r"iocs.json: JSON above 256 MiB is not read"):
        list(items_of(Endless(), "iocs.json"))


def test_a_long_cell_is_a_named_error() -> None:
    content = b"value,note\n192.0.2.10,one\n192.0.2.11," + b"x" * 200_000 + b"\n"
    with pytest.raises(ArgumentError, match=r"iocs.csv: line 3 cannot be read as CSV \(field larg"):
        list(items_of(BytesIO(content), "iocs.csv"))


def test_an_endless_line_is_a_named_error() -> None:
    with pytest.raises(ArgumentError, match=r"iocs.txt: line 2 is longer than 1048576 characters"):
        list(items_of(BytesIO(b"192.0.2.10\n" + b"x" * (2 << 20)), "iocs.txt"))


@pytest.mark.parametrize("name", ["iocs.txt", "iocs.csv"])
def test_lines_are_read_as_they_are_asked_for(name: str) -> None:
    lines = b"".join(b"h%06d.example\n" % number for number in range(100_000))
    stream = BytesIO(lines)
    items = items_of(stream, name)
    assert next(items) == Indicator("h000000.example", "domain", "line 1")
    assert stream.tell() <= 1 << 16
    assert sum(1 for _ in items) == 99_999


def test_a_row_across_two_pieces_is_read_whole() -> None:
    rows = "value,note\n" + "".join(
        f'h{number}.example,"é, {number}\nsecond line"\n' for number in range(10_000)
    )
    items = list(items_of(BytesIO(rows.encode()), "iocs.csv"))
    assert items[0] == Indicator("h0.example", "domain", "line 2, column value")
    assert items[-1] == Indicator("h9999.example", "domain", "line 20000, column value")
    assert len(items) == 10_000


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"192.0.2.1\xff,x", "line 70000: byte 0xff at offset 1189992 is not UTF-8"),
        (b"192.0.2.1\0,x", "line 70000 holds a NUL byte: expected text in UTF-8"),
        (b'"192.0.2.1,x', "line 70000 cannot be read as CSV (unexpected end of data)"),
        (b'"192.0.2.1"0,x', "line 70000 cannot be read as CSV (',' expected after '\"')"),
    ],
)
def test_a_mistake_far_down_is_told_with_its_line(bad: bytes, said: str) -> None:
    rows = b"".join(b"h%05d.example,x\n" % number for number in range(70_000 - 1))
    content = rows + bad + b"\n192.0.2.2,x\n" * 2
    with pytest.raises(ArgumentError) as caught:
        list(items_of(BytesIO(content), "iocs.csv"))
    assert str(caught.value).startswith(f"iocs.csv: {said}")


def test_what_is_not_used_far_down_is_told_with_its_line() -> None:
    rows = [b"%s.example,x" % hashed.encode() for hashed in map(hex, range(70_000))]
    rows[0], rows[69_996:] = b"value,note", [b"0x1.example", b"a@b.example,", b"", b'"0X2.example"']
    items = list(items_of(BytesIO(b"\n".join(rows)), "iocs.csv"))
    assert len(items) == 69_995 + 3
    assert items[-3:] == [
        Duplicate("0x1.example", "line 69997, column value"),
        Unused("a@b.example", "line 69998, column value", "an e-mail address"),
        Indicator("0X2.example", "domain", "line 70000, column value"),
    ]


def test_examples_hold_each_type() -> None:
    found: dict[str, list[Item]] = {}
    for path in sorted(EXAMPLES.glob("indicators.*")):
        with path.open("rb") as stream:
            found[path.name] = list(items_of(stream, path.name))
    assert {
        name: [
            sum(isinstance(item, kind) for item in items) for kind in (Indicator, Duplicate, Unused)
        ]
        for name, items in found.items()
    } == {
        "indicators.csv": [7, 1, 1],
        "indicators.misp.json": [7, 0, 2],
        "indicators.stix.json": [5, 0, 1],
        "indicators.txt": [7, 0, 1],
    }
    types = {item.type for items in found.values() for item in items if isinstance(item, Indicator)}
    assert types == set(TYPES)
