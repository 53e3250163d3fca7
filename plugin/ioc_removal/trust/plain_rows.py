"""Rows of what ids name, of which the guards have nothing to say: most of a long list."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..batches import Batch
from ..definition import Definition
from .effects import DISARMS, EFFECTS, effect_of, names_in, odd_in, told_of, told_value
from .shapes import is_plain


class RunLists(Protocol):
    """What is known of values."""

    @property
    def second_levels(self) -> frozenset[str]:
        """The public suffixes that are known beside the usual ones."""

    def near(self, texts: Sequence[str], effect: str) -> Sequence[str]:
        """Return those of some texts that may be on a list of what an effect is not for."""


def plain_rows(
    definition: Definition, batch: Batch, rows: Mapping[str, Mapping[str, Any]], lists: RunLists
) -> set[str]:
    """Return the items of a batch whose rows are plain.

    definition: of the action; rows: by item, what the system told of it.
    """
    named: dict[str, dict[str, list[str]]] = {effect: {} for effect in EFFECTS}
    for item, row in rows.items():
        value = told_value(row)
        if type(value) is not str or not is_plain(value, lists.second_levels):
            continue
        effect = effect_of(definition, batch.arguments, row)
        if effect != DISARMS:
            named.setdefault(effect, {})[item] = [value]
        elif odd_in(row) is None:
            named[effect][item] = [value, item, *names_in(told_of(row))]
    plain = set[str]()
    for effect, texts in named.items():
        unique = dict.fromkeys(text for of_one in texts.values() for text in of_one)
        near = {*lists.near([*unique], effect)}
        plain.update(item for item, of_one in texts.items() if near.isdisjoint(of_one))
    return plain
