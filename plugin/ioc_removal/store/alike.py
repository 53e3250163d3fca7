"""Write rows that have most of their columns in common, a hundred a statement.

A statement of its own for each row takes twice as long: it begins anew, and binds all its columns.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from .statements import Transaction

AT_ONCE = 100  # rows of a statement, within the fewest parameters that a build of SQLite takes


class AlikeRows:
    """Rows of a table.

    shared, own: its columns with their types, those that rows have in common and the others.
    """

    def __init__(self, table: str, shared: Mapping[str, str], own: Mapping[str, str]) -> None:
        columns, places = ", ".join((*shared, *own)), ", ".join("?" * (len(shared) + len(own)))
        self._one = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
        # PostgreSQL takes the types from the first row.
        first = ", ".join(f"CAST(? AS {kind})" for kind in own.values())
        others = f", ({', '.join('?' * len(own))})" * (AT_ONCE - 1)
        self._many = (
            f"INSERT INTO {table} ({columns}) SELECT"  # noqa: S608
            f" {', '.join(f'CAST(? AS {kind})' for kind in shared.values())}, own.*"
            f" FROM (VALUES ({first}){others}) own"
        )

    def insert(
        self, connection: Transaction, shared: Sequence[Any], own: Sequence[Sequence[Any]]
    ) -> None:
        """Write some rows; shared, own: the values of the columns."""
        whole = len(own) - len(own) % AT_ONCE
        for start in range(0, whole, AT_ONCE):
            portion = own[start : start + AT_ONCE]
            connection.execute(self._many, [*shared, *chain.from_iterable(portion)])
        connection.executemany(self._one, [(*shared, *row) for row in own[whole:]])
