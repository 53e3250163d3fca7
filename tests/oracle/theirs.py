"""A playbook conducted by Orquesta as StackStorm's engine drives it, with scripted answers."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from orquesta import conducting, events, statuses
from orquesta.exceptions import ExpressionEvaluationException
from orquesta.specs import native
from orquesta.utils import dictionary

from ioc_removal.playbooks.conductor import NOOP_RESULT
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


@dataclass(frozen=True)
class TheirEnd:
    """How it ended: its status, what it gives, and its errors."""

    status: str
    output: dict[str, Any]
    errors: list[str]


def conducted_by_orquesta(
    document: Mapping[str, Any], script: Script, inputs: Mapping[str, Any]
) -> TheirEnd:
    """Conduct a playbook to its end; raises ValueError when Orquesta's inspection refuses it."""
    spec = native.WorkflowSpec(dict(document))
    if problems := spec.inspect():
        raise ValueError(str(problems))
    conductor = conducting.WorkflowConductor(spec, inputs=dict(inputs))
    conductor.request_workflow_status(statuses.RUNNING)
    results: dict[tuple[str, int], list[Any]] = {}  # of items, by task and route
    for _ in range(MOST_TURNS):
        tasks = conductor.get_next_tasks()
        if not tasks:
            break
        for task in tasks:
            try:
                _perform(conductor, script, task, results)
            except ExpressionEvaluationException as error:  # as StackStorm's engine does
                conductor.log_error(error, task["id"], task["route"])
                conductor.request_workflow_status(statuses.FAILED)
    else:
        raise RuntimeError(f"no end after {MOST_TURNS} turns")
    conductor.render_workflow_output()
    errors = [str(row.get("message")) for row in conductor.errors]
    return TheirEnd(conductor.get_workflow_status(), conductor.get_workflow_output() or {}, errors)


def _perform(
    conductor: Any,
    script: Script,
    task: Mapping[str, Any],
    results: dict[tuple[str, int], list[Any]],
) -> None:
    """Answer the calls of a task that are due now."""
    name, route = task["id"], task["route"]
    staged = conductor.workflow_state.get_staged_task(name, route)
    begun = any(item["status"] != statuses.UNSET for item in staged.get("items", ()))
    if task.get("delay") and not begun:
        script.waits.append(task["delay"])
    if "items_count" not in task:
        [action] = task["actions"]
        status, result = _answer(script, name, action)
        for one in (statuses.RUNNING, status):
            done = one in statuses.COMPLETED_STATUSES
            event = events.ActionExecutionEvent(one, result=result if done else None)
            conductor.update_task_state(name, route, event)
        return
    if task["items_count"] == 0:
        for one in (statuses.RUNNING, statuses.SUCCEEDED):
            conductor.update_task_state(name, route, events.ActionExecutionEvent(one))
        return
    due = task["actions"]
    for action in due:
        event = events.TaskItemActionExecutionEvent(action["item_id"], statuses.RUNNING)
        conductor.update_task_state(name, route, event)
    answers = [(action["item_id"], *_answer(script, name, action)) for action in due]
    if not begun:
        results[name, route] = [None] * task["items_count"]
    for at, status, result in answers:
        results[name, route][at] = result
        event = events.TaskItemActionExecutionEvent(
            at, status, result=result, accumulated_result=list(results[name, route])
        )
        conductor.update_task_state(name, route, event)


def _answer(script: Script, name: str, action: Mapping[str, Any]) -> tuple[str, Any]:
    if action["action"] == "core.noop":
        return statuses.SUCCEEDED, dict(NOOP_RESULT)
    answer = script.answer(name, action.get("input") or {})
    return answer.status, answer.result
