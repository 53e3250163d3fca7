"""The incident's words: its fields and what may be chosen in them, and its part of the context."""

from collections.abc import Mapping

INDICATORS, SYSTEMS, TICKET = "iocremovalindicators", "iocremovalsystems", "iocremovalticket"
CONFIRMATION, SUMS = "iocremovalconfirmation", "iocremovaloutcomes"
DETECTIONS = "iocremovalunmarkdetections"
CARRY_OUT, DRY_RUN = "Carry out", "Dry run"
UNASKED = "REST API 1.0 or 1.1"  # which does not know the choice
CHOICES: Mapping[str, bool | None] = {"yes": True, "no": False, UNASKED: None}
MARKS = "IOCRemoval.Undo"
UNMARK = "cybertrace-false-positives-unmark"
FROM_CYBERTRACE, FROM_SECMASTER = "cybertrace-indicators-delete", "secmaster-indicators-delete"
SEARCH = "secmaster-indicators-search"
# Where the variables of a playbook stand, and the items of its loops.
VARIABLES, ITEMS = "IOCRemovalPlaybook", "IOCRemovalItems"
