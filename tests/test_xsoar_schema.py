"""Where jsonschema is not to be had, values are judged and refused in the same words."""

from collections.abc import Callable
from typing import Any

import pytest

from ioc_removal.hosts.xsoar.code import LITERALS
from ioc_removal.hosts.xsoar.definitions import SETTINGS, checks_of, definitions_of
from ioc_removal.hosts.xsoar.inside import definitions as literals
from ioc_removal.hosts.xsoar.inside.definitions import RefusedError
from ioc_removal.hosts.xsoar.inside.schema import Schema as Walked
from ioc_removal.hosts.xsoar.sources import source_of
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.schema import Schema
from schema_fields import PARTS, SCHEMAS
from slips import seeds, variants

SYSTEMS = tuple(name for name, system in load_integration().systems.items() if system.auth)
STRIPPED = {
    name.removeprefix("schemas/").removesuffix(".json"): document
    for system in SYSTEMS
    for name, document in definitions_of(system).items()
}
SETTING_VARIANTS: list[Any] = [
    {"connections": {"waf": {"system": "waf", "url": "https://waf.example", "auth": auth}}}
    for auth in (
        {"type": "aksk", "access_key": "A", "secret_key": "S"},
        {"type": "iam_password", "username": "u", "password": "p", "domain": "d"},
    )
]
SETTING_VARIANTS += [
    {
        "connections": {
            "cybertrace": {
                "system": "cybertrace",
                "nodes": ["https://one.example", "https://two.example"],
                "api_version": "1.3",
                "tenant": "General",
                "verify": False,
                "proxy": False,
                "retries": 4,
                "read_timeout": 1.5,
                "defaults": {"supplier": "InternalTI"},
                "limits": {"items": 10, "in_flight": 1, "per_second": 0.5},
            }
        },
        "guards": {
            "max_per_call": 5,
            "protected": ["192.0.2.0/24", {"file": "x"}],
            "stop_after": {"percent": 20, "of": 50},
            "snapshot": "required",
            "disabled": ["private"],
        },
    }
]


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_the_walk_words_what_jsonschema_refuses_and_what_is_left_out_refuses_nothing(
    name: str, part: str
) -> None:
    real, walked = Schema(SCHEMAS[name], part), Walked(SCHEMAS[name], part)
    stripped = Walked(STRIPPED[name], part) if part in STRIPPED[name]["$defs"] else walked
    for value in (variant for seed in seeds(name, part) for variant in variants(seed)):
        said = list(walked.problems(value))
        assert said == list(real.problems(value)), value
        assert stripped is walked or list(stripped.problems(value)) == said, value


@pytest.mark.parametrize("start", SETTING_VARIANTS)
def test_the_walk_words_what_is_wrong_in_settings(start: Any) -> None:
    document = read(SETTINGS)
    real, walked = Schema(document), Walked(document)
    for value in variants(start):
        assert list(walked.problems(value)) == list(real.problems(value)), value


@pytest.mark.parametrize("system", SYSTEMS)
def test_compiled_checks_judge_as_the_schema(system: str) -> None:
    checks = compiled(system)
    assert checks
    for (path, part), check in checks.items():
        name = path.removeprefix("schemas/").removesuffix(".json")
        schema = Schema(SCHEMAS[name], part)
        for value in (variant for seed in seeds(name, part) for variant in variants(seed)):
            try:
                check(value)
                valid = True
            except RefusedError:
                valid = False
            assert valid == (not list(schema.problems(value))), value


def compiled(system: str) -> dict[tuple[str, str], Callable[[Any], None]]:
    """Return the checks of a system, as the module for which they are written has them."""
    namespace = dict(vars(literals))
    assert "CHECKS" in source_of(LITERALS).defined
    exec(checks_of(definitions_of(system)), namespace)  # noqa: S102  # it was just written
    found: dict[tuple[str, str], Callable[[Any], None]] = namespace["CHECKS"]
    return found


def test_what_stands_in_for_a_schema_has_all_that_is_asked_of_one() -> None:
    of_playbooks = {"located"}
    asked = {name for name in dir(Schema) if not name.startswith("_")} - of_playbooks
    assert asked <= {*dir(Walked)}
