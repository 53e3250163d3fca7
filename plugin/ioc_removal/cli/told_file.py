"""The indicator file of the command line, which tells how many indicators it holds."""

from collections.abc import Callable
from typing import Any

from ..operations.inputs import IndicatorFile
from ..store.database import Database
from ..store.sets import StoredSet


class ToldFile(IndicatorFile):
    """An indicator file that tells how many indicators it holds, once it is read.

    format, column, to_ids_only: as of an IndicatorFile; told: called with that number.
    """

    def __init__(
        self,
        path: str,
        format: str | None,  # noqa: A002  # as the option is called
        column: str | None,
        to_ids_only: bool,
        told: Callable[[int], None],
    ) -> None:
        super().__init__(path, format, column, to_ids_only)
        self.told = told

    def read(self, database: Database, run: str) -> tuple[StoredSet, dict[str, Any]]:
        """Read the indicators into a set of the run; return it and the sums."""
        indicators, sums = super().read(database, run)
        self.told(len(indicators))
        return indicators, sums
