"""Where the credentials of a connection stand, for messages when they are refused."""

from collections.abc import Sequence
from typing import Any


def place_of(name: str, own: Any) -> str | None:
    """Say where the file has the credentials of a connection; None if it has none."""
    auth = own.get("auth") if isinstance(own, dict) else None
    if isinstance(auth, str):
        return f"credentials.{auth}"
    return f"connections.{name}.auth" if auth else None


def origin_of(variables: Sequence[str], place: str | None, source: str) -> str:
    """Say where credentials stand: in the file, in variables of the environment, or in both."""
    told = " and ".join(variables)
    if told and (not place or any(name.endswith(("_AUTH", "_AUTH_TYPE")) for name in variables)):
        return told
    return f"{told} over {place} of {source}" if told else f"{place} of {source}"
