"""What a run's chain tells beside its rows: who asked, decided, cancelled, overrode a guard."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..store.decisions import APPROVAL
from ..store.entries import Linked
from ..store.journal import CANCEL, OVERRIDE
from ..store.pruned import PRUNED
from ..store.runs import CANCELLED

ASKED, OVERRIDDEN, NOBODY = "asked", "overridden", "nobody"
SHOWN_HASH = 12  # digits


def event_rows(linked: Linked, about: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for what a link tells of persons, in the form of the rows of indicators.

    about: name, actor, user, ticket and why of the run. `action` is the kind of the link.
    """
    link = linked.link
    if link.kind not in {APPROVAL, CANCEL, OVERRIDE, PRUNED}:
        return
    try:
        facts = json.loads(link.facts)
        told = [_pruned(str(link.call), facts)] if link.kind == PRUNED else _told(link.kind, facts)
        told = list(told)
    except (ValueError, TypeError, KeyError, AttributeError):
        told = [{"outcome": "unreadable", "reason": "the link was changed: `journal verify`"}]
    for one in told:
        row = {"action": link.kind, **about, **one, "when": link.at, "run": link.run}
        yield {name: value for name, value in row.items() if value is not None}


def _pruned(run: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of a run that was taken away: `pruned` is its id."""
    counts = ", ".join(f"{count:,} {name}" for name, count in facts["counts"].items())
    text = f"run {run} ({facts['name']}) of {facts['started'][:10]} by {facts['actor']}"
    return {"outcome": PRUNED, "pruned": run, "reason": f"{text}: {counts or 'no outcomes'}"}


def _told(kind: str, facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if kind == OVERRIDE:
        yield {"outcome": OVERRIDDEN, "reason": f"{facts['guard']}: {facts['reason']}"}
    elif kind == CANCEL:
        by = facts["by"]
        who = {"actor": by["actor"], "user": by["user"], "ticket": by["ticket"]}
        yield {"outcome": CANCELLED, "reason": "nothing more is sent", **who, "why": by["reason"]}
    elif own := facts.get("asked"):
        text = f"{own['ask']}: {own['question']['text']}"
        yield {"outcome": ASKED, "reason": text, "plan_sha256": own["plan"]}
    elif "decision" in facts:
        by = facts["by"]
        plan = facts["plan"] and f", of sha256 {facts['plan'][:SHOWN_HASH]}"
        yield {
            "outcome": facts["decision"],
            "reason": f"{facts['ask']}{plan or ''}",
            "plan_sha256": facts["plan"],
            "actor": by["actor"],
            "user": by["user"],
            "ticket": by["ticket"],
            "why": by["reason"],
        }
    elif facts["used"] == "expired":
        nobody = dict.fromkeys(("user", "ticket", "why"))
        yield {"outcome": "expired", "reason": facts["ask"], "actor": NOBODY, **nobody}
