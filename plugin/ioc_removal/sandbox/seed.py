"""What the systems hold at the start: read it, check it, fill the keys that it leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, DefinitionError
from ..loader import parse, read
from .faults import checked_fault
from .shape import SEED, problems

EXAMPLE = "examples/sandbox-seed.yml"
FAULTS_EXAMPLE = "examples/sandbox-faults.yml"
LARGEST_NETWORK = 1 << 20
LONGEST_TOKEN = 10 * 86400

_CREDENTIALS = {"aksk": ("access_key", "secret_key"), "iam_token": ("token",)}


def default_seed() -> dict[str, Any]:
    """Return the seed that ships with the plugin."""
    return deepcopy(_example())


def read_seed(path: str) -> dict[str, Any]:
    """Read a seed from a file in YAML or JSON."""
    return dict(_checked(_parsed(path, "seed"), path))


def read_faults(path: str) -> list[Any]:
    """Read faults from a file in YAML or JSON, which holds a list."""
    rules = _parsed(path, "faults")
    if not isinstance(rules, list):
        raise ArgumentError(f"faults {path}: must hold a list, as {FAULTS_EXAMPLE} does")
    found = list(_wrong_faults(rules, path))
    if found:
        raise ArgumentError(*found)
    return rules


def merged(seed: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the keys that a seed leaves out, section by section, from the example."""
    _checked(seed, "seed")
    example = _example()
    whole = {
        name: {
            key: seed[name][key] if key in seed.get(name, {}) else deepcopy(value)
            for key, value in section.items()
        }
        for name, section in example.items()
        if name != "faults"
    }
    iam = {**deepcopy(example["huawei"]["iam"]), **seed.get("huawei", {}).get("iam", {})}
    whole["huawei"]["iam"] = iam
    return {**whole, "faults": list(seed.get("faults", example["faults"]))}


@cache
def _example() -> dict[str, Any]:
    return dict(_checked(read(EXAMPLE), EXAMPLE))


def _parsed(path: str, what: str) -> Any:
    try:
        return parse(Path(path).read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{what} {path}: cannot be read: {error}") from error
    except DefinitionError as error:
        raise ArgumentError(str(error)) from error


def _checked(seed: Any, where: str) -> Mapping[str, Any]:
    found = list(problems(seed, SEED, where)) or list(_meaningless(seed, where))
    if found:
        raise ArgumentError(*found)
    checked: Mapping[str, Any] = seed
    return checked


def _meaningless(seed: Mapping[str, Any], where: str) -> Iterator[str]:
    """Find what has the right shape and still means nothing."""
    yield from _wrong_faults(seed.get("faults", ()), f"{where}.faults")
    if seed.get("cybertrace", {}).get("users") == []:
        yield f"{where}.cybertrace.users: must hold at least one user"
    if seed.get("huawei", {}).get("auth") == []:
        yield f"{where}.huawei.auth: must hold at least one credential"
    for place, row in enumerate(seed.get("huawei", {}).get("auth", [])):
        yield from _wrong_credential(row, f"{where}.huawei.auth[{place}]")
    iam = seed.get("huawei", {}).get("iam", {})
    if iam.get("users") == []:
        yield f"{where}.huawei.iam.users: must hold at least one user"
    if not 1 <= iam.get("token_seconds", 1) <= LONGEST_TOKEN:
        yield f"{where}.huawei.iam.token_seconds: must be between 1 and {LONGEST_TOKEN}"
    for workspace, rows in seed.get("secmaster", {}).get("workspaces", {}).items():
        at = f"{where}.secmaster.workspaces.{workspace}"
        for place, row in enumerate(rows.get("indicators", [])):
            if "value" not in row and not ("data_object" in row and "id" in row):
                yield f"{at}.indicators[{place}].value: is missing"
        for network in rows.get("networks", {}):
            yield from _wrong_network(network, f"{at}.networks")


def _wrong_faults(rules: Sequence[Any], where: str) -> Iterator[str]:
    for place, rule in enumerate(rules):
        yield from checked_fault(rule, f"{where}[{place}]")


def _wrong_credential(row: Mapping[str, Any], at: str) -> Iterator[str]:
    needed = _CREDENTIALS.get(row["type"])
    if needed is None:
        yield f"{at}.type: must be one of {', '.join(_CREDENTIALS)}"
    for key in needed or ():
        if not row.get(key):
            yield f"{at}.{key}: is missing"
    try:
        expires_at = datetime.fromisoformat(row.get("expires_at", "2000-01-01T00:00:00+00:00"))
    except ValueError:
        expires_at = datetime.min
    if expires_at.tzinfo is None:
        yield f"{at}.expires_at: must be a time such as 2020-01-04T09:05:22+00:00"


def _wrong_network(network: Any, at: str) -> Iterator[str]:
    try:
        size = ip_network(str(network)).num_addresses
    except ValueError as error:
        yield f"{at}: {error}"
        return
    if size > LARGEST_NETWORK:
        yield f"{at}: {network} has more than {LARGEST_NETWORK} addresses"
