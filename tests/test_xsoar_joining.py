"""How modules are joined into the one file of an integration for XSOAR."""

from ioc_removal.hosts.xsoar.lifting import lifted

LATE = '''\
"""A module."""

from typing import TYPE_CHECKING

from .here import seen

if TYPE_CHECKING:
    from ..there import (
        One,
        Two,
    )

WORD = "from .words import word"


def found(one: "One") -> "Two":
    """Return another."""
    from json import dumps

    from ..there import Two  # few are

    try:
        return Two(seen(one), dumps(WORD))
    except ValueError:
        from .lost import why

        raise KeyError(why(one)) from None
'''
LIFTED = '''\
"""A module."""

from typing import TYPE_CHECKING

from .here import seen
from ..there import One, Two
from ..there import Two
from .lost import why

WORD = "from .words import word"


def found(one: "One") -> "Two":
    """Return another."""
    from json import dumps

    try:
        return Two(seen(one), dumps(WORD))
    except ValueError:
        raise KeyError(why(one)) from None'''


def test_what_is_imported_late_is_imported_at_the_top() -> None:
    assert lifted(LATE) == LIFTED
    assert lifted(LIFTED) == LIFTED
