"""The systems behind one address, their faults, and what was asked of them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any

from .authentication import Gateway
from .cybertrace import CyberTrace
from .exchange import Answer, Request
from .expansion import expanded
from .faults import Faults
from .huawei import no_such_api
from .iam import Iam
from .secmaster import SecMaster
from .waf import Waf


class Systems:
    """CyberTrace, SecMaster, WAF and IAM, for one thread at a time.

    seed: complete (seed.py merges it). requests: what was asked so far, a row each. late: what
    is to be called so many seconds later, a system that acts after it has answered.
    """

    def __init__(self, seed: Mapping[str, Any]) -> None:
        rows = expanded(seed)
        self.iam = Iam(rows["huawei"])
        self._gateway = Gateway(rows["huawei"]["auth"], self.iam)
        project_id = rows["huawei"]["project_id"]
        self._systems: dict[str, CyberTrace | SecMaster | Waf | Iam] = {
            "cybertrace": CyberTrace(rows["cybertrace"]),
            "secmaster": SecMaster(rows["secmaster"], project_id, self._gateway),
            "waf": Waf(rows["waf"], project_id, self._gateway),
            "iam": self.iam,
        }
        self.faults = Faults(seed["faults"], self.iam.expire_tokens)
        self.requests: list[dict[str, Any]] = []
        self.late: list[tuple[float, Callable[[], None]]] = []

    def state(self) -> dict[str, Any]:
        """Return what each system holds, and what the gateway counted."""
        holding = {
            name: one.state() for name, one in self._systems.items() if not isinstance(one, Iam)
        }
        return {**holding, "huawei": self._gateway.state()}

    def answer(self, request: Request) -> Answer:
        """Answer a request to any of them, and note it."""
        name = _system_of(request.path)
        own: list[Answer] = []
        act = partial(self._act, name, request, own)
        answer, fault = self.faults.strike(name, request, act)
        row = {
            "number": len(self.requests) + 1,
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "system": name,
            "method": request.method,
            "target": request.target,
            "headers": dict(request.headers.items()),
            "body": request.document,
            "status": answer.status if answer.delivery.answers else None,
            "request_id": answer.headers.get("X-request-id"),
            **_truth(own),
            "fault": fault,
        }
        self.requests.append(row)
        seconds = answer.delivery.acts_after
        if seconds is not None:
            self.late.append((seconds, partial(self._act_late, act, own, row)))
        return answer

    def _act_late(self, act: Callable[[], Answer], own: list[Answer], row: dict[str, Any]) -> None:
        """Let a system act on a request that was answered before, and note it."""
        act()
        row.update(_truth(own))

    def _act(self, name: str | None, request: Request, own: list[Answer]) -> Answer:
        """Let a system act, and note that it did."""
        if name is None:
            return no_such_api(request)
        own.append(self._systems[name].answer(request))
        return own[0]


def _truth(own: list[Answer]) -> dict[str, Any]:
    return {"acted": bool(own), "system_status": own[0].status if own else None}


def _system_of(path: list[str]) -> str | None:
    match path:
        case ["api", *_]:
            return "cybertrace"
        case ["v1", _, "workspaces", _, *_]:
            return "secmaster"
        case ["v1", _, "waf", *_]:
            return "waf"
        case ["v3", "auth", "tokens", *_]:
            return "iam"
    return None
