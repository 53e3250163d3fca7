"""How outcomes are undone, by the names that the definitions of actions use."""

from collections.abc import Callable, Mapping

from ..restoring import Restoring
from .cybertrace_restoring import add_indicator_again, delete_added_indicator
from .secmaster_restoring import (
    create_indicator_again,
    delete_created_indicator,
    set_indicator_status_again,
)
from .waf_restoring import create_rule_again, delete_created_rule, set_rule_status_again

# (row of an outcome, arguments of its action, properties of the arguments of the action that
# undoes it) -> how it is undone; an ArgumentError says why it cannot be.
RESTORINGS: Mapping[str, Callable[..., Restoring]] = {
    "cybertrace.add_indicator_again": add_indicator_again,
    "cybertrace.delete_added_indicator": delete_added_indicator,
    "secmaster.create_indicator_again": create_indicator_again,
    "secmaster.delete_created_indicator": delete_created_indicator,
    "secmaster.set_indicator_status_again": set_indicator_status_again,
    "waf.create_rule_again": create_rule_again,
    "waf.delete_created_rule": delete_created_rule,
    "waf.set_rule_status_again": set_rule_status_again,
}
