"""What another process may ask of a sandbox: /sandbox/…, outside of every system."""

from typing import Any, Protocol

from ..errors import ArgumentError
from .exchange import Answer, Request

OFFERED = (
    "GET /sandbox/requests, GET /sandbox/state, POST /sandbox/reset, GET, POST and DELETE "
    "/sandbox/faults, POST /sandbox/expire-tokens"
)


class Controlled(Protocol):
    """What is asked of a sandbox."""

    @property
    def requests(self) -> list[dict[str, Any]]: ...  # noqa: D102
    @property
    def faults(self) -> list[dict[str, Any]]: ...  # noqa: D102
    def state(self) -> dict[str, Any]: ...  # noqa: D102
    def reset(self) -> None: ...  # noqa: D102
    def behave(self) -> None: ...  # noqa: D102
    def expire_tokens(self) -> None: ...  # noqa: D102
    def misbehave(self, **fault: Any) -> int: ...  # noqa: D102


def control(sandbox: Controlled, request: Request) -> Answer:
    """Answer a request below /sandbox."""
    match request.method, request.path[1:]:
        case "GET", ["requests"]:
            return Answer(200, sandbox.requests)
        case "GET", ["state"]:
            return Answer(200, sandbox.state())
        case "GET", ["faults"]:
            return Answer(200, sandbox.faults)
        case "DELETE", ["faults"]:
            sandbox.behave()
            return Answer(200, {"cleared": True})
        case "POST", ["faults"]:
            return _add(sandbox, request.document)
        case "POST", ["reset"]:
            sandbox.reset()
            return Answer(200, {"reset": True})
        case "POST", ["expire-tokens"]:
            sandbox.expire_tokens()
            return Answer(200, {"expired": True})
    return Answer(404, {"error": f"the sandbox offers {OFFERED}"})


def _add(sandbox: Controlled, fault: Any) -> Answer:
    if not isinstance(fault, dict):
        return Answer(400, {"error": "the body must be a JSON object, one fault"})
    try:
        return Answer(200, {"number": sandbox.misbehave(**fault)})
    except ArgumentError as error:
        return Answer(400, {"error": str(error)})
