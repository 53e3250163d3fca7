"""Huawei Cloud SecMaster: one function a request.

Source: https://support.huaweicloud.com/intl/en-us/api-secmaster/DeleteIndicator.html
"""

from collections.abc import Sequence
from typing import Any

from ..call import Call
from ..errors import ApiError
from ..outcome import ABSENT, REMOVED, UNKNOWN, Outcome
from ..refusals import MISSING
from .secmaster_search import rows_of_ids, rows_of_values


def delete_threat_indicators(
    call: Call, project_id: str, workspace_id: str, batch_ids: Sequence[str]
) -> list[Outcome]:
    """DELETE .../workspaces/{workspace_id}/soc/indicators."""
    answer = call.send(
        path={"project_id": project_id, "workspace_id": workspace_id},
        body={"batch_ids": list(batch_ids)},
    )
    data = call.documented(answer)["data"]
    removed = set(data.get("success_ids") or ()) - set(data.get("error_ids") or ())
    return [
        Outcome(
            REMOVED if id_ in removed else UNKNOWN,
            {"workspace_id": workspace_id, **call.place},
            id=id_,
            reason=None if id_ in removed else "the answer does not say that it is deleted",
            http_status=answer.status,
            request_id=answer.request_id,
            attempts=answer.attempts,
            response=call.outputs(answer),
        )
        for id_ in batch_ids
    ]


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
        if error.about != MISSING:
            raise
        return [{**known, "outcome": ABSENT, "reason": error.said}]
    said = call.documented(answer)["data"]
    if said["id"] != indicator_id:
        raise answer.undocumented(f"it speaks of indicator {said['id']!r}")
    schema = call.answers[answer.status].part["properties"]["data"]
    return [{**call.row(schema, said), **known}]
