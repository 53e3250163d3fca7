"""Every command line that --help, README.md and docs/ show is one that the command takes."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import POLICY
from ioc_removal.cli import main
from ioc_removal.cli.commands import parser_with_commands
from ioc_removal.cli.parser import PROGRAM, Options
from ioc_removal.sandbox import Sandbox

HERE = Path(__file__).parents[1]
TEXTS = (HERE / "README.md", *sorted((HERE / "docs").glob("*.md")))


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a shell that begin with the program, each with what continues it."""
    joined = re.sub(r"\\\n[ >]*", "", text)
    for line in joined.splitlines():
        begin = re.match(rf"(?:\$ |  )(?:eval ..\()?({PROGRAM} [^)]*)", line)
        if begin:
            yield from (part.strip() for part in begin[1].split(" && "))


def examples() -> Iterator[tuple[str, str]]:
    parser = parser_with_commands()
    commands = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    for name, command in commands[0].items():
        found = list(lines_of(command.epilog or ""))
        assert found, name
        yield from ((name, line) for line in found)
    for path in TEXTS:
        yield from ((path.name, line) for line in lines_of(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("where", "line"), list(examples()))
def test_a_command_line_that_is_shown_is_taken(where: str, line: str) -> None:
    words = shlex.split(line.partition(" > ")[0], comments=True)
    options = Options()
    parser_with_commands().parse_args(words[1:], options)
    assert options.does, where


def test_the_shown_ones_are_found() -> None:
    assert len(list(examples())) > 80


def test_those_of_call_and_run_do_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("triaged.csv", "fp.txt"):
        (tmp_path / name).write_text("192.0.2.53\ntux.example.com\n")
    with Sandbox() as sandbox:
        (tmp_path / "ioc-removal.yml").write_text(json.dumps(sandbox.settings()))
        for where, line in examples():
            if where in {"call", "run"}:
                words = shlex.split(line.replace("6d39...", POLICY))[1:]
                status = main([*words, "--store", str(tmp_path / "store.db")])
                assert status == 0, f"{line}: {capsys.readouterr().err}"
