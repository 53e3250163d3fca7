"""Points in time on the command line: 2024-05-01, 2024-05-01T09:15, 7d, 12h."""

import re
from datetime import datetime, timedelta, timezone

from ..errors import ArgumentError

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(option: str, text: str, *, whole: bool = False) -> str:
    """Return a point in time as the store writes it; without an offset it is UTC.

    option: its name, for messages; whole: whether a date alone is the end of that day. Raises
    ArgumentError.
    """
    try:
        if ago := re.fullmatch(r"(\d{1,6})([mhdw])", text.strip()):
            past = timedelta(**{UNITS[ago[2]]: int(ago[1])})
            when = datetime.now(timezone.utc) - past
        else:
            when = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
            when = when.replace(tzinfo=when.tzinfo or timezone.utc).astimezone(timezone.utc)
            when += timedelta(days=whole and len(text.strip()) == len("2024-05-01"))
    except (ValueError, OverflowError):
        raise ArgumentError(
            f"{option}: {text!r} is no time: write 2024-05-01, 2024-05-01T09:15, 7d, 12h or 90m"
        ) from None
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
