"""Conduct a playbook: a pure interpreter, without clock, random, input or output.

It asks for actions and waits through two functions that the engine hands in, and does the same
whenever their answers are the same, so a durable engine may run it again from the start.

Facts of Orquesta 1.6.0 that it follows (its conductor was run beside it):
- What is published is merged into the context: mappings key by key, all else is replaced. Within
  one "publish" a later row sees an earlier one unmerged.
- All rows of "next" that hold fire, and all tasks in their "do" follow, each with its own context
  (routes.py), by the names of what they lead to. What is due at once is a round: it is rendered
  before any of it runs, runs in the order of names and routes, and then leads on in that order.
- A task with "join" runs once as many tasks led to it as it wants, with their contexts laid over
  each other in the order in which they came. A run that has nothing else to do, and such a task
  left, has failed. In a cycle, what led there the last time counts.
- A failed task fails the run unless a row fires that leads to anything but "continue". "noop"
  counts as handled. A task beside "fail" still runs, without its retries, and what follows it does
  not; the run has failed. Where a task fails the run, the others of its round still run.
- "output" is rendered for a failed run too, from the contexts of where it ended; a row that fails
  is left out, the others stay, and the run fails.
- A mistake in "when" or "publish" fails the run; that row publishes nothing.
- "retry" without "when" tries again after a failure only; "when" is asked after a success too.
- task_status() in "output" does not see tasks that several rows lead to; so it is refused there.
- core.ask that nobody answered in time ends as "timeout": neither succeeded() nor failed(), but
  completed(); a run fails by it as by a failed task.
- With items: result() is the list of the items' results; after a failed item no further one
  starts, and its place in the list is None. An empty list succeeds without a call.
It does not follow it in five things. Where a task's input, items or retry cannot be rendered,
Orquesta renders "output" without what that task saw; here it is seen, so that what was done before
can be told. Orquesta lays one mapping over another in place, so that what a row publishes may be
seen on ways that it does not lead to; here it is not. And it renders the items of a task batch by
batch, so that they see the status of their own task change; here all are rendered at once. Where
a way leads to a task that runs, or waits for a further try, on the same route, it forgets that;
here the task runs again afterwards. And a task with items that failed beside "fail" may run again
in a cycle, though the run has failed; here it does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DefinitionError
from .assumed import Assumptions
from .calls import PerformCalls
from .context import final, merged
from .functions import Scope
from .model import ASK, Playbook
from .rounds import Rounds


class Waiting(Exception):  # noqa: N818  # nothing went wrong
    """A playbook asked, and nobody has decided yet; raised by perform_calls, it leaves conduct().

    ask: the name of the question.
    """

    def __init__(self, ask: str) -> None:
        super().__init__(ask)
        self.ask = ask


class Cancelled(Exception):  # noqa: N818  # nothing went wrong
    """Somebody cancelled the run; raised by perform_calls or wait, it leaves conduct()."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: "succeeded" or "failed", its output, and why it failed, a line each.

    errors: mistakes, such as an expression that cannot be evaluated; endings: where a failed task
    or "fail" ended it, which its calls' own errors explain better where they have some; assumed:
    whether anything in it was.
    """

    status: str
    output: dict[str, Any]
    errors: list[str]
    endings: list[str]
    assumed: bool = False


def conduct(
    playbook: Playbook,
    inputs: Mapping[str, Any],
    perform_calls: PerformCalls,
    wait: Callable[[float], None],
    *,
    asks: Callable[[str], bool] = ASK.__eq__,
    assumed: bool = False,
) -> Ended:
    """Run a playbook to its end.

    asks: tells of an action whether a person may have to answer; such a task begins alone, when
    nothing else can go on, so that the order of all is the same however late the answer comes.
    assumed: whether it is run at all, or with these inputs, because of something assumed. Raises
    ArgumentError when the inputs are wrong; all else that goes wrong is in what it returns.
    """
    filled = playbook.check_inputs(inputs)
    rounds = Rounds(playbook, perform_calls, wait, asks, Assumptions(everything=assumed))
    base = dict(filled)
    try:
        for name, value in playbook.vars:
            base = merged([base, {name: value.evaluate(Scope(base))}])
    except DefinitionError as error:
        rounds.errors.append(str(error))
    else:
        rounds.run(base)
    output: dict[str, Any] = {}
    context = final(rounds.routes.ends() or [(base,)])
    statuses = rounds.routes.statuses(0)
    for name, value in playbook.output:
        try:
            output[name] = value.evaluate(Scope({**context, **output}, statuses))
        except DefinitionError as error:
            rounds.errors.append(str(error))
    status = "failed" if rounds.failing else "succeeded"
    anything = rounds.assumed.everything or bool(rounds.assumed.tasks)
    return Ended(status, output, rounds.errors, rounds.endings, anything)
