"""Huawei Cloud SecMaster: one function a request.

Source: https://support.huaweicloud.com/intl/en-us/api-secmaster/DeleteIndicator.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..call import Call
from ..errors import ApiError, PluginError, TransportError
from ..outcome import ABSENT, FAILED, REMOVED, UNKNOWN, Outcome
from ..schema import outputs_of
from .secmaster_search import rows_of_ids, rows_of_values

SEARCH = "secmaster-indicators-search"
# "Get data object failed": Huawei's own Terraform provider takes it for "there is no such id".
NOT_THERE = "SecMaster.20030005"


def delete_threat_indicators(
    call: Call, project_id: str, workspace_id: str, batch_ids: Sequence[str]
) -> list[Outcome]:
    """DELETE .../workspaces/{workspace_id}/soc/indicators."""
    path = {"project_id": project_id, "workspace_id": workspace_id}
    target = {"workspace_id": workspace_id}
    try:
        answer = call.send(path=path, body={"batch_ids": list(batch_ids)})
    except (TransportError, ApiError) as error:
        if not _lost(error):
            raise
        found = _settled(call, path, batch_ids, str(error))
        facts: dict[str, Any] = {"attempts": error.attempts}
        if isinstance(error, ApiError):
            facts.update(http_status=error.status, request_id=error.request_id)
        return [_outcome(id_, target, found[id_], facts) for id_ in batch_ids]
    data = call.documented(answer)["data"]
    succeeded, failed = set(data.get("success_ids") or ()), set(data.get("error_ids") or ())
    found = dict.fromkeys(batch_ids, (REMOVED, None))
    if open_ids := [id_ for id_ in batch_ids if id_ not in succeeded or id_ in failed]:
        found.update(_settled(call, path, open_ids, "the answer does not say that it is deleted"))
    facts = {
        "http_status": answer.status,
        "attempts": answer.attempts,
        "request_id": answer.request_id,
        "response": call.outputs(answer),
    }
    return [_outcome(id_, target, found[id_], facts) for id_ in batch_ids]


def search_indicators(
    call: Call,
    project_id: str,
    workspace_id: str,
    values: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """POST .../workspaces/{workspace_id}/soc/indicators/search."""
    path = {"project_id": project_id, "workspace_id": workspace_id}
    rows = rows_of_values(call, path, values) if values else rows_of_ids(call, path, ids or ())
    return [{**row, "workspace_id": workspace_id} for row in rows]


def get_indicator(
    call: Call, project_id: str, workspace_id: str, indicator_id: str
) -> list[dict[str, Any]]:
    """GET .../workspaces/{workspace_id}/soc/indicators/{indicator_id}."""
    path = {"project_id": project_id, "workspace_id": workspace_id, "indicator_id": indicator_id}
    known = {"id": indicator_id, "workspace_id": workspace_id}
    try:
        answer = call.send(path=path)
    except ApiError as error:
        if error.code != NOT_THERE:
            raise
        return [{**known, "outcome": ABSENT, "reason": str(error)}]
    said = call.documented(answer)["data"]
    if said["id"] != indicator_id:
        raise answer.undocumented(f"it speaks of indicator {said['id']!r}")
    schema = call.answers[answer.status].part["properties"]["data"]
    return [{**outputs_of(schema, said), **known}]


def _lost(error: TransportError | ApiError) -> bool:
    """Tell whether the ids may be deleted although no answer says so."""
    if isinstance(error, TransportError):
        return error.sent
    return error.unclear or error.status >= 500


def _settled(
    call: Call, path: Mapping[str, str], ids: Sequence[str], cause: str
) -> dict[str, tuple[str, str | None]]:
    """Settle by a search by ids: still there is failed, gone is absent, else unknown."""
    try:
        rows = call.read(SEARCH, **path, ids=list(ids))
    except PluginError as error:
        return dict.fromkeys(ids, (UNKNOWN, f"{cause}; and it could not be checked: {error}"))
    settled: dict[str, tuple[str, str | None]] = {}
    for row in rows:
        match row.get("outcome"):
            case None:
                settled[row["id"]] = (FAILED, f"{cause}; it is still there")
            case "absent":
                settled[row["id"]] = (ABSENT, f"{cause}; it is gone")
            case _:
                settled[row["id"]] = (UNKNOWN, f"{cause}; and {row['reason']}")
    return settled


def _outcome(
    id_: str, target: Mapping[str, str], found: tuple[str, str | None], facts: Mapping[str, Any]
) -> Outcome:
    outcome, reason = found
    return Outcome(outcome, target, id=id_, reason=reason, maybe_ours=outcome == ABSENT, **facts)
