"""What a schema says of an action's properties beside what they may be."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any


class MarkedProperties:
    """Properties of a schema by the marks that they have.

    part: the schema, an object.
    """

    part: Mapping[str, Any]

    @cached_property
    def of_connection(self) -> tuple[str, ...]:
        """Those that the settings of a connection give ("x-connection")."""
        return self._marked("x-connection")

    @cached_property
    def for_guards(self) -> tuple[str, ...]:
        """Those that no request carries, as they are for the guards ("x-guard")."""
        return self._marked("x-guard")

    def _marked(self, mark: str) -> tuple[str, ...]:
        rules = self.part.get("properties", {}).items()
        return tuple(name for name, rule in rules if rule.get(mark))
