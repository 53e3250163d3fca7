"""What the chain of a run says of its questions and decisions, which the table only repeats.

A decision counts only as the chain has it, so that nobody can make one by changing the table.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .chain import START, Hashing, Link
from .statements import Transaction

APPROVAL = "approval"  # the kind of a link of the journal
COLUMNS = "run, ask, plan, question, asked, expires, decision, decider, decided, response, used"
TABLE = f"SELECT {COLUMNS} FROM approvals WHERE run = ? ORDER BY asked, ask"  # noqa: S608
JSON = ("question", "decider", "response")
CHANGED = "the store was changed by hand: it does not count; start the run anew"
OTHER_KEY = "it was not made with journal.key of the settings: start the run anew"
_NAMES = COLUMNS.split(", ")
_LINKS = """
SELECT l.run, l.link, l.kind, l.call, l.batch, l.rows, l.marks, l.facts, l.at, l.key, l.hash,
    (SELECT b.hash FROM links b WHERE b.run = l.run AND b.link = l.link - 1)
FROM links l WHERE l.run = ? AND l.kind = 'approval' ORDER BY l.link
"""

Told = dict[str, dict[str, Any]]  # what is known of each question of a run, by column


def question_facts(ask: str, plan: str | None, question: Any, expires: str) -> dict[str, Any]:
    """Return what the journal says of a question."""
    return {"asked": {"ask": ask, "plan": plan, "question": question, "expires": expires}}


def decision_facts(
    ask: str, plan: str | None, decision: str, by: Any, response: Any
) -> dict[str, Any]:
    """Return what the journal says of a decision; by: actor, user, ticket, reason."""
    return {"ask": ask, "plan": plan, "decision": decision, "by": by, "response": response}


def use_facts(ask: str, plan: str | None, decision: str | None) -> dict[str, Any]:
    """Return what the journal says when a run goes on by a decision, or by none in time."""
    return {"ask": ask, "plan": plan, "used": decision}


def told_by(links: Iterable[tuple[str, str]]) -> Told:
    """Return what links say of the questions of a run; links: facts and time of each, in order.

    Raises ValueError, TypeError or KeyError when they are not as they were written.
    """
    told: Told = {}
    for text, at in links:
        facts = json.loads(text)
        if "asked" in facts:
            own = facts["asked"]
            told[own["ask"]] = {**dict.fromkeys(_NAMES[2:]), **own, "asked": at}
            continue
        known = told[facts["ask"]]
        if "used" in facts:
            known |= {"decision": facts["used"], "decided": known["decided"] or at, "used": at}
        else:
            known |= {"decision": facts["decision"], "decider": facts["by"], "decided": at,
                      "response": facts["response"]}  # fmt: skip
    return told


def differences(told: Told, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    """Yield each question of which the table says another thing than the chain, and what.

    rows: of TABLE, of one run.
    """
    missing = set(told)
    for row in rows:
        ask = row[1]
        missing.discard(ask)
        if ask not in told:
            yield ask, "the journal does not know it: it was added"
        elif wrong := [
            name
            for name, value in zip(_NAMES[2:], row[2:], strict=True)
            if _read(name, value) != told[ask][name]
        ]:
            yield ask, f"{', '.join(wrong)} {'was' if len(wrong) == 1 else 'were'} changed"
    for ask in sorted(missing):
        yield ask, "it was taken away"


def tampered(connection: Transaction, hashing: Hashing, run: str) -> str | None:
    """Say what of a run's questions and decisions is not as the journal has it; None when all is.

    The links must be made with the key of the settings, if there is one.
    """
    links = []
    for *columns, hash_, before in connection.execute(_LINKS, (run,)):
        link = Link(*columns)
        if hashing.link(before or START, link, ()) != hash_:
            where = f"link {link.number} of its chain (approval)"
            return f"{where}: {CHANGED if link.key == hashing.name else OTHER_KEY}"
        links.append((link.facts, link.at))
    try:
        found = list(differences(told_by(links), connection.execute(TABLE, (run,))))
    except (ValueError, TypeError, KeyError):
        return f"its questions cannot be read: {CHANGED}"
    return next((f"what was asked in {ask}: {what}; {CHANGED}" for ask, what in found), None)


def _read(name: str, value: Any) -> Any:
    """Return a column as the journal has it; what cannot be read is like nothing there."""
    if name not in JSON or value is None:
        return value
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return repr(value)
