"""What comes in and what goes out: a request as it stood on the wire, an answer to write."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    """One request.

    target: as the request line had it; length: the declared length of the body, -1 when it
    cannot be told; body: empty when it was longer than any system takes.
    """

    method: str
    target: str
    headers: Message
    length: int
    body: bytes

    @property
    def raw_path(self) -> str:
        """The path as it was sent, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        """The query as it was sent, still percent-encoded."""
        return self.target.partition("?")[2]

    @cached_property
    def path(self) -> list[str]:
        """The decoded segments.

        Empty ones are dropped, as many servers do: whoever sends an empty name must meet the
        operation that is left, and not a harmless "not found".
        """
        return [unquote(part) for part in self.raw_path.split("/") if part]

    @cached_property
    def query(self) -> dict[str, str]:
        """The decoded query parameters; of a repeated one, the last."""
        pairs = (part.partition("=") for part in self.raw_query.split("&") if part)
        return {unquote(name): unquote(value) for name, _, value in pairs}

    @cached_property
    def document(self) -> Any:
        """The body read as JSON; None when it is not JSON, which no documented body is."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return None

    def carries(self, text: str) -> bool:
        """Tell whether a text stands whole in the body, as a value or an id, or in the path."""
        left = [self.document, self.path]
        while left:
            part = left.pop()
            if part == text:
                return True
            if isinstance(part, dict | list):
                left += part.values() if isinstance(part, dict) else part
        return False

    def header(self, name: str) -> str:
        """Return a header's value as text in UTF-8, or the empty string."""
        return (
            str(self.headers.get(name, "")).encode("latin-1", "replace").decode("utf-8", "replace")
        )

    def media_type(self, name: str) -> tuple[str, str]:
        """Split a header such as Content-Type into (type, charset), both in lower case."""
        kind, _, rest = self.header(name).lower().partition(";")
        key, _, value = rest.strip().partition("=")
        return kind.strip(), value.strip().strip('"') if key.strip() == "charset" else rest.strip()


@dataclass(frozen=True)
class Delivery:
    """How an answer travels, when it does not travel well.

    delay: seconds before it; hang_up, reset: no answer, the connection ends with a FIN or an RST;
    cut: end the connection after so many bytes of the body; excess: add it to the declared
    length of the body; drip_headers, drip_body: seconds a byte; endless: go on for ever.
    acts_after: the system, which did not act, does so that many seconds after the request.
    """

    delay: float = 0.0
    hang_up: bool = False
    reset: bool = False
    cut: int | None = None
    excess: int = 0
    drip_headers: float = 0.0
    drip_body: float = 0.0
    endless: bool = False
    acts_after: float | None = None

    @property
    def answers(self) -> bool:
        """Whether a status goes out."""
        return not (self.hang_up or self.reset)


@dataclass(frozen=True)
class Answer:
    """One answer.

    document: JSON, or bytes to write as they are; reason: the reason phrase where a document
    shows an unusual one; delivery: how it travels.
    """

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    delivery: Delivery = Delivery()

    @cached_property
    def body(self) -> bytes:
        """The bytes to write."""
        if isinstance(self.document, bytes):
            return self.document
        return json.dumps(self.document, ensure_ascii=False).encode("utf-8", "replace")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
