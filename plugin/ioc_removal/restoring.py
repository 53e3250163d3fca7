"""How what was done to one indicator is undone: by which arguments, and what is lost for good."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Restoring:
    """How an outcome is undone.

    arguments: of the action that undoes it; then: arguments of the action that follows on what the
    first one made, without its id, None where nothing follows; meanwhile: how what the first one
    made is until then; not_restored: what cannot be put back, a text each.
    """

    arguments: Mapping[str, Any]
    then: Mapping[str, Any] | None = None
    not_restored: tuple[str, ...] = field(default=())
    meanwhile: str = ""


def without_none(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments without those that are not known."""
    return {name: value for name, value in arguments.items() if value is not None}


def left_out(
    shown: Mapping[str, Any], known: Mapping[str, Any], own: Container[str], above: str = ""
) -> Iterator[str]:
    """Name the fields of a row that cannot be written, without those that say nothing.

    known: properties of a schema; own: fields that whatever is new has of its own.
    """
    for name, value in shown.items():
        if name not in known:
            silent = value is False or value in (None, "", [], {})
            if not silent and (above or name not in own):
                yield above + name
        elif isinstance(value, Mapping):
            yield from left_out(value, known[name].get("properties", {}), own, f"{above}{name}.")
