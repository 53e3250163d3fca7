"""Few rows taken for many: what is kept in memory of each kind is as little as can be."""

from collections.abc import Iterator

import pytest
from hypothesis import strategies as st

from ioc_removal import batches, spool
from ioc_removal.handlers import report, secmaster_listing
from ioc_removal.integration import load_integration
from ioc_removal.playbooks import limits
from ioc_removal.store import output_rows as stored
from ioc_removal.store import pieces, sets

INTEGRATION = load_integration()
VALUES = st.sampled_from(["a.example", "A.example", "b.example", "192.0.2.1", "odd text", ""])
IDS = st.sampled_from([*"abcdefg", "with\nline", "\u00fc"])


@pytest.fixture
def little() -> Iterator[None]:
    """Take two rows for many."""
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        yield


def lessen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(spool, "ROWS_IN_MEMORY", 2)
    patch.setattr(spool, "WRITTEN_AT_ONCE", 80)
    patch.setattr(report, "LINES_IN_MEMORY", 2)
    patch.setattr(report, "KEY_MARKS", 8)
    patch.setattr(report, "KEY_PARTS", 3)
    patch.setattr(secmaster_listing, "LISTED_IN_MEMORY", 1)
    patch.setattr(secmaster_listing, "KNOWN_IN_MEMORY", 1)
    patch.setattr(secmaster_listing, "FORM_MARKS", 8)
    patch.setattr(secmaster_listing, "FORM_PARTS", 3)
    patch.setattr(batches, "KNOWN", 1)
    patch.setattr(limits, "MOST_IN_MEMORY", 2)
    patch.setattr(stored, "AT_ONCE", 2)
    patch.setattr(sets, "AT_ONCE", 2)
    patch.setattr(pieces, "MOST", 2)
    patch.setattr(pieces, "READ_AT_ONCE", 2)
