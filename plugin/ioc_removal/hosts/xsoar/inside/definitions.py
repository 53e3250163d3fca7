"""What the exporter writes: definitions, checks and parameters.

DEFINITIONS: integration.yml and the schemas that it names, of one system, without what nothing
reads at run time. PATTERNS: by their texts. CHECKS: of a schema and one of its parts, a function
that raises RefusedError. PARAMETERS: the kind of each of the integration's parameters, and the
setting that it is.
"""

from collections.abc import Callable, Mapping, Sequence
from re import Pattern
from re import compile as pattern  # noqa: F401  # what is written uses it, and these three
from typing import Any

from .keywords import is_of, refusal_of_choice, refusal_of_type  # noqa: F401

INSTANCE = "instance"  # the field of a row in the context: the instance that it is from


class RefusedError(Exception):
    """A value is not as its schema says."""


DEFINITIONS: Mapping[str, Any] = {}
PATTERNS: Mapping[str, Pattern[str]] = {}
CHECKS: Mapping[tuple[str, str | None], Callable[[Any], None]] = {}
PARAMETERS: Mapping[str, tuple[str, Sequence[str]]] = {}
