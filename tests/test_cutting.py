"""A call is cut the same whether its items are read or only their JSON is."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given as given_by
from hypothesis import strategies as st

from ioc_removal.action import Action
from ioc_removal.batches import cut_items
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.batch_texts import cut_pieces, rows_of
from ioc_removal.store.database import Database
from ioc_removal.store.plain_json import lines_of
from ioc_removal.store.sets import write_set
from test_action import DELETE, TARGET, bound

INTEGRATION = load_integration()
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@given_by(
    st.lists(plain | st.text(max_size=5), unique=True, max_size=30),
    st.sampled_from(
        [
            "cybertrace-indicators-delete",
            "cybertrace-indicators-add",
            "waf-ip-reputation-rules-find",
        ]
    ),
    st.integers(1, 9),
    st.integers(70, 2_000),
    st.integers(1, 9),
    st.booleans(),
)
def test_pieces_are_cut_as_the_items_are(
    items: list[str], name: str, most: int, room: int, size: int, along: bool
) -> None:
    definition = INTEGRATION.definition(name)
    own = {"items": most, "bytes": room}
    more = {"tags": {item: ["a tag"] for item in items[::3]}} if along else {}
    pieces = [f"[{lines_of(items[at : at + size])}]" for at in range(0, len(items), size)]
    cut = [json.loads(part) for part in cut_pieces(pieces, definition, own, more)]
    assert cut == list(cut_items(items, definition, own, more))


@pytest.mark.parametrize("copies", [1, 3])
def test_the_rows_of_batches_are_the_same_of_a_list_in_the_store(
    tmp_path: Path, copies: int
) -> None:
    texts = [f"host-{number}.example.com" for number in range(2_345)] + ['"', "\\", "é"]
    with Sandbox() as sandbox, closing(Database(tmp_path / "store.db")) as database:
        action = bound(sandbox, DELETE)
        action = Action(action.definition, action.calls * copies)
        stored = write_set(database, "run", "texts", texts)
        alike = [
            [
                (number, json.loads(items))
                for number, items in rows_of(
                    action, action.prepare({**TARGET, "indicators": given})
                )
            ]
            for given in (stored, texts)
        ]
        assert alike[0] == alike[1]
        assert [number for number, _ in alike[0]] == [*range(3 * copies)]
