"""What is on a list of what is protected is refused, and so is all if the list cannot be read."""

import json
import os
from pathlib import Path

import pytest

from guarding import SCANNER, Desk, desk

__all__ = ["desk"]


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
