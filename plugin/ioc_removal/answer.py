"""Read the answer to a request: what it holds, or the refusal that it is, ready to be kept."""

import json
from collections.abc import Mapping
from functools import cached_property
from re import sub
from types import MappingProxyType
from typing import Any, NamedTuple

from urllib3.response import BaseHTTPResponse

from .errors import ApiError, ResponseError
from .quotes import LONGEST_EXCERPT, Quotes, mapped, storable

# What the document's own sample holds: a backslash that escapes nothing.
BACKSLASH = r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?'
# Half of a character, and the end of a text in C: no store takes them.
NOT_STORABLE = "[\x00\ud800-\udfff]"


class Reply:
    """What came back for one try. content: None when it was too long to be read to its end."""

    def __init__(
        self,
        status: int,
        phrase: str,
        headers: Mapping[str, str],
        content: bytes | None,
        raw: BaseHTTPResponse,
    ) -> None:
        self.status, self.phrase, self.headers = status, phrase, headers
        self.content, self.raw = content, raw

    @cached_property
    def text(self) -> str:
        """The body as text."""
        return (self.content or b"").decode("utf-8", "replace")

    @cached_property
    def body(self) -> Any:
        """The body as JSON; None when it is none."""
        return decoded(self.text)

    @property
    def unclear(self) -> bool:
        """Whether the request may have been carried out all the same.

        A 4xx says that nothing was done, and so does the documented 500; a gateway's or a crash's
        5xx says nothing of what the system did before.
        """
        told = _said(self.body).get("status")
        documented = self.status == 500 and isinstance(told, str) and bool(told.strip())
        return self.status >= 500 and not documented


class Answer(NamedTuple):
    """A 2xx answer.

    body: the decoded JSON; headers: by name in any case; attempts: how often the request was
    tried; unclear: whether an earlier try may have been carried out; plain: whether the body surely
    holds no secret of the connection.
    """

    status: int
    body: Any
    request_id: str | None
    attempts: int
    unclear: bool
    quotes: Quotes
    headers: Mapping[str, str] = MappingProxyType({})
    plain: bool = False

    def undocumented(self, what: str) -> ResponseError:
        """Return the error for an answer that is not the documented one."""
        return ResponseError(
            f"{self.status}: {self.quotes.line(what)}",
            status=self.status,
            request_id=self.request_id,
            attempts=self.attempts,
        )


class Came(NamedTuple):
    """What came last for a request, and is no refusal; it is read when nobody waits for that.

    attempts: tries of the request; unclear: whether an earlier one may have been carried out.
    """

    reply: Reply
    quotes: Quotes
    attempts: int
    unclear: bool

    def answer(self) -> Answer:
        """Return the answer that it is; raises ResponseError."""
        return _read(*self)


def came(reply: Reply, quotes: Quotes, attempts: int, *, unclear: bool) -> Came:
    """Return what came last for a request; raises ApiError when it is a refusal.

    attempts: tries of the request; unclear: whether an earlier one may have been carried out.
    """
    if reply.status >= 400:
        request_id = _request_id(reply.headers.get("X-request-id"), quotes)
        raise _refusal(reply, quotes, request_id, attempts, unclear=unclear or reply.unclear)
    return Came(reply, quotes, attempts, unclear)


def _read(reply: Reply, quotes: Quotes, attempts: int, unclear: bool) -> Answer:
    status = reply.status
    request_id = _request_id(reply.headers.get("X-request-id"), quotes)
    if not 200 <= status < 300 or status == 204 or reply.body is None:
        kind = "no documented answer"
        if 300 <= status < 400:
            kind = "a redirection, which is not followed; check url"
        elif 200 <= status < 300:
            kind = (
                "an answer without end" if reply.content is None else "an answer that is not JSON"
            )
        raise ResponseError(
            f"{quotes.line(f'{status} {reply.phrase}')}: {kind}",
            status=status,
            request_id=request_id,
            attempts=attempts,
        )
    plain = not quotes.tells(reply.text)
    return Answer(status, reply.body, request_id, attempts, unclear, quotes, reply.headers, plain)


def decoded(text: str) -> Any:
    """Decode JSON, with the stray backslashes of CyberTrace's own sample; None if it is none."""
    for repair in (False, True):
        candidate = sub(BACKSLASH, lambda m: m[0] if m[1] else r"\\", text) if repair else text
        try:
            value = _parse(candidate)
            plain = "\\u" not in candidate and storable(value)  # what is not, was escaped
            return value if plain else mapped(value, _storable)
        except (ValueError, RecursionError):
            continue
    return None


def _storable(text: str) -> str:
    return text if text.isascii() and "\x00" not in text else sub(NOT_STORABLE, "\ufffd", text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_parse = json.JSONDecoder(parse_constant=_no_constant).decode


def _request_id(said: object, quotes: Quotes) -> str | None:
    return quotes.line(said, LONGEST_EXCERPT) or None if isinstance(said, str) else None


def _said(body: Any) -> Mapping[str, Any]:
    """Return what a body tells, in the form of whoever answered: a system, IAM, a proxy."""
    said = body[0] if isinstance(body, list) and body else body
    said = said.get("error", said) if isinstance(said, dict) else {}
    return said if isinstance(said, dict) else {}


def _refusal(
    reply: Reply, quotes: Quotes, request_id: str | None, attempts: int, *, unclear: bool
) -> ApiError:
    """Read what a refusal says."""
    status, said = reply.status, _said(reply.body)
    code = said.get("error_code") or said.get("code") or said.get("errorCode")
    code = quotes.line(str(code), LONGEST_EXCERPT) if isinstance(code, str | int) else None
    told = code if code != str(status) else None  # IAM repeats the status
    named = (said.get(name) for name in ("error_msg", "message", "status", "errorMsg"))
    reason = next(filter(None, named), None)
    if not isinstance(reason, str):
        markup = reply.body is None and "<" in reply.text
        reason = (
            reply.phrase if markup else quotes.line(reply.text, LONGEST_EXCERPT) or reply.phrase
        )
    return ApiError(
        quotes.line(f"{status} {told}: {reason}" if told else f"{status}: {reason}"),
        status=status,
        code=code,
        request_id=request_id or _request_id(said.get("request_id"), quotes),
        fields=quotes.fields({k: v for k, v in said.items() if v not in (None, "", [])}),
        attempts=attempts,
        unclear=unclear,
        date=reply.headers.get("Date"),
    )


_Fields = tuple[tuple[str, str | None, "_Fields"], ...]  # name, output name, those below it
_FIELDS: dict[int, tuple[Mapping[str, Any], _Fields]] = {}  # by the schema, which stays


def outputs_of(schema: Mapping[str, Any], value: object) -> dict[str, Any]:
    """Collect the fields of an answer that its schema names as outputs ("x-output").

    schema: of the value, an object; objects below it without an output name are walked through.
    """
    known = _FIELDS.get(id(schema))
    if known is None:
        known = _FIELDS[id(schema)] = schema, _fields(schema)
    return _outputs(known[1], value)


def _fields(schema: Mapping[str, Any]) -> _Fields:
    """Return the fields of a schema that are outputs, or may hold some."""
    found = (
        (name, rule.get("x-output"), () if "x-output" in rule else _fields(rule))
        for name, rule in schema.get("properties", {}).items()
    )
    return tuple(field for field in found if field[1] is not None or field[2])


def _outputs(fields: _Fields, value: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not isinstance(value, dict):
        return found
    for name, output, below in fields:
        if (said := value.get(name)) is None:
            continue
        if output is not None:
            found.setdefault(output, said)
        else:
            found = {**_outputs(below, said), **found}
    return found
