"""When a schedule is due: the door to croniter.

Where clocks are set forward, a time that does not come is due when they were; where they are set
back, a time that comes twice is due twice.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, CroniterError, croniter

from ..errors import ArgumentError

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
RANDOM = re.compile(r"(?i)(?<![a-z])[hr](?![a-z])")  # croniter takes these for a number by chance
MOST = 1_000  # ticks that are counted


class Cron:
    """The ticks of an expression in a time zone; raises ArgumentError, which names the field."""

    def __init__(self, expression: str, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ArgumentError(
                f"--timezone {zone}: there is no such time zone; it is one of the IANA database, "
                "such as Europe/Berlin or UTC"
            ) from None
        self.expression = _checked(expression)
        try:
            croniter(self.expression, datetime(2024, 1, 1, tzinfo=self._zone)).get_next(datetime)
        except CroniterBadDateError:
            raise ArgumentError(f"--cron {expression!r}: no such day ever comes") from None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first tick after a moment, in UTC."""
        return self._utc(self._from(moment).get_next(datetime))

    def newest(self, moment: datetime) -> datetime:
        """Return the newest tick up to a moment, and at it, in UTC."""
        first = self._from(moment)
        after = self._utc(first.get_next(datetime))
        return self._utc(self._from(after).get_prev(datetime))

    def between(self, after: datetime, before: datetime) -> list[datetime]:
        """Return the ticks after a moment and before another, the first of them."""
        found: list[datetime] = []
        for tick in self._ticks(after):
            if tick >= before or len(found) == MOST:
                break
            found.append(tick)
        return found

    def _ticks(self, after: datetime) -> Iterator[datetime]:
        walk = self._from(after)
        while True:
            yield self._utc(walk.get_next(datetime))

    def _from(self, moment: datetime) -> croniter:
        return croniter(self.expression, moment.astimezone(self._zone))

    def _utc(self, moment: datetime) -> datetime:
        return moment.astimezone(timezone.utc)


def _checked(expression: str) -> str:
    """Return an expression of five fields; raises ArgumentError."""
    text = NAMED.get(expression.strip().lower(), expression)
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise ArgumentError(
            f"--cron {expression!r}: it has {len(fields)} fields and needs five: "
            f"{', '.join(FIELDS)}, such as '0 3 * * *'; or {', '.join(NAMED)}"
        )
    for at, (field, name) in enumerate(zip(fields, FIELDS, strict=True)):
        alone = " ".join(field if at == place else "*" for place in range(len(FIELDS)))
        try:
            wrong = bool(RANDOM.search(field))
            croniter.expand(alone)
        except (CroniterError, ValueError, KeyError, TypeError, IndexError):
            wrong = True
        if wrong:
            raise ArgumentError(f"--cron {expression!r}: {name}: {field!r} is none")
    return " ".join(fields)
