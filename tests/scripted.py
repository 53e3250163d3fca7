"""A playbook conducted with answers that were thought up before: no system, no store, no engine."""

from collections.abc import Mapping, Sequence
from typing import Any

from ioc_removal.playbooks.calls import CallResult, Due
from ioc_removal.playbooks.conductor import Ended, conduct
from ioc_removal.playbooks.language import parse_playbook

Answers = Mapping[str, Sequence[str]]


class Script:
    """Answers calls as a case says, and remembers them: [task, input, status].

    answers: by task, the statuses of its calls in their order; those that are not named succeed.
    The result of each call is {n: its number}.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = {task: list(statuses) for task, statuses in answers.items()}
        self.calls: list[list[Any]] = []
        self.waits: list[float] = []

    def answer(self, task_id: str, given: Mapping[str, Any]) -> CallResult:
        """Answer one call."""
        left = self.answers.get(task_id, [])
        status = left.pop(0) if left else "succeeded"
        number = len(self.calls)
        self.calls.append([task_id, dict(given), status])
        return CallResult(status, {"n": number})

    def perform(self, due: list[Due]) -> list[list[CallResult | None]]:
        """Answer the calls of tasks, one task after the other."""
        return [self.perform_one(one) for one in due]

    def perform_one(self, due: Due) -> list[CallResult | None]:
        """Answer the calls of a task, so many at once; none after a failure."""
        results: list[CallResult | None] = []
        at_once = due.concurrency or len(due.calls)
        for start in range(0, len(due.calls), at_once):
            some = due.calls[start : start + at_once]
            results += [self.answer(due.task, call.input) for call in some]
            if any(result and result.status == "failed" for result in results):
                break
        return results + [None] * (len(due.calls) - len(results))


def conducted(text: str, script: Script, inputs: Mapping[str, Any]) -> Ended:
    """Conduct a playbook, whatever actions it names."""
    playbook = parse_playbook(text, "p", has_effect=lambda _: False, known=lambda _: True)
    return conduct(playbook, inputs, script.perform, script.waits.append)
