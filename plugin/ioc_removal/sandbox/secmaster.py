"""A stand-in for the indicator operations of Huawei Cloud SecMaster.

Where the documents are silent, a choice was made: an id that is not there goes to `error_ids`;
an id given twice counts once; a missing or empty `batch_ids` deletes nothing; `size` is the
length of a page and `page` its number from 1; an unknown project is SecMaster.20030002.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .authentication import Gateway, RefusedError
from .exchange import Answer, Request
from .huawei import answered, gateway_error, identify, no_such_api, unauthenticated
from .indicators import created, update, wrong_field
from .search import SearchError, search

MOST_IDS = 999
SUCCESS = "00000000"


class SecMaster:
    """Workspaces of indicators.

    seed: the section `secmaster` of a seed; project_id: the one project that exists.
    """

    def __init__(self, seed: Mapping[str, Any], project_id: str, gateway: Gateway) -> None:
        self._project_id = project_id
        self._gateway = gateway
        self._workspaces: dict[str, dict[str, dict[str, Any]]] = {
            workspace: {row["id"]: row for row in rows}
            for workspace, rows in seed["workspaces"].items()
        }

    def state(self) -> dict[str, Any]:
        """Return the indicators that are left, by workspace."""
        return {
            "workspaces": {
                workspace: deepcopy(list(rows.values()))
                for workspace, rows in self._workspaces.items()
            }
        }

    def answer(self, request: Request) -> Answer:
        """Answer a request below /v1/{project_id}/workspaces."""
        try:
            caller = identify(self._gateway, request)
        except RefusedError as refused:
            return unauthenticated(refused)
        return caller if isinstance(caller, Answer) else self._route(request, caller)

    def _route(self, request: Request, caller: Mapping[str, Any]) -> Answer:
        _, project_id, _, *path = request.path
        if path[1:3] != ["soc", "indicators"] or len(path) > 4:
            return no_such_api(request)
        rest = (request.method, *("search" if part == "search" else "*" for part in path[3:]))
        if rest not in _PLACES:
            return no_such_api(request)
        if caller.get("role") == "reader" and rest in _WRITING:
            return gateway_error(403, "APIGW.0302", "Incorrect IAM authentication information")
        if request.media_type("content-type") not in _TYPES:
            return _refusal(400, "20040001", "Parameter error.")
        if {project_id, caller.get("project_id", project_id)} != {self._project_id}:
            return _refusal(400, "20030002", "Invalid project ID.")
        rows = self._workspaces.get(path[0])
        if rows is None:
            return _refusal(403, "20010001", "Invalid workspace ID.")
        return _operated(request, rest, path, rows)


_WRITING = (("DELETE",), ("POST",), ("PUT", "*"), ("PUT", "search"))
_PLACES = (*_WRITING, ("POST", "search"), ("GET", "*"), ("GET", "search"))
_TYPES = [("application/json", charset) for charset in ("", "utf-8", "utf8")]


def _operated(
    request: Request, rest: tuple[str, ...], path: list[str], rows: dict[str, dict[str, Any]]
) -> Answer:
    match rest:
        case ("DELETE",):
            return _delete(request, rows)
        case ("POST",):
            return _create(request, rows, path[0], request.path[1])
        case ("PUT", _):
            return _update(request, path[3], rows)
        case ("POST", "search"):
            return _search(request, rows)
    return _show(path[3], rows)


def _delete(request: Request, rows: dict[str, dict[str, Any]]) -> Answer:
    body = request.document
    ids = body.get("batch_ids", []) if isinstance(body, dict) else None
    if not isinstance(ids, list) or len(ids) > MOST_IDS:
        return _refusal(400, "20040001", "Parameter error.")
    if not all(isinstance(one, str) and 32 <= len(one) <= 64 for one in ids):
        return _refusal(400, "20040001", "Parameter error.")
    distinct = list(dict.fromkeys(ids))
    success = [one for one in distinct if rows.pop(one, None) is not None]
    done = set(success)
    data = {"success_ids": success, "error_ids": [one for one in distinct if one not in done]}
    return answered(200, {"code": SUCCESS, "message": "", "data": data})


def _create(
    request: Request, rows: dict[str, dict[str, Any]], workspace: str, project: str
) -> Answer:
    if wrong := wrong_field(request.document, whole=True):
        return _refusal(400, "20040001", f"Parameter error. {wrong}")
    fields = request.document["data_object"]
    if fields["workspace_id"] != workspace:
        return _refusal(400, "20040001", "Parameter error. workspace_id")
    row = created(fields, workspace, project)
    rows[row["id"]] = row
    return answered(200, {"code": SUCCESS, "message": "", "data": row})


def _update(request: Request, indicator_id: str, rows: dict[str, dict[str, Any]]) -> Answer:
    if wrong := wrong_field(request.document, whole=False):
        return _refusal(400, "20040001", f"Parameter error. {wrong}")
    row = rows.get(indicator_id)
    if row is None:
        return _refusal(400, "20030005", "Failed to get data object.")
    update(row, request.document["data_object"])
    return answered(200, {"code": SUCCESS, "message": "", "data": row})


def _search(request: Request, rows: Mapping[str, dict[str, Any]]) -> Answer:
    try:
        page = search(request.document, list(rows.values()))
    except SearchError as error:
        return _refusal(400, "20040001", f"Parameter error. {error}")
    return answered(200, {"code": SUCCESS, "message": "", **page})


def _show(indicator_id: str, rows: Mapping[str, dict[str, Any]]) -> Answer:
    row = rows.get(indicator_id)
    if row is None:
        return _refusal(400, "20030005", "Failed to get data object.")
    # The documented sample of this operation has the number 0, and not a string, as its code.
    return answered(200, {"code": 0, "message": "", "data": row})


def _refusal(status: int, code: str, message: str) -> Answer:
    return answered(status, {"code": f"SecMaster.{code}", "message": message})
