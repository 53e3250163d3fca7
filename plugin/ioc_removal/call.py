"""An action's operation on a connection, as its handler sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .answer import Answer
from .connection import Connection
from .endpoint import Endpoint
from .errors import ApiError, ClosedError, ResponseError, TransportError
from .schema import Schema, outputs_of

# Codes with which Huawei's WAF says in a 400 what others say in a 401 or a 403.
NOT_AUTHENTICATED = frozenset({"WAF.00012001"})
NOT_PERMITTED = frozenset({"WAF.00012003"})


@dataclass(frozen=True)
class Call:
    """What a handler may do: send its own request, and read through the actions named with it.

    answers: schemas of the documented answers by status; resend: whether a request whose answer
    was lost is sent once more, which a handler that can settle it by reading does not want;
    reads: bound read actions by name.
    """

    action: str
    endpoint: Endpoint
    connection: Connection
    answers: Mapping[int, Schema] = field(default_factory=dict)
    resend: bool = True
    reads: Mapping[str, Callable[..., list[dict[str, Any]]]] = field(default_factory=dict)

    @property
    def api_version(self) -> str | None:
        """The version of the API that the connection speaks."""
        return self.connection.api_version

    @property
    def tenant(self) -> Mapping[str, str]:
        """The connection's tenant as a part of the target; empty when there is none."""
        return {"tenant": self.connection.tenant} if self.connection.tenant else {}

    def send(
        self,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        body: object = None,
    ) -> Answer:
        """Send one request and return its 2xx answer.

        A 401 closes the connection for this run, a 403 this operation at this target.
        Raises ClosedError, TransportError, ApiError, ResponseError.
        """
        path, query = path or {}, query or {}
        try:
            return self._try(path, query, body)
        except TransportError as error:
            if not (error.sent and self.resend):
                raise
            lost = error
        try:
            again = self._try(path, query, body)
        except ClosedError:
            raise lost from None  # what was sent may have been carried out
        except (TransportError, ApiError, ResponseError) as error:
            error.attempts += lost.attempts
            if isinstance(error, TransportError):
                error.sent = True
            elif isinstance(error, ApiError):
                error.unclear = True
            raise
        return replace(again, attempts=again.attempts + lost.attempts, unclear=True)

    def documented(self, answer: Answer) -> Any:
        """Return the body of an answer that is as documented; raises ResponseError if not."""
        schema = self.answers.get(answer.status)
        if schema is None:
            raise answer.undocumented("a status that is not documented")
        for problem in schema.problems(answer.body):
            raise answer.undocumented(f"not the documented answer: {problem}")
        return answer.body

    def outputs(self, answer: Answer) -> dict[str, Any]:
        """Return the documented response fields of an answer, by their output names."""
        schema = self.answers.get(answer.status)
        return answer.quotes.fields(outputs_of(schema.part, answer.body)) if schema else {}

    def read(self, name: str, **arguments: Any) -> list[dict[str, Any]]:
        """Return the rows of a read action named in this action's definition."""
        return self.reads[name](**arguments)

    def _try(
        self, path: Mapping[str, str], query: Mapping[str, str | int | None], body: object
    ) -> Answer:
        """Send in turn; what a refusal closes is closed before another request has its turn."""
        target = (self.action, tuple(path.values()))
        with self.connection.turn(target):
            try:
                answer = self.endpoint.send(self.connection.wire, path=path, query=query, body=body)
            except ApiError as error:
                if error.status == 401 or error.code in NOT_AUTHENTICATED:
                    self.connection.close(f"the connection was closed after: {error}")
                elif error.status == 403 or error.code in NOT_PERMITTED:
                    self.connection.close(f"not sent after: {error}", target)
                    self.connection.accept()
                elif error.status < 500:
                    self.connection.accept()
                raise
            self.connection.accept()
            return answer
