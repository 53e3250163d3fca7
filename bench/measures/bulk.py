"""A million indicators from a CSV file to CyberTrace, each with its line in the journal."""

from collections.abc import Iterator

from ..line import CPU, PEAK, Line
from ..place import Place
from ..processes import Spent, alternated, ours, peer, serving, spent

SIZE = 1_000_000
MOST = 200.0  # MB


def lines(place: Place) -> Iterator[Line]:
    """Compare with a script that reads, sends and inserts, and does nothing else."""
    size = place.size(SIZE)
    file = place.file(size)
    bare = place.folder / "bare.db"
    with serving(place.pause()) as address:
        settings = place.settings(address)
        words = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI", "--quiet")

        def floor() -> Spent:
            for left in place.folder.glob("bare.db*"):
                left.unlink()
            return spent(peer("csv_send_insert", address, file, bare))

        this, least = alternated(
            1 if size > 300_000 else 3,
            lambda: spent(
                ours(*words, "--indicators", file, "--settings", settings, "--store", place.store())
            ),
            floor,
        )
    wall = f"wall {this.wall:.1f} s / {least.wall:.1f} s"
    yield Line(f"{size:,} indicators / the least", this.cpu, least.cpu, CPU, 3, note=wall)
    yield Line(f"memory of {size:,} indicators", this.peak, MOST, PEAK, 1)
