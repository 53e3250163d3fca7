"""A stand-in for the REST API of Kaspersky CyberTrace, versions 1.0 to 1.3.

Where the documents are silent, a choice was made, and always the stricter one: a value matches
exactly as it is stored (no normalisation, no case folding); the second of two equal values in
one body "doesn't exist"; values that are all missing are a 202; an empty array, an unknown
property and `unmark_detections` where it has no meaning are a 400; a body over the documented
maximum is a 400; a request without a tenant means the tenant General; a value is echoed as
valid JSON; only `DELETE suppliers/{supplier}` of a REST supplier succeeds; an answer to PUT has
the form of that to DELETE, and 64 MB are its maximum, too; a tag that does not exist makes its
indicator fail.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from .adding import INVALID, added
from .authentication import basic_user
from .bodies import malformed_addition, malformed_deletion, malformed_lookup, unreadable
from .exchange import Answer, Request
from .lookup import looked_up
from .values import is_indicator

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
BUILT_IN = ("InternalTI", "FalsePositive")
GENERAL = "General"

DELETED = "All indicators were successfully deleted from the database"
PARTLY = "An error occurred while deleting some of the indicators from the database"
FAILED = "An error occurred while deleting indicators from the database"
ADDED = "All indicators were successfully added to the database"
PARTLY_ADDED = "An error occurred while adding some of the indicators to the database"
NOT_ADDED = "An error occurred while adding indicators to the database"
MALFORMED = "The request has an incorrect format"
MISSING = "Indicator doesn't exist"

Supplier = dict[str, Any]
Operation = Callable[[Request, str, dict[str, Supplier], list[str]], Answer]


class CyberTrace:
    """Suppliers with their indicators, by tenant; seed: the section `cybertrace` of a seed."""

    def __init__(self, seed: Mapping[str, Any]) -> None:
        self._users = seed["users"]
        self._tenants: dict[str, dict[str, Supplier]] = {
            tenant: {name: _stored(supplier) for name, supplier in suppliers.items()}
            for tenant, suppliers in {GENERAL: seed["suppliers"], **seed["tenants"]}.items()
        }
        self._tags = seed["tags"]
        self._unmarked: list[str] = []
        self._failures = 0
        # Operations that CyberTrace has and this stand-in has not say so with a 501.
        self._operations: dict[tuple[str, ...], dict[str, Operation | None]] = {
            ("suppliers",): {"GET": self._list_suppliers, "POST": None},
            ("suppliers", "*"): {
                "GET": self._show_supplier,
                "DELETE": self._delete_supplier,
                "PUT": None,
            },
            ("suppliers", "*", "indicators"): {
                "DELETE": self._delete_indicators,
                "PUT": self._add_indicators,
            },
            ("lookup",): {"POST": self._lookup},
            ("tags",): {"GET": None, "POST": None},
            ("tags", "*"): {"GET": None, "PUT": None, "DELETE": None},
        }

    def state(self) -> dict[str, Any]:
        """Return what is left: General's suppliers, every tenant's; what was unmarked; failures.

        details: context and tags of the indicators that were added with some, by tenant. A failure
        is a request without the name and password of a user.
        """
        tenants = {
            tenant: {name: list(supplier["indicators"]) for name, supplier in suppliers.items()}
            for tenant, suppliers in self._tenants.items()
        }
        return {
            "suppliers": deepcopy(tenants[GENERAL]),
            "tenants": tenants,
            "details": self._details(),
            "unmarked": list(self._unmarked),
            "failures": self._failures,
        }

    def _details(self) -> dict[str, Any]:
        """Return what is known of indicators, without those of which nothing is."""
        return {
            tenant: {
                name: {value: deepcopy(kept) for value, kept in there.items() if kept}
                for name, supplier in suppliers.items()
                if any((there := supplier["indicators"]).values())
            }
            for tenant, suppliers in self._tenants.items()
        }

    def answer(self, request: Request) -> Answer:
        """Answer a request below /api."""
        user = basic_user(request, self._users)
        if user is None:
            self._failures += 1
            answer = _status(401, "Unauthorized", {"WWW-Authenticate": 'Basic realm="CyberTrace"'})
        else:
            answer = self._route(request, user["role"])
        date = datetime.now(timezone.utc).strftime("%a, %d %b %Y %H:%M:%S UTC")
        return Answer(
            answer.status, answer.document, {"Date": date, **answer.headers}, answer.reason
        )

    def _route(self, request: Request, role: str) -> Answer:
        version, *path = request.path[1:] or [""]
        named = version == "1.3" and bool(path) and not self._known(path)
        tenant = path.pop(0) if named else GENERAL
        methods = self._operations.get(_shape(path))
        # The one request that REST API 1.3 has below a tenant only.
        missing = path == ["lookup"] and version == "1.3" and not named
        if version not in VERSIONS or methods is None or tenant not in self._tenants or missing:
            return _status(404, f"Unknown request: {request.method} {request.raw_path}")
        if request.method not in methods:
            return _status(405, f"{request.method} is not allowed", {"Allow": ", ".join(methods)})
        if request.media_type("Accept")[0] != "application/json":
            return _status(406, "Accept must be application/json")
        operation = methods[request.method]
        if operation is None:
            return _status(501, "The sandbox does not offer this operation of CyberTrace")
        if role == "analyst" and request.method != "GET" and path != ["lookup"]:
            return _status(403, "The role Analyst has no right to do this")
        return operation(request, version, self._tenants[tenant], path)

    def _known(self, path: list[str]) -> bool:
        return (path[0],) in self._operations

    def _lookup(
        self, request: Request, _version: str, suppliers: dict[str, Supplier], _path: list[str]
    ) -> Answer:
        problem = unreadable(request) or malformed_lookup(request.document)
        if problem:
            return _status(400, f"{MALFORMED}: {problem}")
        return Answer(200, [looked_up(row["object"], suppliers) for row in request.document])

    def _list_suppliers(
        self, _request: Request, _version: str, suppliers: dict[str, Supplier], _path: list[str]
    ) -> Answer:
        rows = [{"name": name, "status": row["status"]} for name, row in suppliers.items()]
        return Answer(200, rows)

    def _show_supplier(
        self, _request: Request, _version: str, suppliers: dict[str, Supplier], path: list[str]
    ) -> Answer:
        supplier = suppliers.get(path[1])
        if supplier is None:
            return _no_supplier(path[1])
        fields = {name: value for name, value in supplier.items() if name not in _INTERNAL}
        return Answer(200, [{"name": path[1], **fields}])

    def _delete_supplier(
        self, _request: Request, _version: str, suppliers: dict[str, Supplier], path: list[str]
    ) -> Answer:
        if path[1] in BUILT_IN:
            return _status(400, f"{path[1]} is a reserved supplier")
        if suppliers.pop(path[1], None) is None:
            return _no_supplier(path[1])
        return _status(201, "The supplier was successfully deleted", reason="OK")

    def _add_indicators(
        self, request: Request, version: str, suppliers: dict[str, Supplier], path: list[str]
    ) -> Answer:
        document = request.document
        problem = unreadable(request) or malformed_addition(document, version, path[1])
        if problem:
            return _status(400, f"{MALFORMED}: {problem}")
        supplier = suppliers.get(path[1])
        if supplier is None:
            return _no_supplier(path[1])
        if supplier["broken"]:
            return _status(500, NOT_ADDED)
        reasons = [(row, added(row, supplier["indicators"], self._tags)) for row in document]
        errors = [{"indicator": row["indicator"], "reason": why} for row, why in reasons if why]
        if errors:
            document = [{"status": PARTLY_ADDED, "error_indicators": errors}]
            return Answer(202, document, reason="Partial success")
        return _status(201, ADDED)

    def _delete_indicators(
        self, request: Request, version: str, suppliers: dict[str, Supplier], path: list[str]
    ) -> Answer:
        document = request.document
        problem = unreadable(request) or malformed_deletion(document, version, path[1])
        if problem:
            return _status(400, f"{MALFORMED}: {problem}")
        supplier = suppliers.get(path[1])
        if supplier is None:
            return _no_supplier(path[1])
        if supplier["broken"]:
            return _status(500, FAILED)
        errors = []
        for row in document:
            value = row["indicator"]
            if value in supplier["indicators"]:
                del supplier["indicators"][value]
                if row.get("unmark_detections"):
                    self._unmarked.append(value)
            else:
                reason = MISSING if is_indicator(value) else INVALID
                errors.append({"indicator": value, "reason": reason})
        if errors:
            document = [{"status": PARTLY, "error_indicators": errors}]
            return Answer(202, document, reason="Partial success")
        return _status(201, DELETED, reason="OK")


_INTERNAL = ("indicators", "broken")


def _stored(supplier: Mapping[str, Any]) -> Supplier:
    return {**supplier, "indicators": {value: {} for value in supplier["indicators"]}}


def _shape(path: list[str]) -> tuple[str, ...]:
    return tuple("*" if place == 1 else part for place, part in enumerate(path))


def _no_supplier(name: str) -> Answer:
    return _status(404, f"The supplier {name} does not exist or is not managed by the REST API")


def _status(
    code: int, text: str, headers: Mapping[str, str] | None = None, reason: str | None = None
) -> Answer:
    return Answer(code, [{"status": text}], headers or {}, reason)
