"""Rows of what ids name, of which the guards have nothing to say: most of a long list."""

from collections.abc import Collection, Mapping
from typing import Any

from ..definition import Definition
from .effects import effect_of, told_value
from .shapes import is_plain


class PlainRows:
    """Tells which rows are plain.

    definition, arguments: of the action; compared: the effects with which a value is looked for in
    lists; second_levels: public suffixes that are known beside the usual ones.
    """

    def __init__(
        self,
        definition: Definition,
        arguments: Mapping[str, Any],
        compared: Collection[str],
        second_levels: frozenset[str],
    ) -> None:
        self._definition, self._arguments = definition, arguments
        self._compared, self._known = compared, second_levels

    def __contains__(self, row: Mapping[str, Any] | None) -> bool:
        if row is None:
            return False
        if self._compared and (effect_of(self._definition, self._arguments, row) in self._compared):
            return False
        value = told_value(row)
        return type(value) is str and is_plain(value, self._known)
