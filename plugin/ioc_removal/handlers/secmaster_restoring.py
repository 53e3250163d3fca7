"""How outcomes of SecMaster are undone, from the rows that a search gave before.

Source: https://support.huaweicloud.com/intl/en-us/api-secmaster/CreateIndicator.html
"""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError
from ..restoring import Restoring, left_out, without_none
from .secmaster_written import UNKNOWN_FORM, as_written, spelled

# What the new indicator has of its own, or has from the workspace.
_OF_ITS_OWN = frozenset({"id", "create_time", "update_time", "workspace_id", "project_id"})
LONGEST_VALUE = 128


def create_indicator_again(
    row: Mapping[str, Any], given: Mapping[str, Any], fields: Mapping[str, Any]
) -> Restoring:
    """Return how an indicator that was deleted is created again, with another id."""
    snapshot = _snapshot_of(row)
    shown = {key: value for key, value in snapshot["data_object"].items() if value is not None}
    if snapshot.get("name"):
        shown.setdefault("name", snapshot["name"])
    known = fields["data_object"]["properties"]
    written, odd = as_written(shown, known)
    if "name" not in written and isinstance(written.get("value"), str):
        written["name"] = written["value"][: known["name"]["maxLength"]]
        odd = [text for text in odd if text != f"its name, {UNKNOWN_FORM}"]
        odd.append("its name, in place of which it has its value")
    lost = [
        f"its {name}, which no new indicator takes"
        for name in sorted(left_out(shown, known, _OF_ITS_OWN))
    ]
    if len(str(written.get("value", ""))) > LONGEST_VALUE:
        lost.append(
            f"perhaps its value: a new indicator takes {LONGEST_VALUE} characters by document"
        )
    return Restoring(
        _place(row, given) | {"data_object": written},
        not_restored=(
            "its id, in place of which it has a new one",
            "when it was created and last changed",
            *odd,
            *lost,
        ),
    )


def delete_created_indicator(
    row: Mapping[str, Any], given: Mapping[str, Any], _fields: Mapping[str, Any]
) -> Restoring:
    """Return how an indicator that was created is deleted."""
    return Restoring(_place(row, given) | {"batch_ids": [_id_of(row)]})


def set_indicator_status_again(
    row: Mapping[str, Any], given: Mapping[str, Any], fields: Mapping[str, Any]
) -> Restoring:
    """Return how an indicator gets the status that it had."""
    status = spelled(_snapshot_of(row)["data_object"].get("status"), fields["status"])
    if not isinstance(status, str):
        raise ArgumentError("it cannot be put back: its snapshot does not show its status")
    arguments = _place(row, given) | {"indicator_id": row["id"], "status": status}
    return Restoring(arguments, not_restored=("when it was last changed",))


def _place(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    snapshot = row.get("snapshot")
    shown = snapshot.get("project_id") if isinstance(snapshot, Mapping) else None
    project = given.get("project_id") or shown
    return without_none({"project_id": project, "workspace_id": row["workspace_id"]})


def _snapshot_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    snapshot = row.get("snapshot")
    if not isinstance(snapshot, Mapping) or not isinstance(snapshot.get("data_object"), Mapping):
        raise ArgumentError("it cannot be put back: no snapshot tells what it was")
    return snapshot


def _id_of(row: Mapping[str, Any]) -> str:
    if not row.get("id"):
        raise ArgumentError("it cannot be taken away again: its id is not known")
    return str(row["id"])
