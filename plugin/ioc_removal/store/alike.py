"""Write rows that have most of their columns in common, a hundred a statement.

A statement of its own for each row takes twice as long: it begins anew, and binds all its columns.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from .statements import Transaction

AT_ONCE = (100, 25, 5)  # rows of a statement, within the fewest parameters of a build of SQLite


class AlikeRows:
    """Rows of a table.

    shared, own: its columns with their types, those that rows have in common and the others; then:
    what the statement ends with.
    """

    def __init__(
        self, table: str, shared: Mapping[str, str], own: Mapping[str, str], then: str = ""
    ) -> None:
        columns, places = ", ".join((*shared, *own)), ", ".join("?" * (len(shared) + len(own)))
        self._one = f"INSERT INTO {table} ({columns}) VALUES ({places}) {then}"  # noqa: S608
        # PostgreSQL takes the types from the first row.
        first = ", ".join(f"CAST(? AS {kind})" for kind in own.values())
        other = f", ({', '.join('?' * len(own))})"
        self._many = {
            size: (
                f"INSERT INTO {table} ({columns}) SELECT"  # noqa: S608
                f" {', '.join(f'CAST(? AS {kind})' for kind in shared.values())}, own.*"
                f" FROM (VALUES ({first}){other * (size - 1)}) own WHERE true {then}"
            )
            for size in AT_ONCE
        }
        values = (f"CAST(own ->> {at} AS {kind})" for at, kind in enumerate(own.values()))
        self._json = (
            f"INSERT INTO {table} ({columns}) SELECT"  # noqa: S608
            f" {', '.join(f'CAST(? AS {kind})' for kind in shared.values())}, {', '.join(values)}"
            f" FROM jsonb_array_elements(CAST(? AS jsonb)) own {then}"
        )

    def insert(
        self, connection: Transaction, shared: Sequence[Any], own: Sequence[Sequence[Any]]
    ) -> None:
        """Write some rows; shared, own: the values of the columns."""
        if getattr(connection, "takes_json", False):  # hundreds of values take it longer
            connection.execute(self._json, [*shared, json.dumps(own)])
            return
        start = 0
        for size, query in self._many.items():
            while start + size <= len(own):
                portion = own[start : start + size]
                connection.execute(query, [*shared, *chain.from_iterable(portion)])
                start += size
        if start < len(own):
            connection.executemany(self._one, [(*shared, *row) for row in own[start:]])
