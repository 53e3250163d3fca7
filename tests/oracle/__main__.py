"""Compare: python -m oracle COUNT SEED, with tests/ on the path, where orquesta is installed.

COUNT, SEED: so many playbooks are generated, from a seed on. Told is what differs, and how many
playbooks could not be compared: those that our language refuses, or where Orquesta forgets a task.
"""

import sys
from collections import Counter
from typing import Any

from ioc_removal.errors import DefinitionError
from scripted import Script, conducted

from .generated import Generated, generated
from .theirs import NotComparableError, conducted_by_orquesta, inspected

ENDLESS = "no end is seen"
SHOWN = 5  # differences


def compared(one: Generated) -> tuple[str, list[str]]:
    """Return what came of a comparison, and what differs."""
    ours = Script(one.answers)
    try:
        our_end = conducted(one.text, ours, one.inputs)
    except DefinitionError as error:
        if inspected(one.document):
            return "refused by both", []
        return f"refused here only: {str(error).rpartition(': ')[2]:.60}", []
    if any(ENDLESS in line for line in our_end.errors):
        return "without an end", []
    theirs = Script(one.answers)
    try:
        their_end = conducted_by_orquesta(one.document, theirs, one.inputs)
    except NotComparableError as error:
        return str(error), []
    pairs: dict[str, tuple[Any, Any]] = {
        "calls": (ours.calls, theirs.calls),
        "waits": (ours.waits, theirs.waits),
        "status": (our_end.status, their_end.status),
        "output": (our_end.output, their_end.output),
    }
    if forgets(our_end.errors):  # see conductor.py: Orquesta renders "output" without variables
        del pairs["output"]
    told = [f"{what}: ours {a!r}, theirs {b!r}" for what, (a, b) in pairs.items() if a != b]
    if told:
        told += [f"our errors: {our_end.errors + our_end.endings}", f"theirs: {their_end.errors}"]
    return "differs" if told else "the same", told


def forgets(errors: list[str]) -> bool:
    """Tell whether a task could not begin or be tried again: Orquesta forgets what it saw."""
    begun = [line for line in errors if ": output[" not in line and ".next[" not in line]
    return any(": tasks." in line for line in begun)


def main(count: int, seed: int) -> int:
    """Compare, print sums; return 1 when something differs."""
    sums: Counter[str] = Counter()
    shown = 0
    for number in range(seed, seed + count):
        one = generated(number)
        what, told = compared(one)
        sums[what] += 1
        if told and shown < SHOWN:
            shown += 1
            print(
                f"python -m oracle 1 {number}", one.text, one.inputs, one.answers, *told, sep="\n"
            )
    for what, times in sums.most_common():
        print(f"{times:,} {what}")
    return 1 if sums["differs"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
