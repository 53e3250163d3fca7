"""The exported StackStorm pack: whole, valid, and of the same catalogue."""

import ast
import json
import re
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft4Validator, ValidationError, validators

from asking import sandbox
from ioc_removal.cli import main
from ioc_removal.hosts.stackstorm.export import NOT_GIVEN, pack_files
from ioc_removal.hosts.stackstorm.inside.configuration import MOST, settings_of
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import SECRETS
from stackstorm.compare import config_of
from stackstorm.exported import ACTIONS, FILES, INTEGRATION, ROOT, document, of

__all__ = ["sandbox"]
SCHEMAS = ROOT.parent / "shared" / "data" / "stackstorm-schemas"
CASTS = {"array", "boolean", "integer", "number", "object", "string"}  # st2common/util/casts.py
KINDS = {"actions": "action", "aliases": "alias", "rules": "rule"}
PLAYBOOKS = sorted(file.stem for file in (ROOT / "playbooks").glob("*.yml"))


def test_an_export_is_the_same_byte_for_byte_and_tells_what_is_not_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # an earlier export is replaced
        assert main(["export", "stackstorm", "--out", str(tmp_path / "pack")]) == 0
        out, err = capsys.readouterr()
        assert f"{len(FILES)} files for stackstorm" in out
        assert all(line in err for line in NOT_GIVEN)
        for path, content in FILES.items():
            assert (tmp_path / "pack" / path).read_bytes() == content
    assert pack_files(INTEGRATION) == FILES


def test_a_folder_with_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["export", "stackstorm", "--out", str(tmp_path)]) == 2
    assert "it is not empty, and no earlier export" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_each_action_and_playbook_is_there() -> None:
    assert ACTIONS.keys() == {*INTEGRATION.definitions, *PLAYBOOKS}


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_is_unchanged_and_finds_its_actions(name: str) -> None:
    own = FILES[f"actions/{ACTIONS[name]['entry_point']}"]
    assert own == (ROOT / "playbooks" / f"{name}.yml").read_bytes()
    workflow = yaml.safe_load(own)
    for task in workflow["tasks"].values():
        pack, _, action = task["action"].partition(".")
        if pack == "core":
            continue
        assert pack == document("pack.yaml")["ref"]
        parameters = ACTIONS[action]["parameters"]
        assert task.get("input", {}).keys() <= parameters.keys()
        needed = {key for key, rule in parameters.items() if rule.get("required")}
        assert needed <= task.get("input", {}).keys()
    inputs = [row if isinstance(row, str) else next(iter(row)) for row in workflow["input"]]
    assert ACTIONS[name]["parameters"].keys() == set(inputs)


@pytest.mark.parametrize("name", ACTIONS)
def test_a_parameter_has_one_type_that_stackstorm_casts_and_is_no_secret(name: str) -> None:
    for key, rule in ACTIONS[name]["parameters"].items():
        assert key.isidentifier()
        assert key not in SECRETS
        assert rule.get("type", "integer") in CASTS
        assert rule.get("description") or key == "timeout"


@pytest.mark.parametrize("name", INTEGRATION.definitions)
def test_an_action_names_itself_and_has_its_arguments(name: str) -> None:
    parameters = ACTIONS[name]["parameters"]
    assert parameters["perform"] == {**parameters["perform"], "default": name, "immutable": True}
    part = INTEGRATION.definitions[name].schema.part
    arguments = {key for key, rule in part["properties"].items() if not rule.get("x-connection")}
    assert arguments <= parameters.keys()
    assert ("dry_run" in parameters) is INTEGRATION.definitions[name].acts


def test_rules_are_off_and_aliases_name_inputs() -> None:
    rules, aliases = dict(of("rules")), dict(of("aliases"))
    assert len(rules) == len(aliases) == 2
    for body in rules.values():
        assert body["enabled"] is False
        [criterion] = body["criteria"].values()
        pattern = criterion["pattern"]["item"]["pattern"]
        assert not any(mark in pattern for mark in ("{{", "{%", "{#"))
        for text in ("{{ 7*7 }}.example.com", "a\n{% x %}", "a{# b #}.example.com"):
            assert not re.search(pattern, text)
        for text in ("192.0.2.1", "http://a.example/{id}?q=%7B%7B#x", ""):
            assert re.search(pattern, text)
        action = ACTIONS[body["action"]["ref"].removeprefix("ioc_removal.")]
        assert body["action"]["parameters"].keys() <= action["parameters"].keys()
    for body in aliases.values():
        assert "{{ indicators }}" in body["formats"][0]
        assert body["action_ref"].removeprefix("ioc_removal.") in ACTIONS


def test_every_secret_stands_where_stackstorm_masks_it() -> None:
    schema = document("config.schema.yaml")
    assert schema["credentials"]["secret"] is True
    own = schema["credentials"]["additionalProperties"]["properties"]
    assert {key for key, rule in own.items() if rule.get("secret")} == set(SECRETS)
    assert schema["store"]["secret"] is schema["journal"]["secret"] is True
    connection = schema["connections"]["additionalProperties"]["properties"]
    assert connection["auth"] == {**connection["auth"], "type": "string"}
    assert not set(SECRETS) & connection.keys()
    assert schema["guards"]["properties"]["max_per_call"]["default"] == MOST == 10_000


def test_the_requirements_are_those_of_the_plugin_and_of_any_store() -> None:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg")
    wanted = parser["options"]["install_requires"].split()
    wanted += parser["options.extras_require"]["postgresql"].split()
    assert FILES["requirements.txt"].decode().split() == sorted(wanted)


def test_the_example_of_a_config_is_one() -> None:
    example = yaml.safe_load(FILES["ioc_removal.yaml.example"])
    for one in example["credentials"].values():
        for key in SECRETS:
            if key in one:
                one[key] = "made-up-secret"
    assert settings_of(example).connections.keys() == {"cybertrace", "secmaster", "waf"}


def properties_with_required(
    validator: Any, properties: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Draft 3's `required` in each property, as StackStorm's schemas have it."""
    if isinstance(instance, dict):
        for name, rule in properties.items():
            if isinstance(rule, dict) and rule.get("required") is True and name not in instance:
                yield ValidationError(f"{name!r} is a required property")
    yield from Draft4Validator.VALIDATORS["properties"](validator, properties, instance, schema)


Published: Any = validators.extend(  # type: ignore[no-untyped-call]  # its stub
    Draft4Validator,
    {"properties": properties_with_required, "required": lambda *_: iter(())},
)


@pytest.mark.parametrize("path", ["pack.yaml", *(p for kind in KINDS for p, _ in of(kind))])
def test_stackstorms_published_schemas_accept_it(path: str) -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("StackStorm's published schemas are not beside the checkout")
    kind = KINDS.get(path.partition("/")[0], "pack")
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    assert not list(Published(schema).iter_errors(document(path)))


def test_what_stackstorm_fills_in_empty_is_as_if_it_were_not_there(sandbox: Sandbox) -> None:
    config = config_of(sandbox.settings())
    config["connections"]["cybertrace"] |= {"nodes": [], "limits": {}, "tenant": None}
    config |= {"guards": {"protected": [], "stop_after": {}}, "chosen": {}}
    settings = settings_of(config)
    assert "nodes" not in settings.connections["cybertrace"]
    assert settings.guards == {"max_per_call": MOST}


def test_an_older_python_can_read_the_entry_point_and_is_told_what_it_needs() -> None:
    tree = ast.parse(FILES["actions/perform.py"], feature_version=(3, 6))
    at_once = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert at_once == ["st2common.runners.base_action"]  # the plugin later: after the question
