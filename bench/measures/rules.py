"""Two thousand WAF rules, one a request, to a slow server."""

import json
from collections.abc import Iterator

from ..line import WALL, Line
from ..place import POLICY, PROJECT, Place
from ..processes import alternated, peer, serving, spent
from ..server import rule_id

SIZE, PAUSE, IN_FLIGHT = 2_000, 0.05, 16


def lines(place: Place) -> Iterator[Line]:
    """Compare with the official SDK's async client, which has eight in flight."""
    size = place.size(SIZE, 100)
    given = place.folder / "rules.json"
    rules = [*map(rule_id, range(size))]
    given.write_text(json.dumps({"rules": [{"policy_id": POLICY, "rule_ids": rules}]}))
    with serving(place.pause(PAUSE)) as address:
        settings = place.settings(address, {"in_flight": IN_FLIGHT})
        run = peer("run_inputs", "lift-ip-reputation-rules", given, settings)
        this, sdk = alternated(
            1,
            lambda: spent([*run, str(place.store())]),
            lambda: spent(peer("sdk_rules", address, PROJECT, POLICY, given)),
        )
    note = f"CPU {this.cpu:.1f} s / {sdk.cpu:.1f} s; {IN_FLIGHT} in flight, the SDK 8"
    yield Line(
        f"{size:,} rules / the SDK's async client", this.wall, sdk.wall, WALL, 0.6, note=note
    )
