"""Indicator files as other tools wrote them; the counts were taken from them with jq."""

from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from ioc_removal.indicators.items import Duplicate, Indicator, Unused
from ioc_removal.indicators.reader import read_indicators

FOLDER = Path(__file__).parents[2] / "shared" / "data"
ESET_GELSEMIUM = "misp.event_2021-06-09_gelsemium-when-threat-actors-go-gardening.json"
COUNTS = {
    "eset/gaming_supply_chain.misp_event.json": {"sha1": 11, "url": 5, "domain": 2, "unused": 4},
    "eset/glupteba.misp-event.json": {
        "ipv4": 44,
        "domain": 272,
        "sha1": 6,
        "duplicate": 2,
        "unused": 1,
    },
    "eset/misp-turla-crutch-event.json": {"sha1": 4, "domain": 4, "url": 1, "unused": 11},
    f"eset/{ESET_GELSEMIUM}": {"md5": 51, "sha1": 51, "sha256": 51, "unused": 1},
    "eset/oceanlotus-rtf_ocx_campaigns.misp.event.json": {"domain": 22, "sha1": 20, "unused": 19},
    # 67 comparisons; one "domain" holds a space, two are file names
    "oasis/poisonivy.json": {"ipv4": 18, "domain": 24, "duplicate": 22, "unused": 3},
}


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the real indicator files are not beside the checkout"
)
@pytest.mark.parametrize("name", COUNTS)
def test_real_file(name: str) -> None:
    with (FOLDER / name).open("rb") as stream:
        items = [*chain.from_iterable(read_indicators(stream, name))]
    counts: Counter[str] = Counter()
    for item in items:
        match item:
            case Indicator():
                counts[item.type] += 1
            case Duplicate():
                counts["duplicate"] += 1
            case Unused():
                counts["unused"] += 1
    assert counts == COUNTS[name]
