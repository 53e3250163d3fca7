"""The removals of a task's items go side by side, as many as the connection lets, each its own."""

from contextlib import closing
from pathlib import Path
from threading import Barrier

from ioc_removal.integration import load_integration
from ioc_removal.operations.run import run_playbook
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from recorded import Recorded, Reply, reply, serving

IN_FLIGHT, MANY = 4, 25  # the first one goes alone, as it may be refused
REFUSED = 20  # of those that begin later: after a refusal the next one would go alone, too
EACH = """\
version: 1.0
input: [indicators]
tasks:
  remove:
    with: indicator in {{ ctx().indicators }}
    action: ioc_removal.cybertrace-indicators-delete
    input:
      supplier: InternalTI
      indicators: ["{{ item('indicator') }}"]
    next:
      - when: "{{ failed() }}"
        publish:
          - results: "{{ result() | map(attribute='result.result') | list }}"
          - outcomes: "{{ result() | map(attribute='result.outcomes') | map('first') | list }}"
output:
  - results: "{{ ctx().results }}"
  - outcomes: "{{ ctx().outcomes }}"
"""


def test_items_share_what_may_be_in_flight(store: Location, tmp_path: Path) -> None:
    barrier, seen = Barrier(IN_FLIGHT), list[str]()

    def answer(request: Recorded) -> Reply:
        [row] = request.json
        seen.append(row["indicator"])
        if len(seen) > 1:
            barrier.wait(20)
        if row["indicator"] == values[REFUSED]:
            return reply(404, [{"status": "no"}])
        return reply(201, [{"status": "Deleted"}])

    values = [f"host-{number}.example" for number in range(MANY)]
    path = tmp_path / "each.yml"
    path.write_text(EACH)
    with serving(by=answer) as server, closing(Database(store)) as database:
        own = {
            "system": "cybertrace",
            "url": server.url,
            "api_version": "1.3",
            "auth": {"type": "basic", "username": "user", "password": "password"},
            "limits": {"in_flight": IN_FLIGHT},
        }
        settings = settings_from({"connections": {"cybertrace": own}}, "test")
        record, _ = run_playbook(
            database, load_integration(), settings, str(path), {"indicators": values}
        )
        calls = database.rows("SELECT call FROM calls WHERE run = ?", (record["run"],))
    assert not barrier.broken
    assert server.peak == IN_FLIGHT
    assert sorted(seen) == sorted(values)
    assert {call for (call,) in calls} == {f"remove[{at}]" for at in range(MANY)}
    shown = record["output"]
    assert [row["value"] for row in shown["outcomes"]] == values
    assert shown["results"] == ["failed" if at == REFUSED else "succeeded" for at in range(MANY)]
