"""The steps of a playbook as XSOAR tasks: where the "next" of each task leads.

The ways that our conductor goes are the ways here: succeeded is "#none#", failed is "#error#", and
what "when" says beside that becomes condition tasks. A failed task that nothing handles has no
"#error#", and stops the playbook where it is, as XSOAR does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import DefinitionError
from ...integration import Integration
from ...playbooks.model import Playbook, Task, Transition
from ...playbooks.syntax import Term
from ...playbooks.values import Value
from .actions import definition_of, for_each, is_noop, once
from .conditions import Condition, condition_of, opposite
from .context_paths import Found, NotTranslatableError, Scope, found, refused, term_of, whole
from .decisions import ask
from .graph import ERROR, NEXT, Graph, Node
from .pack import script_id

PUBLISH = "IOCRemovalPlaybookPublish"
REFUSE = "run-refuse"  # never succeeds
DONE = "done"
SUCCEEDED, FAILED = "succeeded", "failed"


@dataclass
class Steps:
    """Makes the tasks of one playbook.

    lists: the variables that hold lists; rounds: the title of the playbook that runs one round of
    a task, by the task's name; published: where the rows come from that a variable holds; begins:
    the node where a task begins, once it is made.
    """

    playbook: Playbook
    integration: Integration
    lists: frozenset[str]
    graph: Graph
    rounds: Mapping[str, str]
    published: dict[str, dict[str, None]] = field(default_factory=dict)
    begins: dict[str, str] = field(default_factory=dict)

    def build(self) -> str:
        """Make all tasks, and return the first of them."""
        one_at_a_time(self.playbook)
        self.graph.add(Node(DONE, "title", "Done"))
        [start] = self.playbook.graph.starts
        return self._entry(self.playbook.tasks[start])

    def _entry(self, task: Task) -> str:
        """Make a task and what follows on it, and return where it begins."""
        if task.name not in self.begins:
            self.begins[task.name] = self._made(task)
        return self.begins[task.name]

    def _made(self, task: Task) -> str:
        succeeded = DONE if task.action == REFUSE else self._after(task, SUCCEEDED)
        if is_noop(task):
            return str(succeeded)
        self._writes_alone(task)
        failed = self._after(task, FAILED)
        definition, scope = definition_of(self.integration, task), Scope(lists=self.lists)
        if task.items:
            if succeeded is None or failed != succeeded:
                raise DefinitionError(
                    f'{task.where}: not for XSOAR: what follows on "with" must be the same '
                    "whether it succeeded or failed: completed()"
                )
            title = self.rounds[task.name]
            return for_each(self.graph, definition, task, scope, succeeded, title)
        ways = {NEXT: succeeded, ERROR: failed}
        if task.action == REFUSE:
            ways = {}
        known = {label: key for label, key in ways.items() if key is not None}
        return once(self.graph, definition, task, scope, known)

    def _before(self, task: Task) -> list[Task]:
        """Return the tasks that some way leads from to a task."""
        found: dict[str, Task] = {}
        waiting = [task.name]
        while waiting:
            name = waiting.pop()
            for other in self.playbook.tasks.values():
                leads = any(name in row.tasks for row in other.next)
                if leads and other.name not in found:
                    found[other.name] = other
                    waiting.append(other.name)
        return list(found.values())

    def _writes_alone(self, task: Task) -> None:
        """Refuse a task whose rows would be taken for those of another, at one path."""
        path = definition_of(self.integration, task).context_path
        for other in self._before(task):
            if self._scope(other).result == path:
                raise DefinitionError(
                    f"{task.where}: not for XSOAR: {other.name} writes to {path} too, and what "
                    "is whose could not be told"
                )

    def _scope(self, task: Task) -> Scope:
        """Return what "next" of a task sees."""
        path = None if is_noop(task) else definition_of(self.integration, task).context_path
        return Scope(path, each=task.items is not None, lists=self.lists)

    def _after(self, task: Task, status: str) -> str | None:
        """Return the node after a task that ended so, None where the playbook stops by itself."""
        held = [(row, self._condition(task, row, status)) for row in task.next]
        rows = [(row, holds) for row, holds in held if holds is not False]
        if not rows:
            return DONE if status == SUCCEEDED else None
        (row, holds), *others = rows
        if not others:
            silent = row.do == ("fail",) and not row.publish
            if status == FAILED and holds is True and silent:
                return None
            otherwise = DONE if status == SUCCEEDED else self._fail(task)
            return ask(self.graph, holds, self._row(row, status, task), otherwise)
        if len(others) > 1 or not opposite(holds, others[0][1]):
            raise DefinitionError(
                f"{others[0][0].where}: not for XSOAR: it is not plain that just one transition "
                "fires; of two, the second must ask the opposite of the first"
            )
        yes, no = (self._row(one, status, task) for one, _ in rows)
        return ask(self.graph, holds, yes, no)

    def _condition(self, task: Task, row: Transition, status: str) -> Condition:
        if row.when is None:
            return True
        try:
            return condition_of(term_of(row.when), status, self._scope(task))
        except NotTranslatableError as error:
            raise refused(row.when, str(error)) from error

    def _row(self, row: Transition, status: str, task: Task) -> str:
        """Make what a transition publishes, and return where it begins."""
        if len(row.do) > 1:
            listed = " and ".join(row.do)
            raise DefinitionError(f"{row.where}: not for XSOAR: {listed} at once")
        [target] = row.do
        if target in self.playbook.tasks:
            then = self._entry(self.playbook.tasks[target])
        elif target == "fail" or (target == "continue" and status == FAILED):
            then = self._fail(task)
        else:
            then = DONE
        for name, value in reversed(row.publish):
            then = self._publish(name, value, then, task)
        return then

    def _publish(self, name: str, value: Value, then: str, task: Task) -> str:
        """Make the task that keeps what is published."""
        try:
            at, adds = _published(name, term_of(value), self._scope(task))
        except NotTranslatableError as error:
            raise refused(value, str(error)) from error
        if not adds:
            self._sets_alone(name, value, task)
        self.published.setdefault(name, {})[at.path] = None
        return self.graph.add(
            Node(
                f"{task.name}/{value.where.path}/{then}",
                "regular",
                f"{'Add to' if adds else 'Keep'} {name}",
                f"Keeps {at.path}{' beside what is there' if adds else ''} as {name}.",
                {NEXT: then},
                {"scriptName": PUBLISH},
                {"scriptarguments": {"name": {"simple": name}, "rows": at.context}},
            )
        )

    def _sets_alone(self, name: str, value: Value, task: Task) -> None:
        """Refuse to set a variable anew: XSOAR's context would have both values."""
        before = self._before(task)
        earlier = {key for one in before for row in one.next for key, _ in row.publish}
        given = {key for key, known in self.playbook.vars if known.tree not in (None, "", [], {})}
        if name in earlier | given | {key for key, _ in self.playbook.inputs}:
            raise refused(value, f"{name} has a value already; only ctx().{name} + […] adds to it")

    def _fail(self, task: Task) -> str:
        """Return the node that ends the playbook as failed."""
        reason = f"{self.playbook.name}: it ends as failed after {task.name}"
        return self.graph.add(
            Node(
                f"{task.name}/fail",
                "regular",
                f"End as failed after {task.name.replace('_', ' ')}",
                "Ends the playbook as failed.",
                own={"scriptName": script_id(REFUSE)},
                more={"scriptarguments": {"reason": {"simple": reason}}},
            )
        )


def one_at_a_time(playbook: Playbook) -> None:
    """Refuse what runs several tasks at once, joins them, or comes back to one."""
    graph, tasks = playbook.graph, playbook.tasks
    for task in tasks.values():
        if task.join:
            raise DefinitionError(f"{task.join.where}: not for XSOAR: tasks run one at a time")
        if task.name in graph.starts[1:]:
            first = graph.starts[0]
            raise DefinitionError(f"{task.where}: not for XSOAR: it would start beside {first}")
        if graph.in_cycle(task.name):
            raise DefinitionError(f"{task.where}: not for XSOAR: a cycle leads back here")


def _published(name: str, term: Term, scope: Scope) -> tuple[Found, bool]:
    """Return what is published, and whether it is added to what is there."""
    match term:
        case ("add", ("ctx", variable), ("list", rows)) if variable == name:
            return whole(found(rows, scope)), True
    return whole(found(term, scope)), False
