"""What a system's refusal means, and whose move it is: the rules of integration.yml."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, NamedTuple

from .errors import DefinitionError

MISSING = "missing"
RENEW, CLOSE_CONNECTION, CLOSE_ACTION = "renew", "close connection", "close action"
SIGNATURE_VALID = timedelta(minutes=15)  # before or after the server's clock
CLOCKS = "{clocks}"


class Refusal(NamedTuple):
    """What a refusal means.

    means: one sentence for a person, which says whose move it is and may hold {clocks}; about:
    credentials, permission, place (project, workspace, policy, tenant, supplier, API version,
    path), limit, service, request or missing; then: "renew" the token, "close connection", "close
    action" at its target, or "".
    """

    means: str
    about: str
    then: str = ""

    def sentence(self, date: str | None, ours: datetime) -> str:
        """Return the sentence with both clocks; date: the answer's header, ours: aware."""
        return self.means.replace(CLOCKS, clocks(date, ours))


class Rule(NamedTuple):
    """One rule of integration.yml: which refusals it is for, and what they mean.

    statuses, codes (may hold *), texts (parts of what is said): one of each that is given must
    match; case does not matter, nor whether the gateway calls itself APIGW or APIG.
    """

    refusal: Refusal
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def matches(self, status: int, code: str, text: str) -> bool:
        """Tell whether it is for this refusal; code and text as _plain returns them."""
        return (
            (not self.statuses or status in self.statuses)
            and (not self.codes or any(fnmatchcase(code, one) for one in self.codes))
            and (not self.texts or any(one in text for one in self.texts))
        )


class Rules:
    """Rules in their order, made of their entries when the first refusal comes."""

    def __init__(self, entries: Sequence[Mapping[str, Any]] = ()) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rules) and self._made == other._made

    @cached_property
    def _made(self) -> tuple[Rule, ...]:
        return tuple(map(_rule, self._entries))


def rules_of(refusals: Mapping[str, Sequence[Mapping[str, Any]]], groups: Iterable[str]) -> Rules:
    """Return the rules of some groups, in their order; raises DefinitionError for no group."""
    try:
        return Rules([entry for group in groups for entry in refusals[group]])
    except KeyError as error:
        raise DefinitionError(f"integration.yml: refusals: there is no group {error}") from None


def refusal_of(rules: Iterable[Rule], status: int, code: str | None, text: str) -> Refusal | None:
    """Return what the first rule that matches says, None when none does.

    code, text: as the system gave them. Unless the rule says otherwise, a 401 closes the
    connection, a 403 or a missing permission the action at its target.
    """
    plain, said = _plain(code or ""), _plain(f"{code or ''} {text}")
    for rule in rules:
        if rule.matches(status, plain, said):
            refusal = rule.refusal
            if refusal.then:
                return refusal
            if status == 401:
                return refusal._replace(then=CLOSE_CONNECTION)
            closes = status == 403 or refusal.about == "permission"
            return refusal._replace(then=CLOSE_ACTION) if closes else refusal
    return None


def clocks(date: str | None, ours: datetime) -> str:
    """Name this machine's clock and the server's, and what to do about them.

    date: the answer's Date header, as far as there is one; ours: aware, when the answer came.
    """
    own = f"this machine's clock says {_shown(ours)}"
    valid = "a signature is valid for 15 minutes"
    theirs = _read(date)
    if theirs is None:
        return f"{own}, and the server named no time: compare it with another clock; {valid}"
    both = f"{own}, the server's {_shown(theirs)}"
    if abs(theirs - ours) > SIGNATURE_VALID:
        return f"{both}: set the clock; {valid}"
    return f"{both}: they agree; repeat, and if it stays so, ask what delays requests"


def _rule(entry: Mapping[str, Any]) -> Rule:
    refusal = Refusal(entry["means"], entry["about"], entry.get("then", ""))
    codes, texts = (tuple(map(_plain, _listed(entry, key))) for key in ("code", "text"))
    return Rule(refusal, _listed(entry, "status"), codes, texts)


def _listed(entry: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    value = entry.get(key, ())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _plain(said: str) -> str:
    return said.casefold().replace("apigw.", "apig.")


def _read(date: str | None) -> datetime | None:
    try:
        read = parsedate_to_datetime(date or "")
        return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError, LookupError):
        return None


def _shown(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
