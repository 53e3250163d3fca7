"""One listening port that answers as CyberTrace, SecMaster and WAF, and remembers."""

from collections.abc import Mapping
from datetime import datetime, timezone
from threading import Lock
from typing import Any

from ..errors import ArgumentError
from .authentication import Gateway
from .cybertrace import CyberTrace
from .exchange import Answer, Request
from .expansion import expanded
from .faults import Faults
from .huawei import no_such_api
from .secmaster import SecMaster
from .seed import merged
from .server import Listener
from .settings import settings_for
from .waf import Waf

OFFERED = "GET /sandbox/requests, GET /sandbox/state, POST /sandbox/reset, POST /sandbox/faults"


class Sandbox:
    """Stand-ins for the three systems, listening on 127.0.0.1 while the context lasts.

    seed: what the systems hold (examples/sandbox-seed.yml shows every key); a key that is left
    out is filled from that example. port: 0 takes a free one.
    """

    def __init__(self, seed: Mapping[str, Any] | None = None, port: int = 0) -> None:
        self.seed = merged(seed or {})
        self._port = port
        self._lock = Lock()
        self._listener: Listener | None = None
        self._requests: list[dict[str, Any]] = []
        self._reset()

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to listen."""
        try:
            self._listener = Listener(self._port, self._answer)
        except (OSError, OverflowError) as error:
            raise ArgumentError(
                f"port {self._port}: cannot listen on 127.0.0.1: {error}"
            ) from error
        self._port = int(self._listener.server_address[1])
        self._listener.start()

    def stop(self) -> None:
        """Stop listening; requests, state and settings can still be read."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    @property
    def url(self) -> str:
        """The address of all three systems."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What was asked so far, in order, each with the status of its answer."""
        with self._lock:
            return list(self._requests)

    def state(self) -> dict[str, Any]:
        """Return what the systems hold now."""
        with self._lock:
            return self._state()

    def reset(self) -> None:
        """Go back to the seed and forget the requests."""
        with self._lock:
            self._reset()

    def misbehave(self, **fault: Any) -> None:
        """Add a fault: system, method, path, times, and status, body, headers, hang_up or delay."""
        with self._lock:
            self._faults.add(fault)

    def settings(self) -> dict[str, Any]:
        """Return settings for the plugin with credentials that this sandbox accepts."""
        return settings_for(self.seed, self.url)

    def _reset(self) -> None:
        seed = expanded(self.seed)
        gateway = Gateway(seed["huawei"]["auth"])
        project_id = seed["huawei"]["project_id"]
        self._systems: dict[str, CyberTrace | SecMaster | Waf] = {
            "cybertrace": CyberTrace(seed["cybertrace"]),
            "secmaster": SecMaster(seed["secmaster"], project_id, gateway),
            "waf": Waf(seed["waf"], project_id, gateway),
        }
        self._faults = Faults(self.seed["faults"])
        self._requests.clear()

    def _state(self) -> dict[str, Any]:
        return {name: system.state() for name, system in self._systems.items()}

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            if request.path[:1] == ["sandbox"]:
                return self._control(request)
            name = _system_of(request.path)
            answers = self._systems[name].answer if name else no_such_api
            answer = self._faults.strike(name, request, answers)
            self._requests.append(
                {
                    "number": len(self._requests) + 1,
                    "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
                    "system": name,
                    "method": request.method,
                    "target": request.target,
                    "headers": dict(request.headers.items()),
                    "body": request.document,
                    "status": None if answer.hang_up else answer.status,
                    "request_id": answer.headers.get("X-request-id"),
                }
            )
            return answer

    def _control(self, request: Request) -> Answer:
        match request.method, request.path[1:]:
            case "GET", ["requests"]:
                return Answer(200, list(self._requests))
            case "GET", ["state"]:
                return Answer(200, self._state())
            case "POST", ["reset"]:
                self._reset()
                return Answer(200, {"reset": True})
            case "POST", ["faults"]:
                return self._fault(request)
        return Answer(404, {"error": f"the sandbox offers {OFFERED}"})

    def _fault(self, request: Request) -> Answer:
        try:
            self._faults.add(request.document)
        except ArgumentError as error:
            return Answer(400, {"error": str(error)})
        return Answer(200, {"added": True})


def _system_of(path: list[str]) -> str | None:
    match path:
        case ["api", *_]:
            return "cybertrace"
        case ["v1", _, "workspaces", _, *_]:
            return "secmaster"
        case ["v1", _, "waf", *_]:
            return "waf"
    return None
