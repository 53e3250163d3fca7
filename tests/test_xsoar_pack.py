"""The exported pack holds together: its parts, their names, what refers to what."""

import builtins
import json
import re
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from os import environ
from pathlib import Path
from subprocess import run
from symtable import SymbolTable, symtable
from typing import Any

import pytest
import yaml

from ioc_removal.cli import main
from ioc_removal.errors import ArgumentError, DefinitionError
from ioc_removal.hosts.folder import MARK, write_export
from ioc_removal.hosts.xsoar.code import LITERALS, integration_code
from ioc_removal.hosts.xsoar.export import pack_files
from ioc_removal.hosts.xsoar.joining import INSIDE, Joined
from ioc_removal.hosts.xsoar.pack import PACK, integration_id, script_id
from ioc_removal.hosts.xsoar.taken import taken_names
from ioc_removal.integration import load_integration
from xsoar_server import top_names

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv-xsoar"
INTEGRATION = load_integration()
SYSTEMS = [system for system in INTEGRATION.systems.values() if system.auth]
# What a parameter of an instance may be; XSOAR's own tools do not look.
TYPES = frozenset({0, 4, 8, 9, 12, 14, 15, 16})
BUILT_IN = re.compile(r"Builtin\|\|\|\w+|setIncident|Print|Set|DeleteContext")


@cache
def files() -> dict[str, bytes]:
    """Return the files of the pack, made once, and not when tests are collected."""
    return pack_files(INTEGRATION)


@cache
def documents(pattern: str) -> dict[str, dict[str, Any]]:
    """Return the YAML and JSON files of the pack whose paths match, by path."""
    return {
        path.removeprefix(f"Packs/{PACK}/"): yaml.safe_load(content)
        for path, content in files().items()
        if re.search(pattern, path)
    }


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xsoar") / "content"
    write_export(folder, "xsoar", files())
    return folder


def test_an_export_of_the_same_catalogue_is_the_same() -> None:
    assert pack_files(load_integration()) == files()


def test_the_command_writes_the_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "content"
    assert main(["export", "xsoar", "--out", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    written = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
    assert written - {MARK} == set(told["files"]) == files().keys()
    assert main(["export", "xsoar", "--out", str(folder)]) == 0  # over an earlier export
    assert sorted(f.name for f in tmp_path.iterdir()) == ["content"]


@pytest.mark.parametrize("made", ["file", "folder", "changed", "added", "damaged", "other"])
def test_nothing_is_written_over_what_is_no_export(made: str, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    files = {"a/b.txt": b"one"}
    if made == "file":
        folder.write_text("mine", encoding="utf-8")
    elif made == "folder":
        folder.mkdir()
        (folder / "notes.txt").write_text("mine", encoding="utf-8")
    else:
        write_export(folder, "stackstorm" if made == "other" else "xsoar", files)
        name = {"changed": "a/b.txt", "added": "a/c.txt", "damaged": MARK}.get(made)
        if name:
            (folder / name).write_text("mine", encoding="utf-8")
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    with pytest.raises(ArgumentError) as refused:
        write_export(folder, "xsoar", {"a/b.txt": b"two"})
    assert str(refused.value).startswith(f"--out {folder}: ")
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


class Interrupted(dict[str, bytes]):
    """Files of which somebody lets only the first be written."""

    def items(self) -> Any:
        yield from list(super().items())[:1]
        raise KeyboardInterrupt


def test_an_interrupted_export_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    with pytest.raises(KeyboardInterrupt):
        write_export(folder, "xsoar", Interrupted({"a": b"1", "b": b"2"}))
    assert not list(tmp_path.iterdir())
    write_export(folder, "xsoar", {"a": b"1"})
    with pytest.raises(KeyboardInterrupt):
        write_export(folder, "xsoar", Interrupted({"a": b"2", "b": b"2"}))
    assert (folder / "a").read_bytes() == b"1"
    assert [f.name for f in tmp_path.iterdir()] == ["content"]


def test_an_export_needs_a_known_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "nowhere", "--out", "x"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_every_action_is_a_command_or_a_script() -> None:
    for name, definition in INTEGRATION.definitions.items():
        known = scripts() if definition.system == "local" else commands()
        assert (script_id(name) if definition.system == "local" else name) in known


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_yaml_of_an_integration_says_what_the_catalogue_says(system: Any) -> None:
    name = integration_id(system.title)
    [document] = documents(rf"/Integrations/{name}/{name}\.yml$").values()
    assert {row["type"] for row in document["configuration"]} <= TYPES
    code = files()[f"Packs/{PACK}/Integrations/{name}/{name}.py"].decode()
    for command in document["script"]["commands"]:
        definition = INTEGRATION.definitions[command["name"]]
        assert f'"{definition.name}": {{' in code
        assert command.get("execution", False) == definition.acts
        paths = [row["contextPath"] for row in command["outputs"]]
        assert all(path.startswith(f"{definition.context_path}.") for path in paths)
        assert {f"{definition.context_path}.{key}" for key in definition.context_key} <= set(paths)
        arguments = {row["name"]: row for row in command["arguments"]}
        rules = definition.schema.part["properties"]
        wanted = {name for name, rule in rules.items() if not rule.get("x-connection")}
        assert wanted <= arguments.keys()
        assert ("dry_run" in arguments) == definition.acts
        for argument in wanted:
            is_array = rules[argument].get("type") == "array"
            assert arguments[argument].get("isArray", False) == is_array


def test_what_refers_to_something_of_the_pack_finds_it() -> None:
    layouts = documents(r"/Layouts/.*\.json$").values()
    types = documents(r"/IncidentTypes/.*\.json$").values()
    fields = documents(r"/IncidentFields/.*\.json$").values()
    for name in (found for layout in layouts for found in found_in(layout, "scriptId")):
        assert name in scripts(), name
    for document in types:
        assert document["layout"] in {layout["id"] for layout in layouts}
        assert not document.get("playbookId") or document["playbookId"] in playbooks()
    for field in fields:
        assert set(field["associatedTypes"]) <= {document["id"] for document in types}
    for document in documents(r"/Scripts/\w+/\w+\.yml$").values():
        for name in document.get("dependson", {}).get("must", ()):
            assert name.removeprefix("|||") in commands(), name


def test_a_task_of_a_playbook_runs_what_the_pack_has() -> None:
    found = documents(r"/Playbooks/.*\.yml$").values()
    for task in (entry["task"] for playbook in found for entry in playbook["tasks"].values()):
        for key, known in (
            ("scriptName", scripts()), ("script", commands()), ("playbookName", playbooks())
        ):  # fmt: skip
            name = task.get(key, "").removeprefix("|||")
            assert not name or name in known or BUILT_IN.fullmatch(name), name


def scripts() -> set[str]:
    return {document["name"] for document in documents(r"/Scripts/\w+/\w+\.yml$").values()}


def playbooks() -> set[str]:
    return {document["name"] for document in documents(r"/Playbooks/.*\.yml$").values()}


def commands() -> set[str]:
    return {
        command["name"]
        for document in documents(r"/Integrations/\w+/\w+\.yml$").values()
        for command in document["script"]["commands"]
    }


def found_in(value: Any, key: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if value.get(key):
            yield value[key]
        for entry in value.values():
            yield from found_in(entry, key)
    elif isinstance(value, list):
        for entry in value:
            yield from found_in(entry, key)


def test_xsoars_strict_models_take_every_file(folder: Path) -> None:
    if not (TOOLS / "stamp").exists():
        pytest.skip("no demisto-sdk here (make check-xsoar installs it)")
    strict = ROOT / "tests" / "xsoar_pack" / "strict.py"
    command = [str(TOOLS / "bin" / "python"), str(strict), str(folder / "Packs" / PACK)]
    quiet = {**environ, "DEMISTO_SDK_IGNORE_CONTENT_WARNING": "1"}
    done = run(command, capture_output=True, text=True, check=False, env=quiet)
    assert done.returncode == 0, done.stdout + done.stderr
    models = len(documents(r"\.yml$|/\w+/(incident|layouts)\w+-.*\.json$|pack_metadata"))
    assert done.stdout.splitlines()[-1] == f"{models} files"


def test_a_joined_file_is_python_of_3_10_and_needs_what_the_image_has() -> None:
    known = sys.stdlib_module_names | {"requests", "urllib3", "yaml"}
    known |= {"CommonServerPython", "CommonServerUserPython", "demistomock"}
    known |= {"pymispwarninglists"}  # asked for, and not missed
    for path, content in files().items():
        if path.endswith(".py") and not path.endswith("_test.py"):
            imported = top_names(content.decode()).imported
            assert {name.partition(".")[0] for name in imported} <= known, path


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_no_name_of_a_joined_file_hides_another(system: Any) -> None:
    names = top_names(integration_code(INTEGRATION, system))
    assert len(names.defined) == len(set(names.defined))
    assert not set(names.defined) & names.bound.keys()
    taken = taken_names()
    for name, origin in names.bound.items():
        assert taken.get(name, origin) == origin, name
    assert not set(names.defined) & {*taken, *dir(builtins)}
    assert not names.bound.keys() & set(dir(builtins))


def test_two_modules_with_one_public_name_are_refused() -> None:
    replaced = {(LITERALS, "PATTERNS"): "PATTERNS = {}\n\n\ndef called() -> None:\n    main()"}
    used = {(LITERALS, "CHECKS"): "CHECKS = {('', ''): called}"}
    with pytest.raises(DefinitionError, match="both define called: rename one of them"):
        Joined(f"{INSIDE}.main", {**replaced, **used}, taken_names()).text()


def test_a_name_of_common_server_python_is_refused() -> None:
    taken = {**taken_names(), "report_outcomes": ""}
    handlers = {("handlers", "HANDLERS"): "HANDLERS = {'local.report_outcomes': report_outcomes}"}
    with pytest.raises(DefinitionError, match="CommonServerPython both define report_outcomes"):
        Joined(f"{INSIDE}.local", handlers, taken).text()


def test_a_change_of_the_catalogue_changes_only_its_lines(tmp_path: Path) -> None:
    for name in ("plugin", "schemas", "playbooks", "examples"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    text = (ROOT / "integration.yml").read_text(encoding="utf-8")
    title, path = "List the suppliers that REST can delete from", "CyberTrace.Supplier, key"
    assert text.count(title) == text.count(path) == 1
    changed = text.replace(title, "Show the suppliers").replace(path, "CyberTrace.Source, key")
    (tmp_path / "integration.yml").write_text(changed, encoding="utf-8")
    out = tmp_path / "content"
    program = [sys.executable, "-m", "ioc_removal", "export", "xsoar", "--out", str(out)]
    own = {**environ, "PYTHONPATH": str(tmp_path / "plugin")}
    done = run(program, env=own, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    other = {str(f.relative_to(out)): f for f in out.rglob("*") if f.is_file() and f.name != MARK}
    assert other.keys() == files().keys()
    differing = {
        path.removeprefix(f"Packs/{PACK}/"): lines(files()[path], file.read_bytes())
        for path, file in other.items()
        if file.read_bytes() != files()[path] and file.suffix != ".png"
    }
    start = "Integrations/KasperskyCyberTrace"
    uses = "Playbooks/playbook-IOC_Removal_-_Remove_IOCs_After_Triage_-_Steps.yml"
    assert differing.keys() == {
        "README.md", f"{start}/README.md", uses,
        f"{start}/KasperskyCyberTrace.py", f"{start}/KasperskyCyberTrace.yml",
    }  # fmt: skip
    assert differing[uses] == 8  # the title, and the path wherever it is read or told
    assert differing[f"{start}/KasperskyCyberTrace.py"] == 2
    assert differing["README.md"] == 1


def lines(one: bytes, other: bytes) -> int:
    """Return how many lines are not those of the other text."""
    return sum(a != b for a, b in zip(one.splitlines(), other.splitlines(), strict=True))


def test_no_name_of_a_joined_file_is_missing() -> None:
    for path, content in files().items():
        if path.endswith(".py"):
            text = content.decode()
            names = top_names(text)
            known = {*names.defined, *names.bound, *taken_names(), *dir(builtins), "__name__"}
            assert not used_from_the_top(symtable(text, path, "exec")) - known, path


def used_from_the_top(table: SymbolTable) -> set[str]:
    """Return the names that scopes take from the top of the module."""
    at_top = table.get_type() == "module"
    own = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or at_top)
    }
    return own.union(*map(used_from_the_top, table.get_children()))
