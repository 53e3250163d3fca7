"""Ready-made answers, by the name that a fault gives: whole ones, and the system's own altered."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from .authentication import RefusedError
from .exchange import Answer, Delivery, Request
from .huawei import answered, unauthenticated
from .usual import HUAWEI, SYSTEMS, expired, page, redirect, usual

DEPTH = 100_000

Make = Callable[[str | None, Request], Answer]
Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Ready:
    """A ready-made answer.

    make: the answer, which goes out in place of the system's; change: alters the document of the
    system's own answer to a deletion, None when there is nothing to alter in it. systems: the
    systems that it is an answer of.
    """

    make: Make | None = None
    change: Change | None = None
    systems: tuple[str, ...] = SYSTEMS

    def suits(self, system: str | None, request: Request) -> bool:
        """Tell whether it can answer such a request; altered are answers to deletions only."""
        if self.systems != SYSTEMS and system not in self.systems:
            return False
        return self.change is None or request.method == "DELETE"


def altered(own: Answer, change: Change) -> Answer | None:
    """Return the system's own answer with another document; None when nothing is to be altered."""
    document = change(deepcopy(own.document))
    return None if document is None else replace(own, document=document)


def _rows(document: Any) -> list[dict[str, Any]]:
    """Return the error rows of CyberTrace's 202."""
    first = document[0] if isinstance(document, list) and document else {}
    rows: list[dict[str, Any]] = first.get("error_indicators", [])
    return rows


def _no_reasons(document: Any) -> Any:
    for row in _rows(document):
        del row["reason"]
    return document if _rows(document) else None


def _other_spelling(document: Any) -> Any:
    for row in _rows(document):
        row["reason"] = row["reason"].upper().replace("'", "\u2019") + "."
    return document if _rows(document) else None


def _other_values(document: Any) -> Any:
    for row in _rows(document):
        row["indicator"] = row["indicator"].rpartition("://")[2].removesuffix("/").swapcase()
    return document if _rows(document) else None


def _illegal_escape(document: Any) -> Any:
    text = Answer(0, document).body
    return text.replace(rb"\\", b"\\") if _rows(document) and rb"\\" in text else None


def _ids(document: Any) -> dict[str, list[Any]] | None:
    """Return the two lists of SecMaster's deletion."""
    data: dict[str, list[Any]] | None = document.get("data")
    return data


def _null_error_ids(document: Any) -> Any:
    data = _ids(document)
    if data is None:
        return None
    data["error_ids"] = [None]
    return document


def _left_out(document: Any) -> Any:
    """Leave every second id out of its list, the first one too."""
    data = _ids(document)
    if not data or not any(data.values()):
        return None
    for name, ids in data.items():
        data[name] = ids[1::2]
    return document


def _both_lists(document: Any) -> Any:
    data = _ids(document)
    if not data or not any(data.values()):
        return None
    every = [one for ids in data.values() for one in ids]
    return {**document, "data": dict.fromkeys(data, every)}


def _code_only(document: Any) -> Any:
    if _ids(document) is None:
        return None
    return {"code": "SecMaster.20030012", "message": "Failed to delete the data object."}


def _other_rule(document: Any) -> Any:
    return {**document, "id": "0" * 32} if "id" in document else None


def _of_cybertrace(change: Change) -> Ready:
    return Ready(change=change, systems=("cybertrace",))


def _of_secmaster(change: Change) -> Ready:
    return Ready(change=change, systems=("secmaster",))


def _gateway(reason: str) -> Ready:
    return Ready(lambda *_: unauthenticated(RefusedError(reason)), systems=HUAWEI)


def _with_text(text: bytes, **delivery: bool) -> Ready:
    return Ready(lambda *_: replace(answered(200, text), delivery=Delivery(**delivery)))


READY: Mapping[str, Ready] = {
    "throttled": Ready(lambda system, _: usual(429, system)),
    "initialising": Ready(lambda system, _: usual(425, system)),
    "html": Ready(lambda *_: page(200)),
    "empty": _with_text(b""),
    "no-content": Ready(lambda system, _: usual(204, system)),
    "invalid-json": _with_text(b'{"code": "00000000", "data": {"success_ids": ["90'),
    "deep": _with_text(b"[" * DEPTH + b"]" * DEPTH),
    "endless": _with_text(b'{"code": "00000000", "message": "', endless=True),
    "redirect": Ready(lambda _, request: redirect(request)),
    "token-expired": Ready(lambda system, _: expired(system), systems=HUAWEI),
    "signature-expired": _gateway("calc ak sk signature fail:signature expired"),
    "key-locked": _gateway("AK access failed to reach the limit,forbidden"),
    "no-reasons": _of_cybertrace(_no_reasons),
    "other-spelling": _of_cybertrace(_other_spelling),
    "other-values": _of_cybertrace(_other_values),
    "illegal-escape": _of_cybertrace(_illegal_escape),
    "null-error-ids": _of_secmaster(_null_error_ids),
    "left-out": _of_secmaster(_left_out),
    "both-lists": _of_secmaster(_both_lists),
    "code-only": _of_secmaster(_code_only),
    "other-rule": Ready(change=_other_rule, systems=("waf",)),
}
