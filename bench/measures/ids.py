"""A hundred thousand SecMaster ids, in batches, several requests at a time, to a slow server."""

from collections.abc import Iterator

from ..given import ids
from ..line import WALL, Line
from ..place import Place
from ..processes import ours, peer, serving, spent

SIZE, BATCH, PAUSE, IN_FLIGHT = 100_000, 100, 0.02, 8
PLAYBOOK = """\
version: 1.0
input: [batch_ids]
tasks:
  remove:
    action: ioc_removal.secmaster-indicators-delete
    input:
      batch_ids: "{{ ctx().batch_ids }}"
"""


def lines(place: Place) -> Iterator[Line]:
    """Compare with the time that the server alone would take for all requests."""
    size = place.size(SIZE, 1_000)
    given = place.folder / "ids.json"
    listed = ", ".join(f'"{id_}"' for id_ in ids(size))
    given.write_text(f'{{"batch_ids": [{listed}]}}')
    playbook = place.folder / "remove-ids.yml"
    playbook.write_text(PLAYBOOK)
    pause = place.pause(PAUSE)
    ideal = 2 * size / BATCH * pause / IN_FLIGHT  # each batch is read before it is deleted
    with serving(pause) as address:
        settings = place.settings(address, {"items": BATCH, "in_flight": IN_FLIGHT})
        where = ("--settings", settings, "--quiet", "--store")
        call = ours("call", "secmaster-indicators-delete", "--args", given, *where)
        done = spent([*call, str(place.store())])
        note = f"{done.cpu:.1f} s CPU, {done.peak:.0f} MB; a batch is a search and a deletion"
        yield Line(f"{size:,} ids by call / ideal", done.wall, ideal, WALL, 1.15, note=note)
        run = peer("run_inputs", playbook, given, settings)
        done = spent([*run, str(place.store())])
        note = f"{done.cpu:.1f} s CPU, {done.peak:.0f} MB"
        yield Line(f"{size:,} ids by run / ideal", done.wall, ideal, WALL, 1.3, note=note)
