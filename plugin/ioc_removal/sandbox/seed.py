"""What the systems hold at the start: read it, check it, fill the keys that it leaves out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..loader import parse, read

EXAMPLE = "examples/sandbox-seed.yml"

_SECTIONS: Mapping[str, Mapping[str, type]] = {
    "cybertrace": {"users": list, "suppliers": dict, "tenants": dict},
    "huawei": {"project_id": str, "auth": list},
    "secmaster": {"workspaces": dict},
    "waf": {"policies": dict},
}
_CREDENTIALS = {"aksk": ("access_key", "secret_key"), "iam_token": ("token",)}


def default_seed() -> dict[str, Any]:
    """Return the seed that ships with the plugin."""
    seed = read(EXAMPLE)
    _check(seed, EXAMPLE)
    return dict(seed)


def read_seed(path: str) -> dict[str, Any]:
    """Read a seed from a file in YAML or JSON."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"seed {path}: cannot be read: {error}") from error
    seed = parse(text, path)
    _check(seed, path)
    return dict(seed)


def merged(seed: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the keys that a seed leaves out, section by section, from the example."""
    _check(seed, "seed")
    return {name: {**rows, **seed.get(name, {})} for name, rows in default_seed().items()}


def _check(seed: Any, where: str) -> None:
    if not isinstance(seed, Mapping):
        raise ArgumentError(f"{where}: must be a mapping with {', '.join(_SECTIONS)}")
    problems = [
        f"{where}.{name}: unknown; known are {', '.join(_SECTIONS)}"
        for name in seed
        if name not in _SECTIONS
    ]
    for name, known in _SECTIONS.items():
        rows = seed.get(name, {})
        if not isinstance(rows, Mapping):
            problems.append(f"{where}.{name}: must be a mapping")
            continue
        for key, value in rows.items():
            if key not in known:
                problems.append(f"{where}.{name}.{key}: unknown; known are {', '.join(known)}")
            elif not isinstance(value, known[key]):
                problems.append(f"{where}.{name}.{key}: must be a {_KINDS[known[key]]}")
    if not problems:
        problems = _missing(seed, where)
    if problems:
        raise ArgumentError(*problems)


_KINDS: Mapping[type, str] = {list: "list", dict: "mapping", str: "text"}


def _missing(seed: Mapping[str, Any], where: str) -> list[str]:
    """Name the fields without which a row means nothing."""
    huawei, cybertrace = seed.get("huawei", {}), seed.get("cybertrace", {})
    needed: list[tuple[str, Any, tuple[str, ...]]] = [
        (f"{where}.cybertrace.users[{place}]", row, ("name", "password", "role"))
        for place, row in enumerate(cybertrace.get("users", []))
    ]
    for place, row in enumerate(huawei.get("auth", [])):
        keys = _CREDENTIALS.get(row.get("type", "")) if isinstance(row, Mapping) else ()
        needed.append((f"{where}.huawei.auth[{place}]", row, ("type",) if keys is None else keys))
    for workspace, rows in seed.get("secmaster", {}).get("workspaces", {}).items():
        at = f"{where}.secmaster.workspaces.{workspace}.indicators"
        for place, row in enumerate((rows or {}).get("indicators", [])):
            needed.append((f"{at}[{place}]", row, () if "data_object" in row else ("value",)))
    for policy, row in seed.get("waf", {}).get("policies", {}).items():
        at = f"{where}.waf.policies.{policy}.rules"
        needed += [
            (f"{at}[{place}]", rule, ("id", "tags"))
            for place, rule in enumerate(row.get("rules", []))
        ]
    return [
        f"{at}: must be a mapping with {', '.join(keys)}"
        for at, row, keys in needed
        if not isinstance(row, Mapping) or any(not row.get(key) for key in keys)
    ]
