"""A playbook conducted by Orquesta as StackStorm's engine drives it, with scripted answers."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from orquesta import conducting, events, statuses
from orquesta.exceptions import ExpressionEvaluationException
from orquesta.specs import native
from orquesta.utils import dictionary

from ioc_removal.playbooks.rounds import NOOP_RESULT
from scripted import Script

MOST_TURNS = 500
_merge = dictionary.merge_dicts


def _merged(left: Any, right: Any, overwrite: bool = True) -> Any:
    dictionary.merge_dicts = _merge  # which calls itself by this name
    try:
        return _merge(deepcopy(left), deepcopy(right), overwrite=overwrite)
    finally:
        dictionary.merge_dicts = _merged


# Orquesta lays one mapping over another in place, and so in the contexts that it keeps: what one
# row publishes can be seen on ways that it does not lead to. Compared is what it means to do.
dictionary.merge_dicts = _merged


class NotComparableError(Exception):
    """Orquesta goes on in a way that ours means to leave: conductor.py says which."""


@dataclass(frozen=True)
class TheirEnd:
    """How it ended: its status, what it gives, and its errors."""

    status: str
    output: dict[str, Any]
    errors: list[str]


def inspected(document: Mapping[str, Any]) -> str:
    """Return what Orquesta's inspection says against a playbook, nothing when it takes it."""
    return str(native.WorkflowSpec(deepcopy(dict(document))).inspect() or "")


def conducted_by_orquesta(
    document: Mapping[str, Any], script: Script, inputs: Mapping[str, Any]
) -> TheirEnd:
    """Conduct a playbook to its end; raises ValueError when Orquesta's inspection refuses it."""
    if problems := inspected(document):
        raise ValueError(problems)
    spec = native.WorkflowSpec(deepcopy(dict(document)))
    conductor = conducting.WorkflowConductor(spec, inputs=dict(inputs))
    conductor.request_workflow_status(statuses.RUNNING)
    for _ in range(MOST_TURNS):
        tasks = conductor.get_next_tasks()
        if not tasks:
            break
        _check_kept(conductor, tasks)
        begun = [task for task in tasks if _does(conductor, task, lambda t: _begin(conductor, t))]
        if delay := max((_delay(task) for task in begun), default=0):
            script.waits.append(delay)
        for at, task in enumerate(begun):
            _does(conductor, task, lambda t: _perform(conductor, script, t))
            _check_lost(conductor, begun[at + 1 :])
    else:
        raise NotComparableError("without an end")
    conductor.render_workflow_output()
    errors = [str(row.get("message")) for row in conductor.errors]
    return TheirEnd(conductor.get_workflow_status(), conductor.get_workflow_output() or {}, errors)


def _does(conductor: Any, task: Mapping[str, Any], do: Callable[[Mapping[str, Any]], None]) -> bool:
    """Do something; a mistake in an expression fails the run, as in StackStorm's engine."""
    try:
        do(task)
    except ExpressionEvaluationException as error:
        conductor.log_error(error, task["id"], task["route"])
        conductor.request_workflow_status(statuses.FAILED)
        return False
    return True


def _check_lost(conductor: Any, running: list[Any]) -> None:
    """Stop where a way led to a task that runs or is to be tried again: it is forgotten."""
    state = conductor.workflow_state
    for task in running:
        staged = state.get_staged_task(task["id"], task["route"])
        if staged and not (task.get("items_count") and "items" in staged):
            raise NotComparableError("a task that runs is led to, which Orquesta forgets")
    for staged in state.staged:
        contexts = len(staged["ctxs"]["in"])
        if "retry" in staged and staged.setdefault("contexts", contexts) != contexts:
            raise NotComparableError("a task that runs is led to, which Orquesta forgets")


def _check_kept(conductor: Any, tasks: list[Any]) -> None:
    """Stop where a failed task with items runs again, though the run has failed."""
    for task in tasks:
        name, route = task["id"], task["route"]
        staged = conductor.workflow_state.get_staged_task(name, route)
        again = conductor.get_task_state_entry(name, route) is not None
        if staged.get("run_on_fail") and again and "items_count" in task:
            raise NotComparableError("a failed task with items runs again after the run failed")


def _begin(conductor: Any, task: Mapping[str, Any]) -> None:
    """Tell that a task runs, its first items where it has some: all of a round before any ends."""
    events_of = [events.ActionExecutionEvent(statuses.RUNNING)]
    if task.get("items_count"):
        events_of = [_item_runs(action) for action in task["actions"]]
    for event in events_of:
        conductor.update_task_state(task["id"], task["route"], event)


def _perform(conductor: Any, script: Script, task: Mapping[str, Any]) -> None:
    """Answer the calls of a task that runs, all its items before the next task of the round."""
    name, route = task["id"], task["route"]
    if "items_count" not in task:
        [action] = task["actions"]
        status, result = _answer(script, name, action)
        event = events.ActionExecutionEvent(status, result=result)
        conductor.update_task_state(name, route, event)
        return
    if task["items_count"] == 0:
        event = events.ActionExecutionEvent(statuses.SUCCEEDED)
        conductor.update_task_state(name, route, event)
        return
    results: list[Any] = [None] * task["items_count"]
    at_once = max(1, task["concurrency"] or 1) if task["concurrency"] is not None else len(results)
    left = deepcopy(conductor.get_task(name, route)["actions"]) if at_once < len(results) else []
    due, left = task["actions"], left[at_once:]
    while due:
        answers = [(action["item_id"], *_answer(script, name, action)) for action in due]
        going = left if all(status == statuses.SUCCEEDED for _, status, _ in answers) else []
        for at, status, result in answers:
            results[at] = result
            event = events.TaskItemActionExecutionEvent(
                at, status, result=result, accumulated_result=list(results)
            )
            conductor.update_task_state(name, route, event)
        due, left = going[:at_once], going[at_once:]
        for action in due:
            conductor.update_task_state(name, route, _item_runs(action))


def _item_runs(action: Mapping[str, Any]) -> Any:
    return events.TaskItemActionExecutionEvent(action["item_id"], statuses.RUNNING)


def _delay(task: Mapping[str, Any]) -> int:
    return task.get("delay") or 0


def _answer(script: Script, name: str, action: Mapping[str, Any]) -> tuple[str, Any]:
    if action["action"] == "core.noop":
        return statuses.SUCCEEDED, dict(NOOP_RESULT)
    answer = script.answer(name, action.get("input") or {})
    return answer.status, answer.result
