"""Whatever a caller gives, it is taken, or refused in one line before anything is sent."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import MARKS, altered, anything, examples, nested, odd
from ioc_removal.action import Action
from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.endpoint import segment
from ioc_removal.errors import ArgumentError, PluginError
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import reply, serving
from refused import INTEGRATION, LONGEST_LINE, check, home

__all__ = ["home"]

REMOTE = sorted(n for n, d in INTEGRATION.definitions.items() if d.system != "local")
LOCAL = sorted(n for n, d in INTEGRATION.definitions.items() if d.system == "local")
CONNECTIONS: Mapping[str, Mapping[str, Any]] = {
    "cybertrace": {
        "auth": {"type": "basic", "username": "user", "password": "made-up"},
        "api_version": "1.2",
    },
    "secmaster": {"auth": {"type": "iam_token", "token": "made-up"}},
    "waf": {"auth": {"type": "iam_token", "token": "made-up"}},
}


def bound(name: str, url: str) -> Action:
    system = INTEGRATION.definition(name).system
    if system == "local":
        return INTEGRATION.bind(name, None)
    own = {**CONNECTIONS[system], "system": system, "url": url, "total_timeout": 0.3}
    settings = settings_from({"connections": {"test": own}}, "test")
    return INTEGRATION.bind(name, Connection("test", settings, INTEGRATION.systems[system]))


def deep(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.nested
@pytest.mark.parametrize("name", REMOTE + LOCAL)
def test_arguments_are_taken_or_refused_by_name(name: str) -> None:
    definition = INTEGRATION.definition(name)
    good = definition.schema.part["examples"]
    known = [*definition.schema.part["properties"], "tenant", "api_version"]
    wrong = anything | st.sampled_from(
        [deep(49), deep(70), deep(5_000), ["x"] * 20_000, *MARKS, "x" * 5_000]
    )
    changes = st.dictionaries(st.sampled_from(known) | odd, wrong, max_size=3)
    with serving(by=lambda _: reply(418)) as server:

        @examples(12)
        @given(altered(good), changes)
        def holds(arguments: Any, more: Mapping[str, Any]) -> None:
            server.requests.clear()
            action = bound(name, server.url)
            whole = {**arguments, **more} if isinstance(arguments, dict) else dict(more)
            try:
                prepared = action.prepare(whole)
                if definition.acts:
                    terms = Terms(dry_run=True, snapshot=False)
                    assert len(list(perform(action, prepared, NoRecord(), terms=terms))) >= 1
            except PluginError as error:
                check(error, ArgumentError)
            assert not server.requests

        holds()


@examples(50)
@given(
    st.lists(
        st.sampled_from([*MARKS, ".", "..", "/", "%2f", "%2E", "%", "a", "я"]) | odd, max_size=5
    )
)
def test_a_path_value_stays_one_segment_or_is_refused(parts: list[str]) -> None:
    value = "".join(parts)
    try:
        quoted = segment("supplier", value)
    except ArgumentError as error:
        check(error, ArgumentError, start="supplier: ")
    else:
        assert quoted.isascii()
        assert quoted.isprintable()
        assert not set(quoted) & set("/\\?#; ")
        assert quoted not in {"", ".", ".."}


FILES = {
    "deep.json": nested(5_000),
    "deep.yml": nested(600, "{"),
    "nul.txt": "\x00\x00",
    "half.json": '{"a": ',
    "list.json": "[1]",
    "number.json": "9" * 9_000,
    "settings.yml": "connections: {a: {system: x}}",
    "bom.csv": "\ufeff",
    "playbook.yml": "version: 1.0\ntasks: {a: {action: *b}}",
    "odd.yml": "a: !!bool x",
    "deep.csv": '"' + "x" * 200_000,
    "stix.json": '{"type": "bundle", "objects": [null, 1, {"type": 1}]}',
    "misp.json": '{"Event": {"Attribute": [null, {"value": []}]}}',
}
DELETE = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    **{f"args {name}": (*DELETE[:2], "--args", name) for name in FILES},
    **{f"indicators {name}": (*DELETE, "--indicators", name) for name in FILES},
    **{f"run {name}": ("run", name) for name in FILES},
    **{f"settings {name}": ("--settings", name, "test") for name in FILES},
    **{f"seed {name}": ("sandbox", "--seed", name) for name in FILES if name != "deep.yml"},
    **{f"faults {name}": ("sandbox", "--faults", name) for name in FILES},
    "no home": ("--settings", "~nobody-of-that-name/x", "test"),
    "no home for the store": ("--store", "~nobody-of-that-name/x", "runs"),
    "a folder as settings": ("--settings", ".", "test"),
    "a folder as store": ("--store", ".", "runs"),
    "a file of nothing as store": ("--store", "deep.json", "runs"),
    "a folder of indicators": (*DELETE, "--indicators", "."),
    "no JSON": (*DELETE, "--arg", "indicators:=" + nested(5_000)),
    "a huge number": (*DELETE, "--arg", "indicators:=" + "9" * 9_000),
    "deep": (*DELETE, "--arg", "indicators:=" + nested(400)),
    "lines": (*DELETE[:3], "supplier=a\nb\x1b[2J", "--arg", "indicators=a"),
    "no name": (*DELETE[:3], "=\n", "--arg", "\n=x"),
    "another field": (*DELETE, "--arg", "indicat\nors=a"),
    "halves": (*DELETE, "--arg", "indicators=\udcff"),
    "a connection": ("--connection", "cybertrace=\n", *DELETE, "--arg", "indicators=a"),
    "an action": ("call", "\x1b[2J\n"),
    "a run": ("show", "\n\x1b"),
    "a playbook": ("run", "\x1b[2J\n"),
    "an input": ("run", "unmark-false-positives", "--input", "a\nb:={"),
    "a field": ("describe", "x\ny"),
    "resume": ("resume", "%"),
}


@pytest.fixture
def files(home: Path) -> Iterator[Path]:
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    with serving(by=lambda _: reply(418)) as server:
        own = {**CONNECTIONS["cybertrace"], "system": "cybertrace", "url": server.url}
        (home / "ioc-removal.yml").write_text(json.dumps({"connections": {"cybertrace": own}}))
        yield home
    assert not server.requests


@pytest.mark.nested
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_command_refuses_it_in_lines(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(words)
    said = capsys.readouterr()
    assert status == 2
    assert "Traceback" not in said.err
    assert "internal error" not in said.err
    assert said.err
    for line in said.err.splitlines():
        assert len(line) < LONGEST_LINE
        assert line.isprintable(), ascii(line)
