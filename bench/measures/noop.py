"""A thousand tasks that do nothing, beside as many bare steps of the engine."""

from collections.abc import Iterator

from ..line import CPU, Line
from ..place import Place
from ..processes import Spent, alternated, ours, peer, serving, spent

TASKS = 1_000  # more in a run are taken for endless
PLAYBOOK = """\
version: 1.0
vars: [{{left: {0}}}]
tasks:
  first:
    action: core.noop
    next:
      - do: nothing
  nothing:
    action: core.noop
    next:
      - when: "{{{{ ctx().left > 1 }}}}"
        publish: [{{left: "{{{{ ctx().left - 1 }}}}"}}]
        do: nothing
"""


def lines(place: Place) -> Iterator[Line]:
    """Compare a chain of core.noop with a workflow of steps."""
    tasks = place.size(TASKS, 50)
    playbook = place.folder / "noops.yml"
    playbook.write_text(PLAYBOOK.format(tasks - 1))

    def bare() -> Spent:
        for left in place.folder.glob("bare.db*"):
            left.unlink()
        return spent(peer("dbos_steps", place.folder / "bare.db", tasks))

    with serving() as address:
        run = ours("run", playbook, "--settings", place.settings(address), "--quiet", "--store")
        this, least = alternated(3, lambda: spent([*run, str(place.store())]), bare)
    wall = f"wall {this.wall:.1f} s / {least.wall:.1f} s"
    yield Line(f"{tasks:,} tasks / bare steps", this.cpu, least.cpu, CPU, 1.15, note=wall)
