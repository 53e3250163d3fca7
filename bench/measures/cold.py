"""One call, from the start of its process to its end."""

from collections.abc import Iterator

from ..line import CPU, PEAK, Line
from ..place import PROJECT, WORKSPACE, Place
from ..processes import alternated, ours, peer, serving, spent

TIMES = 15
INDICATOR = "tux.example.com"
ID = "909494e3-558e-46b6-a9eb-07a8e18ca62f"


def lines(place: Place) -> Iterator[Line]:
    """Compare with scripts that do the same; the store is there already."""
    times = place.size(TIMES, 3)
    with serving(place.pause()) as address:
        where = ("--settings", place.settings(address), "--store", place.store())
        cybertrace = ours(
            *("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"),
            *("--arg", f"indicators={INDICATOR}", *where),
        )
        secmaster = ours("call", "secmaster-indicators-delete", "--arg", f"batch_ids={ID}", *where)
        spent(cybertrace)
        spent(secmaster)
        this, bare, one, sdk = alternated(
            times,
            lambda: spent(cybertrace),
            lambda: spent(peer("requests_delete", address, INDICATOR)),
            lambda: spent(secmaster),
            lambda: spent(peer("sdk_delete", address, PROJECT, WORKSPACE, ID)),
        )
    wall = f"wall {this.wall:.3f} s / {bare.wall:.3f} s"
    yield Line("a cold call / requests", this.cpu, bare.cpu, CPU, 1.5, note=wall)
    wall = f"wall {one.wall:.3f} s / {sdk.wall:.3f} s; it also asks what was there before"
    yield Line("a cold call / the SDK", one.cpu, sdk.cpu, CPU, 0.5, note=wall)
    yield Line("its memory / the SDK's", one.peak, sdk.peak, PEAK, 0.6)
