"""What the inputs of a playbook of one's own must be: by what its tasks do with them."""

from collections.abc import Mapping

import pytest

from ioc_removal.integration import load_integration
from ioc_removal.operations.input_rules import input_rules
from ioc_removal.operations.playbooks import parse_all

INTEGRATION = load_integration()
TEXTS = {"type": ["array", "null"], "items": {"type": "string"}}
TEXT = {"type": ["string", "null"]}
DELETE = "action: ioc_removal.cybertrace-indicators-delete"
BOTH = "input: {supplier: '{{ ctx().s }}', indicators: '{{ ctx().x }}'}"
GIVEN = "input: {s: '{{ ctx().s }}', x: '{{ ctx().x }}'}"
INNER = f"version: 1.0\ninput: [s, x]\ntasks: {{a: {{{DELETE}, {BOTH}}}}}"


def rules(tasks: str, more: str = "") -> Mapping[str, Mapping[str, object]]:
    """Return the rules of the inputs x and s."""
    texts = {"own": f"version: 1.0\ninput: [s, x]\n{more}\ntasks: {{{tasks}}}", "inner": INNER}
    properties: Mapping[str, Mapping[str, object]] = input_rules(
        "own", parse_all(texts, INTEGRATION), INTEGRATION
    )["properties"]
    return properties


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        (f"a: {{{DELETE}, {BOTH}}}", {"s": TEXT, "x": TEXTS}),
        ("a: {action: ioc_removal.inner, " + GIVEN + "}", {"s": TEXT, "x": TEXTS}),
        (
            f"a: {{with: '{{{{ ctx().x }}}}', {DELETE}, "
            "input: {supplier: a, indicators: ['{{ item() }}']}}",
            {"x": {"type": ["array", "null"]}},
        ),
        (f"a: {{{DELETE}, input: {{supplier: a, indicators: ['{{{{ ctx().x }}}}']}}}}", {}),
        (  # one thing here, another there
            f"a: {{{DELETE}, {BOTH}, next: [{{do: b}}]}}, "
            f"b: {{{DELETE}, input: {{supplier: '{{{{ ctx().x }}}}', indicators: [b]}}}}",
            {"s": TEXT},
        ),
        (  # no longer what was given
            f"z: {{action: core.noop, next: [{{publish: [{{x: [a]}}], do: a}}]}}, "
            f"a: {{{DELETE}, {BOTH}}}",
            {"s": TEXT},
        ),
        (
            "a: {action: core.ask, input: {users: '{{ ctx().x }}', route: '{{ ctx().s }}'}}",
            {"s": TEXT, "x": TEXTS},
        ),
    ],
)
def test_an_input_is_what_it_becomes(tasks: str, expected: Mapping[str, object]) -> None:
    assert rules(tasks) == expected


def test_the_document_of_a_playbook_that_ships_prevails() -> None:
    name = "unmark-false-positives"
    found = input_rules(name, {}, INTEGRATION)
    assert found["title"]
    assert set(found["properties"]) == {"indicators", "unmark_detections"}
