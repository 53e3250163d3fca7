"""Every definition: integration.yml, its schemas, handlers and cases fit together."""

from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from ioc_removal.definition import Definition
from ioc_removal.handlers import HANDLERS
from ioc_removal.integration import load_integration
from ioc_removal.loader import parse, read
from ioc_removal.schema import Schema
from transcribed import HERE, folder, transcribed

ROOT = Path(__file__).parents[1]
DOCUMENT: Mapping[str, Any] = read("integration.yml")
INTEGRATION = load_integration()
ACTIONS = list(INTEGRATION.definitions.values())
CASES: dict[str, list[dict[str, Any]]] = folder("cases")
# How the vendors write what an action does.
METHODS = {"removes": {"DELETE"}, "adds": {"PUT", "POST"}, "changes": {"PUT"}}
OPPOSITES = {"removes": "adds", "adds": "removes", "changes": "changes"}
each_action = pytest.mark.parametrize("action", ACTIONS, ids=[a.name for a in ACTIONS])


def entry(action: Definition) -> Mapping[str, Any]:
    found: Mapping[str, Any] = DOCUMENT["actions"][action.name]
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_what_is_transcribed_means_to_a_strict_reader_what_it_means_to_a_fast_one() -> None:
    for file in HERE.rglob("*.yml"):
        name = file.relative_to(HERE).as_posix()
        assert parse(file.read_text(encoding="utf-8"), name) == transcribed(name), name


def test_the_catalogue_is_valid_and_has_no_misspelt_key() -> None:
    schema = Schema(read("schemas/integration.json"))
    assert not list(schema.problems(DOCUMENT))
    for section in ("systems", "actions"):
        for name, values in DOCUMENT[section].items():
            wrong = {**DOCUMENT, section: {**DOCUMENT[section], name: {**values, "unknown": 1}}}
            assert list(schema.problems(wrong))


@each_action
def test_an_action_is_named_by_its_system_and_what_it_does(action: Definition) -> None:
    assert action.system == "local" or action.name.startswith(f"{action.system}-")
    assert action.title[0].isupper()
    assert not action.title.endswith(".")
    assert (action.documentation is None) == (action.system == "local")
    assert (action.endpoint is None) == (action.system == "local")
    module = entry(action)["handler"].partition(".")[0]
    assert module == action.system
    assert entry(action)["schema"].startswith(f"schemas/{action.system}/")


@each_action
def test_a_handler_takes_the_arguments_of_its_schema(action: Definition) -> None:
    parameters = dict(signature(action.handler).parameters)
    if action.endpoint:
        assert next(iter(parameters)) == "call"
        del parameters["call"]
    part = action.schema.part
    ours = {"x-connection", "x-guard"}  # for the connection, or for the guards
    arguments = {n for n, rule in part["properties"].items() if not ours & rule.keys()}
    assert set(parameters) == arguments
    optional = {n for n, p in parameters.items() if p.default is not Parameter.empty}
    assert optional == arguments - set(part.get("required", ()))


@each_action
def test_a_path_is_filled_by_arguments_or_fixed(action: Definition) -> None:
    if action.endpoint is None:
        assert not action.fixed
        return
    part = action.schema.part
    fixed = dict(fixed_rows(action.document["$defs"]["request"]))
    assert fixed == dict(action.fixed)
    own = placeholders(action.endpoint.path) - set(fixed)
    if action.reads and not action.acts:
        # It works through another read, and names a list of what that one names one of.
        own &= set(part["properties"])
    if action.limits and action.limits.most == 1:
        own &= set(part["properties"])  # a list of what a request names one of
    assert own <= set(part.get("required", ()))
    for name in own:
        assert part["properties"][name].get("x-source", {"in": "path"})["in"] == "path"
    headers = "".join(action.endpoint.headers.values())
    assert placeholders(headers) <= placeholders(action.endpoint.path)


def fixed_rows(rules: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the rows that an action fixes, in the path or in the body."""
    for name, rule in rules.get("properties", {}).items():
        if "x-fixed" in rule and rule["x-source"]["in"] != "header":
            yield name, rule["x-fixed"]
        yield from fixed_rows(rule)


def request_rows(action: Definition) -> dict[str, Any]:
    rows = action.document["$defs"]["request"].get("properties", {})
    return {name: rule for name, rule in rows.items() if "x-source" in rule}


@each_action
def test_constant_headers_are_sent_verbatim(action: Definition) -> None:
    if action.endpoint is None:
        return
    documented = {
        name: rule["x-fixed"]
        for name, rule in request_rows(action).items()
        if rule["x-source"]["in"] == "header" and "x-fixed" in rule
    }
    sent = dict(action.endpoint.headers)
    assert documented.items() <= sent.items()
    own = sent.keys() - documented.keys()
    assert own <= {"X-Project-Id"}  # the official SDK sends it, and signs it
    names = [name.lower() for name in sent]
    assert len(set(names)) == len(names)


@each_action
def test_a_batch_is_cut_by_an_argument(action: Definition) -> None:
    if action.limits is None:
        # What acts on one indicator a request names it in its arguments.
        assert action.acts == (action.named is not None)
        if action.named:
            for example in action.schema.part["examples"]:
                assert action.item_of(example)
        return
    assert action.named is None
    for name in action.limits.along:
        assert action.schema.part["properties"][name]["type"] == "object"
        assert name not in action.schema.part["required"]
    rule = action.schema.part["properties"][action.limits.argument]
    assert action.limits.argument in action.schema.part["required"]
    assert action.limits.items <= (action.limits.most or action.limits.items)
    assert rule["type"] == "array" or action.limits.items == 1
    if rule["type"] == "array":
        assert rule["minItems"] == 1


@each_action
def test_what_acts_says_what_it_does_and_where(action: Definition) -> None:
    properties = action.schema.part["properties"]
    assert all(name in properties or name in action.fixed for name in action.target)
    if not action.acts:
        assert action.settle is None
        assert str(entry(action).get("endpoint", "GET ")).partition(" ")[0] in {"GET", "POST"}
        return
    assert action.endpoint
    assert action.endpoint.method in METHODS[action.does]
    assert action.target
    assert action.named_by in {"value", "id"}
    assert set(action.context_key) == {action.named_by, *action.target}
    assert action.effect
    by = action.effect.get("by")
    of_the_indicator = by == "verdict"  # not of the call
    assert by is None or by.partition(".")[0] in properties or of_the_indicator
    assert (action.named_by == "value" and action.limits is not None) == bool(action.applies_to)


@each_action
def test_what_is_done_can_be_settled_and_undone_by_actions_of_the_same_system(
    action: Definition,
) -> None:
    for name in (action.settle, action.snapshot):
        if name:
            other = INTEGRATION.definition(name)
            assert (other.system, other.acts) == (action.system, False)
    for name in (action.undo, action.instead):
        if name:
            other = INTEGRATION.definition(name)
            assert (other.system, other.acts) == (action.system, True)
    assert (action.undo is not None) == action.acts
    if action.instead:
        assert INTEGRATION.definition(action.instead).does == "changes"
    if action.undo:
        back = INTEGRATION.definition(action.undo)
        assert back.does == OPPOSITES[action.does]
        assert back.undo
        assert set(back.target) == set(action.target)
    if action.does == "changes":
        assert action.settle
        shown = {
            name
            for rules in INTEGRATION.definition(action.settle).document["$defs"].values()
            for name in outputs(rules)
        }
        assert action.sets
        assert set(action.sets) <= shown
        assert all(n in action.schema.part["properties"] or n in action.fixed for n in action.sets)
    else:
        assert not action.sets


@each_action
def test_reads_are_actions_of_the_same_system_that_read(action: Definition) -> None:
    for name in action.reads:
        read_action = INTEGRATION.definition(name)
        assert read_action.system == action.system
        assert not read_action.acts
    if action.resolves:
        assert action.resolves in action.schema.part["properties"]


def test_a_connection_is_tested_by_a_read() -> None:
    for name, system in INTEGRATION.systems.items():
        if name == "local":
            assert system.test is None
            continue
        assert system.test
        action = INTEGRATION.definition(system.test["action"])
        assert (action.system, action.acts) == (name, False)
        needed = set(action.schema.part.get("required", ())) - set(system.test["arguments"])
        settings = read("schemas/settings.json")["$defs"]["connection"]["properties"]
        assert needed <= set(settings["defaults"]["properties"])
        made_up = dict.fromkeys(needed, "0123456789abcdef0123456789abcdef")
        assert not list(action.schema.problems({**made_up, **system.test["arguments"]}))


def test_context_paths_are_of_one_kind_of_thing() -> None:
    removals = [action.context_path for action in ACTIONS if action.acts]
    assert len(set(removals)) == len(removals)
    reads: dict[str, set[tuple[str, ...]]] = {}
    for action in ACTIONS:
        if not action.acts:
            reads.setdefault(action.context_path, set()).add(action.context_key)
    assert not reads.keys() & set(removals)
    assert all(len(keys) == 1 for keys in reads.values())


def test_there_is_no_orphan() -> None:
    files = {
        file.relative_to(ROOT).as_posix()
        for system in INTEGRATION.systems
        for file in (ROOT / "schemas" / system).iterdir()
    }
    assert files == {entry(action)["schema"] for action in ACTIONS}
    assert len(files) == len(ACTIONS)
    assert set(HANDLERS) == {entry(action)["handler"] for action in ACTIONS}
    assert set(CASES) == set(INTEGRATION.definitions)


@each_action
def test_a_schema_has_a_title_and_describes_its_arguments(action: Definition) -> None:
    assert action.document["title"]
    assert action.schema.part["description"].endswith(".")
    for rule in action.schema.part["properties"].values():
        assert rule["description"].endswith(".")


def test_cases_have_each_a_sentence_of_their_own() -> None:
    for cases in CASES.values():
        assert cases
        sentences = [case["case"] for case in cases]
        assert len(set(sentences)) == len(sentences)


@each_action
def test_every_response_field_with_an_output_is_seen_in_a_case(action: Definition) -> None:
    if action.endpoint is None:
        return
    kin = [a for a in ACTIONS if set(documents(a.document)) & set(documents(action.document))]
    seen = {
        "reason" if name == "reason_has" else name
        for other in kin
        for case in CASES[other.name]
        for row in (*case.get("outcomes", ()), *case.get("outputs", ()))
        for name in row
    }
    named = {
        name
        for part, rules in action.document["$defs"].items()
        if part.startswith("answer_2" if not action.acts else "answer_")
        for name in outputs(rules)
    }
    assert named
    assert named <= seen


def outputs(rules: Mapping[str, Any]) -> Iterator[str]:
    """Name the outputs of an answer, those of its headers too."""
    for child in (*rules.get("x-headers", {}).values(), *rules.get("properties", {}).values()):
        if "x-output" in child:
            yield child["x-output"]
        yield from outputs(child)
    if "items" in rules:
        yield from outputs(rules["items"])


def documents(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "x-source" in node:
            yield node["x-source"]["document"]
        for child in node.values():
            yield from documents(child)
    elif isinstance(node, list):
        for child in node:
            yield from documents(child)
