"""What a plan knows settings by, and its file: an edit is refused, or it would do the same."""

import json
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError
from ioc_removal.integration import load_integration
from ioc_removal.operations.inputs import IndicatorFile
from ioc_removal.operations.plan_file import file_lines
from ioc_removal.operations.plan_reading import read_plan
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.trust.removal_key import connection_facts, digest
from planning import Planner

INTEGRATION = load_integration()


def settings_document(order: list[str], nodes: list[str], timeout: float) -> dict[str, Any]:
    connections = {
        "cybertrace": {
            "system": "cybertrace",
            "nodes": nodes,
            "api_version": "1.3",
            "read_timeout": timeout,
            "limits": {"per_second": timeout},
            "auth": {"type": "basic", "username": "soc", "password": f"secret {timeout}"},
        },
        "secmaster": {
            "system": "secmaster",
            "url": "https://secmaster.example.com",
            "total_timeout": timeout,
            "defaults": {"workspace_id": "w", "project_id": "p"},
            "auth": {"type": "aksk", "access_key": "A", "secret_key": f"other {timeout}"},
        },
    }
    return {"connections": {name: connections[name] for name in order}}


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations(["cybertrace", "secmaster"]),
    nodes=st.permutations(["https://a.example.com", "https://b.example.com"]),
    timeout=st.floats(1, 300),
)
def test_order_timeouts_and_secrets_change_no_fingerprint(
    order: list[str], nodes: list[str], timeout: float
) -> None:
    usual = settings_document(
        ["cybertrace", "secmaster"], ["https://a.example.com", "https://b.example.com"], 5
    )
    assert fingerprints(settings_document(order, nodes, timeout)) == fingerprints(usual)
    usual["connections"]["cybertrace"]["api_version"] = "1.2"
    assert fingerprints(settings_document(order, nodes, timeout)) != fingerprints(usual)


def fingerprints(document: dict[str, Any]) -> dict[str, str]:
    chosen = settings_from(json.loads(json.dumps(document)), "the settings")
    return {
        name: digest(connection_facts(Connection(name, chosen, INTEGRATION.systems[name]), chosen))
        for name in ("cybertrace", "secmaster")
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the lines of a plan's file."""
    with Sandbox() as sandbox:
        planner = Planner(sandbox, tmp_path_factory.mktemp("written"))
        path = planner.folder / "iocs.txt"
        path.write_text("192.0.2.10\nmalware.example\nnowhere.example")
        plan, _ = planner.dry(file=IndicatorFile(str(path)))
        lines = list(file_lines(planner.database, plan))
        planner.database.close()
    return lines


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of each part of a value."""
    found = [path]
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in entries:
            found += places(entry, (*path, key))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    key, *rest = path
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[key] = put(value[key], tuple(rest), new)
    return copied


def keys_of(database: Database) -> list[str]:
    query = "SELECT key FROM planned WHERE outcome = 'planned' ORDER BY key"
    return [key for (key,) in database.rows(query)]


def keys_of_lines(lines: list[str]) -> list[str]:
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "store.db")
        read_plan(database, lines, "plan.txt")
        keys = keys_of(database)
        database.close()
    return keys


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_edit_of_a_file_changes_what_it_does(written: list[str], data: st.DataObject) -> None:
    """Whatever stands where, with a right checksum: refused, or it would do the same."""
    at = data.draw(st.integers(0, len(written) - 2))
    start, colon, text = written[at].partition(": " if written[at][0] not in "#-" else " ")
    if start == "#" or data.draw(st.integers(0, 5)) == 0:
        lines = [*written[:at], data.draw(st.text(max_size=20)), *written[at + 1 :]]
    else:
        value = json.loads(text)
        path = data.draw(st.sampled_from(places(value)))
        new = json.dumps(put(value, path, data.draw(ANYTHING)), sort_keys=True)
        lines = [*written[:at], f"{start}{colon}{new}", *written[at + 1 :]]
    hashed = sha256("".join(f"{line}\n" for line in lines[:-1]).encode(errors="replace"))
    lines[-1] = f"checksum: sha256:{hashed.hexdigest()}"
    if lines == written:
        return
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "store.db")
        try:
            read_plan(database, lines, "plan.txt")
        except ArgumentError:
            assert not database.rows("SELECT * FROM planned")
            assert not database.rows("SELECT * FROM pieces")
        else:  # it changes nothing of what would be done
            assert keys_of(database) == keys_of_lines(written)
        finally:
            database.close()
