"""Durations, as the settings write them: 30m, 24h, 7d."""

from datetime import timedelta

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration_of(text: str) -> timedelta:
    """Return a duration that schemas/settings.json accepted."""
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})
