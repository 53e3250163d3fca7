"""Huawei Cloud SecMaster: one function a request.

Source: https://support.huaweicloud.com/intl/en-us/api-secmaster/DeleteIndicator.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..call import Call
from ..errors import ApiError
from ..outcome import ABSENT, ADDED, CHANGED, REMOVED, UNKNOWN, Outcome
from ..refusals import MISSING


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
    done = Outcome(
        REMOVED,
        {"workspace_id": workspace_id, **call.place},
        http_status=answer.status,
        request_id=answer.request_id,
        attempts=answer.attempts,
        response=call.outputs(answer),
    )
    silent = done.but(outcome=UNKNOWN, reason="the answer does not say that it is deleted")
    return [(done if id_ in removed else silent).same_of(id_=id_) for id_ in batch_ids]


def create_indicator(
    call: Call, project_id: str, workspace_id: str, data_object: Mapping[str, Any]
) -> list[Outcome]:
    """POST .../workspaces/{workspace_id}/soc/indicators."""
    answer = call.send(
        path={"project_id": project_id, "workspace_id": workspace_id},
        body={"data_object": {**data_object, "workspace_id": workspace_id}},
    )
    data, value = call.documented(answer)["data"], data_object["value"]
    if data["data_object"]["value"] != value:
        raise answer.undocumented(f"it speaks of {data['data_object']['value']!r}")
    return [
        Outcome(
            ADDED,
            {"workspace_id": workspace_id, **call.place},
            value=value,
            id=data["id"],
            http_status=answer.status,
            request_id=answer.request_id,
            attempts=answer.attempts,
            response=call.outputs(answer),
        )
    ]


def set_indicator_status(
    call: Call, project_id: str, workspace_id: str, indicator_id: str, status: str
) -> list[Outcome]:
    """PUT .../workspaces/{workspace_id}/soc/indicators/{indicator_id}."""
    path = {"project_id": project_id, "workspace_id": workspace_id, "indicator_id": indicator_id}
    answer = call.send(path=path, body={"data_object": {"status": status}})
    data = call.documented(answer)["data"]
    shown = data["id"], data["data_object"]["status"]
    if shown != (indicator_id, status):
        raise answer.undocumented(f"it speaks of indicator {shown[0]!r} with status {shown[1]!r}")
    return [
        Outcome(
            CHANGED,
            {"workspace_id": workspace_id, **call.place},
            id=indicator_id,
            http_status=answer.status,
            request_id=answer.request_id,
            attempts=answer.attempts,
            response=call.outputs(answer),
        )
    ]


def close_indicators(
    call: Call, project_id: str, workspace_id: str, batch_ids: Sequence[str]
) -> list[Outcome]:
    """PUT .../workspaces/{workspace_id}/soc/indicators/{indicator_id}, status Closed, of one id."""
    [indicator_id] = batch_ids
    return set_indicator_status(call, project_id, workspace_id, indicator_id, "Closed")


def search_indicators(
    call: Call,
    project_id: str,
    workspace_id: str,
    values: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
) -> Iterable[dict[str, Any]]:
    """POST .../workspaces/{workspace_id}/soc/indicators/search."""
    from .secmaster_search import rows_of_ids, rows_of_values  # with what sorts a whole list

    path = {"project_id": project_id, "workspace_id": workspace_id}
    rows = rows_of_values(call, path, values) if values else rows_of_ids(call, path, ids or ())
    return ({**row, "workspace_id": workspace_id} for row in rows)


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
