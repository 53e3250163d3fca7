"""One module a system, one small function a request; found here by name, not by import."""

from collections.abc import Callable, Mapping
from typing import Any

from .cybertrace import (
    add_indicators,
    delete_indicators,
    list_suppliers,
    look_up_indicators,
    unmark_false_positives,
)
from .local import refuse_run, report_outcomes, select_indicators
from .secmaster import (
    close_indicators,
    create_indicator,
    delete_threat_indicators,
    get_indicator,
    search_indicators,
    set_indicator_status,
)
from .waf import (
    create_ip_reputation_rule,
    delete_ip_reputation_rule,
    find_ip_reputation_rules,
    get_ip_reputation_rule,
    list_ip_reputation_rules,
    list_policies,
    set_ip_reputation_rule_status,
)

HANDLERS: Mapping[str, Callable[..., Any]] = {
    "cybertrace.add_indicators": add_indicators,
    "cybertrace.delete_indicators": delete_indicators,
    "cybertrace.list_suppliers": list_suppliers,
    "cybertrace.look_up_indicators": look_up_indicators,
    "cybertrace.unmark_false_positives": unmark_false_positives,
    "local.refuse_run": refuse_run,
    "local.report_outcomes": report_outcomes,
    "local.select_indicators": select_indicators,
    "secmaster.close_indicators": close_indicators,
    "secmaster.create_indicator": create_indicator,
    "secmaster.delete_threat_indicators": delete_threat_indicators,
    "secmaster.get_indicator": get_indicator,
    "secmaster.search_indicators": search_indicators,
    "secmaster.set_indicator_status": set_indicator_status,
    "waf.create_ip_reputation_rule": create_ip_reputation_rule,
    "waf.delete_ip_reputation_rule": delete_ip_reputation_rule,
    "waf.find_ip_reputation_rules": find_ip_reputation_rules,
    "waf.get_ip_reputation_rule": get_ip_reputation_rule,
    "waf.list_ip_reputation_rules": list_ip_reputation_rules,
    "waf.list_policies": list_policies,
    "waf.set_ip_reputation_rule_status": set_ip_reputation_rule_status,
}
