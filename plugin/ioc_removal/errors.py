"""What can go wrong, by whose mistake it is.

PluginError
├── DefinitionError   integration.yml, a schema or a playbook is wrong; nothing was sent
├── ArgumentError     the caller's arguments, inputs or files are wrong; nothing was sent
├── SettingsError     the caller's settings are missing or wrong; nothing was sent
├── ClosedError       an earlier refusal closed the connection for this run; nothing was sent
├── HungUpError       the caller ended the run while a request was in flight
├── CancelledError    somebody cancelled the run; what was not sent is not sent
├── TransportError    no answer: unreachable, untrusted certificate, timeout, reset
├── ApiError          the system refused the request and said why
├── StoreError        the store cannot be read or written; what was sent may not be recorded
├── RunError          a run cannot go on, or its playbook ended it as failed
└── ResponseError     the system accepted, but its answer is not the documented one
"""

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_PROBLEM = 1_000  # characters


def one_line(text: str, longest: int) -> str:
    """Return a text that can be shown in one line: printable, and cut."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(char if char.isprintable() else "\ufffd" for char in cut)


class PluginError(Exception):
    """The base of every error that this plugin raises on purpose."""


class DefinitionError(PluginError):
    """A definition shipped with the plugin, or a playbook, is wrong."""


class ArgumentError(PluginError):
    """The arguments are wrong; nothing was sent.

    problems: one line a mistake, each naming its field.
    """

    def __init__(self, *problems: str) -> None:
        self.problems: Sequence[str] = tuple(one_line(p, LONGEST_PROBLEM) for p in problems)
        super().__init__("; ".join(self.problems))


class SettingsError(PluginError):
    """The settings are missing or wrong; nothing was sent."""


class ClosedError(PluginError):
    """A refusal earlier in this run closed the connection; nothing was sent."""


class HungUpError(PluginError):
    """The caller ended the run while a request was in flight; it may be carried out."""


class CancelledError(PluginError):
    """Somebody cancelled the run: nothing more is sent."""


class TransportError(PluginError):
    """No answer came.

    sent: whether the request may have reached the system; False means that it cannot have.
    attempts: how often it was tried; late: whether the wait for it ended, not the connection, so
    that the system may carry the request out later.
    """

    def __init__(self, message: str, *, sent: bool, attempts: int = 1, late: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.attempts = attempts
        self.late = late


class ApiError(PluginError):
    """The system refused the request.

    status: the HTTP status; code, request_id: as the system gave them; fields: what else the
    documents promise in a refusal (encoded_authorization_message, details); attempts: requests.
    unclear: an answer before this one may have hidden a success (a gateway's 502, 503, 504).
    date: the server's clock, as it said; meaning: what the refusal means, and whose move it is;
    about: what it speaks of, one of refusals.ABOUT, None when that is not known.
    """

    meaning: str | None = None
    about: str | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        request_id: str | None = None,
        fields: Mapping[str, Any] | None = None,
        attempts: int = 1,
        unclear: bool = False,
        date: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.fields: Mapping[str, Any] = fields or {}
        self.attempts = attempts
        self.unclear = unclear
        self.date = date

    @property
    def said(self) -> str:
        """What the system said, without what it means."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.said} ({self.meaning})" if self.meaning else self.said


class StoreError(PluginError):
    """The store cannot be read or written; what was sent before may not be recorded.

    lost: whether the connection to it broke, so that it may be tried again.
    """

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


class RunError(PluginError):
    """A run cannot go on, or its playbook ended it as failed."""


class ResponseError(PluginError):
    """The system answered 2xx or 3xx, but not as documented: what it did is unknown."""

    def __init__(
        self, message: str, *, status: int, request_id: str | None = None, attempts: int = 1
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
        self.attempts = attempts


def is_of_interruption(error: BaseException | None) -> bool:
    """Tell whether an error is Ctrl-C, or of what that cut short, as a query that did not end."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None
