"""An action's operation on a connection, as its handler sees it."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from .answer import Answer, Came, outputs_of
from .connection import NEVER, Connection
from .endpoint import Endpoint
from .errors import ApiError, ClosedError, ResponseError, TransportError
from .events import told_request
from .heard import Heard
from .outcome import Rows
from .schema import Schema

LookUp = Callable[[Mapping[str, Any], Sequence[str]], Rows]


class Call(NamedTuple):
    """What a handler may do: send its own request, and read through the actions named with it.

    target: arguments of the path that name what a 403 closes, all of them if none;
    answers: schemas of the documented answers by status; look_up: asks the system which ids are
    there, given the arguments of the call and the ids, None where it cannot tell: then a request
    whose answer was lost is sent once more; reads: bound read actions by name; crashes: how often
    a 500 is tried again; tries: how often anything may be sent, None for the usual; raw: whether
    rows that are read keep what came, whole and whatever is odd in them; bare: whether they keep
    nothing else; once: whether what may have been carried out is never sent again, as it would be
    done twice; heard: where it is noted what came, None for nowhere.
    """

    action: str
    endpoint: Endpoint
    connection: Connection
    target: tuple[str, ...] = ()
    answers: Mapping[int, Schema] = MappingProxyType({})
    look_up: LookUp | None = None
    reads: Mapping[str, Callable[..., Rows]] = MappingProxyType({})
    crashes: int = 1
    tries: int | None = None
    raw: bool = False
    bare: bool = False
    once: bool = False
    heard: Heard | None = None

    @property
    def api_version(self) -> str | None:
        """The version of the API that the connection speaks; raises what asking for it raises."""
        return self.connection.api_version

    @property
    def tenant(self) -> Mapping[str, str]:
        """The connection's tenant as a part of the target; empty when there is none."""
        return {"tenant": self.connection.tenant} if self.connection.tenant else {}

    @property
    def place(self) -> Mapping[str, str]:
        """What the connection adds to a target: its tenant, and its node where it has several."""
        node = {"node": self.connection.node} if self.connection.node else {}
        return {**self.tenant, **node}

    def send(
        self,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        body: object = None,
    ) -> Answer:
        """Send one request and return its 2xx answer.

        A 401 closes the connection for this run, a 403 this operation at this target.
        Raises ClosedError, TransportError, ApiError, ResponseError, HungUpError.
        """
        path, query = path or {}, query or {}
        try:
            answer = self._try(path, query, body)
        except TransportError as error:
            spent = self.tries is not None and error.attempts >= self.tries
            if self.look_up is not None or self.once or spent or not error.sent:
                raise
            answer = _again(error, lambda: self._try(path, query, body))
        if self.heard is not None:
            self.heard.doubtful |= not answer.plain
        return answer

    def documented(self, answer: Answer) -> Any:
        """Return the body of an answer that is as documented; raises ResponseError if not."""
        schema = self.answers.get(answer.status)
        if schema is None:
            raise answer.undocumented("a status that is not documented")
        for problem in schema.problems(answer.body):
            raise answer.undocumented(f"not the documented answer: {problem}")
        return answer.body

    def listed(self, answer: Answer, rows: str | None, key: str = "id") -> Any:
        """Return the body of an answer that holds rows, as documented; raises ResponseError.

        rows: the field of the list, None when the body is it; key: of a row, what it is of. A raw
        call takes each row as it came, if it is an object with its key: one odd field must not cost
        what is told of all the others. What a person reads is not raw: of an answer that is not as
        documented it is said which field is not, before somebody takes a part of it for the whole.
        """
        schema = self.answers.get(answer.status)
        if schema is None or not self.raw:
            return self.documented(answer)
        for problem in schema.loose(rows, key).problems(answer.body):
            raise answer.undocumented(f"not the documented answer: {problem}")
        return answer.body

    def _as_documented(self, answer: Answer) -> bool:
        schema = self.answers.get(answer.status)
        return schema is not None and not any(schema.problems(answer.body))

    def outputs(self, answer: Answer) -> dict[str, Any]:
        """Return the documented response fields of an answer, by their output names."""
        schema = self.answers.get(answer.status)
        return answer.quotes.fields(outputs_of(schema.part, answer.body)) if schema else {}

    def row(
        self, schema: Mapping[str, Any], said: Mapping[str, Any], key: str = "id"
    ) -> dict[str, Any]:
        """Return the documented fields of a row that was read, and the row itself as `raw`.

        schema: of the row; key: of a row, what it is of; `raw` is there when the call is raw, and
        with the key alone when it is bare.
        """
        if self.bare:
            return {key: said.get(key), "raw": said}
        return outputs_of(schema, said) | ({"raw": said} if self.raw else {})

    def read(self, name: str, **arguments: Any) -> Rows:
        """Return the rows of a read action named in this action's definition."""
        return self.reads[name](**arguments)

    def _try(
        self, path: Mapping[str, str], query: Mapping[str, str | int | None], body: object
    ) -> Answer:
        """Send in turn; what a refusal closes is closed before another request has its turn."""
        key = (self.action, *(path[name] for name in self.target or path))
        ahead = None
        if self.connection.is_ready:
            ahead = self.endpoint.ahead(self.connection.wire, path, query, body)

        def sent(asked: float) -> Came:
            self.connection.begin(asked)
            try:
                with told_request(self.connection.name, self.action):
                    came = self.endpoint.exchange(
                        self.connection.wire,
                        path=path,
                        query=query,
                        body=body,
                        crashes=self.crashes,
                        tries=self.tries,
                        once=self.once,
                        ahead=ahead,
                    )
            except TransportError as error:
                if error.sent:
                    self.connection.miss()
                raise
            if not self.connection.accepted and self._as_documented(came.answer()):
                self.connection.accept()
            return came

        def renewed() -> Answer:
            self.connection.renew(token)
            try:
                return sent(NEVER).answer()
            except ApiError as error:
                self.connection.heed(error, key)
                raise

        with self.connection.turn(key) as asked:
            token = self.connection.ready()
            try:
                came = sent(asked)
            except ApiError as error:
                if not self.connection.renews(error):
                    self.connection.heed(error, key)
                    raise
                return _again(error, renewed)
        return came.answer()  # read when its place is another's


def _again(earlier: TransportError | ApiError, send: Callable[[], Answer]) -> Answer:
    """Send once more, and tell what comes of it together with what came of an earlier try."""
    unclear = earlier.unclear if isinstance(earlier, ApiError) else earlier.sent
    try:
        answer = send()
    except ClosedError as closed:
        if isinstance(earlier, ApiError):
            earlier.meaning = str(closed)
        raise earlier from None  # it was sent, and may have been carried out
    except (TransportError, ApiError, ResponseError) as error:
        error.attempts += earlier.attempts
        if isinstance(error, TransportError):
            error.sent |= unclear
        elif isinstance(error, ApiError):
            error.unclear |= unclear
        raise
    return answer._replace(
        attempts=answer.attempts + earlier.attempts, unclear=answer.unclear | unclear
    )
