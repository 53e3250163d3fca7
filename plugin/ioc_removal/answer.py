"""Read the answer to a request: what it holds, or the refusal that it is, ready to be kept."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from re import compile as pattern
from typing import Any

from requests import Response

from .errors import ApiError, ResponseError
from .retries import unclear
from .secret import MASK, Secret

# What the document's own sample holds: a backslash that escapes nothing.
BACKSLASH = pattern(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
# Half of a character, and the end of a text in C: no store takes them.
NOT_STORABLE = pattern("[\x00\ud800-\udfff]")
DEEPEST = 50  # levels of JSON
LARGEST = 2**63 - 1
LONGEST_EXCERPT = 200
LONGEST_QUOTE = 300
LONGEST_NESTED = 2000  # characters of a list or an object, as JSON
MOST_FIELDS = 30
# To be decoded by IAM, which takes it whole or not at all.
ENCODED, LONGEST_ENCODED = "encoded_authorization_message", 8192


@dataclass(frozen=True)
class Quotes:
    """How a system is quoted: without the connection's secrets, and never at length."""

    secrets: tuple[Secret, ...] = ()

    def line(self, text: str, longest: int = LONGEST_QUOTE) -> str:
        """Return a text as one line that can be shown and stored."""
        words = " ".join(self._masked(text).split())
        shown = "".join(char if char.isprintable() else "\ufffd" for char in words[: longest + 1])
        return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"

    def fields(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of an answer, each masked and cut."""
        return {
            self._cut(name, LONGEST_EXCERPT): self._field(name, value)
            for name, value in islice(said.items(), MOST_FIELDS)
        }

    def _field(self, name: str, value: Any) -> Any:
        longest = LONGEST_ENCODED if name == ENCODED else LONGEST_QUOTE
        kept = mapped(value, lambda text: self._cut(text, longest))
        if isinstance(kept, list | dict):
            text = json.dumps(kept, ensure_ascii=False)
            return kept if len(text) <= LONGEST_NESTED else self._cut(text, LONGEST_QUOTE)
        return kept

    def _cut(self, text: str, longest: int) -> str:
        masked = self._masked(text)
        return masked if len(masked) <= longest else f"{masked[: longest - 1]}…"

    def _masked(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret.reveal(), MASK)
        return text


@dataclass(frozen=True)
class Answer:
    """A 2xx answer. body: the decoded JSON; unclear: an earlier try may have been carried out."""

    status: int
    body: Any
    request_id: str | None
    attempts: int
    unclear: bool
    quotes: Quotes

    def undocumented(self, what: str) -> ResponseError:
        """Return the error for an answer that is not the documented one."""
        return ResponseError(
            f"{self.status}: {self.quotes.line(what)}; what was done is not known",
            status=self.status,
            request_id=self.request_id,
            attempts=self.attempts,
        )


def read_answer(response: Response, quotes: Quotes) -> Answer:
    """Turn a response into an answer, or raise the error that it is."""
    history = response.raw.retries.history if response.raw.retries else ()
    status, text = response.status_code, response.content.decode("utf-8", "replace")
    body = decoded(text)
    answer = Answer(
        status,
        body,
        _request_id(response.headers.get("X-request-id"), quotes),
        len(history) + 1,
        unclear(history),
        quotes,
    )
    if status >= 400:
        raise _refusal(answer, text, response.reason or "")
    if not 200 <= status < 300 or status == 204 or body is None:
        kind = "an answer that is not JSON" if 200 <= status < 300 else "no documented answer"
        raise ResponseError(
            f"{quotes.line(f'{status} {response.reason}')}: {kind}; what was done is not known",
            status=status,
            request_id=answer.request_id,
            attempts=answer.attempts,
        )
    return answer


def decoded(text: str) -> Any:
    """Decode JSON, with the stray backslashes of CyberTrace's own sample; None if it is none."""
    for candidate in (text, BACKSLASH.sub(lambda m: m[0] if m[1] else r"\\", text)):
        try:
            value = json.loads(candidate, parse_constant=_no_constant)
            return mapped(value, lambda text: NOT_STORABLE.sub("\ufffd", text))
        except (ValueError, RecursionError):
            continue
    return None


def mapped(value: Any, change: Callable[[str], str], depth: int = 0) -> Any:
    """Change every text of a JSON value; a number that no store takes becomes a text."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    match value:
        case str():
            return change(value)
        case list():
            return [mapped(entry, change, depth + 1) for entry in value]
        case dict():
            return {change(k): mapped(entry, change, depth + 1) for k, entry in value.items()}
        case int() if abs(value) > LARGEST:
            return str(value)
        case float() if not isfinite(value):
            return str(value)
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _request_id(said: object, quotes: Quotes) -> str | None:
    return quotes.line(said, LONGEST_EXCERPT) or None if isinstance(said, str) else None


def _refusal(answer: Answer, text: str, phrase: str) -> ApiError:
    """Read what a refusal says, in the form of whoever answered: a system, IAM, a proxy."""
    status, body, quotes = answer.status, answer.body, answer.quotes
    said = body[0] if isinstance(body, list) and body else body
    said = said.get("error", said) if isinstance(said, dict) else {}
    said = said if isinstance(said, dict) else {}
    code = said.get("error_code") or said.get("code") or said.get("errorCode")
    code = quotes.line(str(code), LONGEST_EXCERPT) if isinstance(code, str | int) else None
    named = (said.get(name) for name in ("error_msg", "message", "status", "errorMsg"))
    reason = next(filter(None, named), None)
    if not isinstance(reason, str):
        markup = body is None and "<" in text
        reason = phrase if markup else quotes.line(text, LONGEST_EXCERPT) or phrase
    return ApiError(
        quotes.line(f"{status} {code}: {reason}" if code else f"{status}: {reason}"),
        status=status,
        code=code,
        request_id=answer.request_id or _request_id(said.get("request_id"), quotes),
        fields=quotes.fields({k: v for k, v in said.items() if v not in (None, "", [])}),
        attempts=answer.attempts,
        unclear=answer.unclear or not _settles(status, said),
    )


def _settles(status: int, said: Mapping[str, Any]) -> bool:
    """Tell whether a refusal says that nothing was done: a 4xx, or the documented 500.

    A gateway's or a crash's 5xx says nothing of what the system did before.
    """
    told = said.get("status")
    return status < 500 or (status == 500 and isinstance(told, str) and bool(told.strip()))
