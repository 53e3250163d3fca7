"""The house: imports point downwards, each library has one door, modules can be joined."""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from ioc_removal.integration import load_integration

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "plugin" / "ioc_removal"
# From the top to the ground; what stands in one row does not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("cli",),
    ("hosts", "sandbox"),
    ("operations",),
    ("playbooks",),
    ("store",),
    ("trust",),
    ("integration",),
    ("action", "handlers"),
    ("checking", "sending"),
    ("adding", "batches", "bisection", "call", "restoring", "settling"),
    ("connection", "definition", "indicators"),
    ("connection_settings", "iam", "versions"),
    ("settings", "regions", "iam_login"),
    ("endpoint", "authentication", "environment", "huawei_settings"),
    ("unanswered",),
    ("wire", "signature", "huawei_sdk"),
    ("adapter", "answer"),
    (
        "same_outcome",
        "schema",
        "system",
        "heard",
        "quotes",
        "retries",
        "token_cache",
        "version_cache",
        "origin",
        "proxies",
        "certificates",
    ),
    (
        *(
            "private_file",
            "loader",
            "wording",
            "body",
            "judging",
            "marks",
            "outcome",
            "refusals",
            "deadline",
            "in_flight",
            "pace",
        ),
        "spool",
    ),
    ("yaml_reading",),
    ("clean_texts", "duration", "errors", "events", "places", "secret"),
)
LAYER = {name: depth for depth, row in enumerate(LAYERS) for name in row}
TRUST = LAYER["trust"]
CALL_PATH = {name for row in LAYERS[TRUST:] for name in row} - {"errors"}
DOORS_OF_DBOS = ("engine", "engine_rows", "workflows", "conducting", "conducted")
DOORS: Mapping[str, set[str]] = {
    "yaml": {"yaml_reading", "hosts.yaml_text"},
    "jsonschema": {"schema"},
    "jsonschema_rs": {"schema"},
    "fastjsonschema": {"hosts"},
    "PIL": {"hosts.xsoar.picture"},
    "sqlite3": {"store.sqlite"},
    "psycopg": {
        "store.postgresql",
        "store.postgresql_lasting",
        "store.postgresql_pipeline",
        "store.postgresql_leases",
        "store.postgresql_session",
    },
    "sqlalchemy": {f"playbooks.{name}" for name in ("engine", "engine_rows", "halting")},
    "dbos": {f"playbooks.{name}" for name in DOORS_OF_DBOS},
    "croniter": {"operations.cron"},
    "jinja2": {"playbooks.expressions"},
    "prometheus_client": {"cli.metrics"},
    "requests": {
        *("adapter", "authentication", "certificates", "iam", "signature", "unanswered", "wire"),
    },
    "urllib3": {"adapter", "answer", "retries", "unanswered", "wire"},
}
CORE = {"requests", "urllib3", "jsonschema", "yaml"}
EXTRAS_IN = {"playbooks", "cli", "sandbox", "hosts", *DOORS["psycopg"], *DOORS["croniter"]}
MODULES = {
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}
BELOW = [name for name in MODULES if LAYER.get(name.partition(".")[0], -1) >= TRUST]


@cache
def tree(module: str) -> ast.Module:
    file = MODULES[module]
    return ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 10))


def absolute(module: str, node: ast.ImportFrom) -> str:
    """Return what is imported from, as "endpoint", "handlers.waf", "requests"."""
    if not node.level:
        return (node.module or "").removeprefix("ioc_removal.")
    parts = module.split(".")
    if MODULES[module].name == "__init__.py" and module != "__init__":
        parts.append("__init__")
    start = parts[: len(parts) - node.level]
    return ".".join([*start, *filter(None, [node.module])])


def imported(module: str, *, top: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports, and whether it is ours; top: not inside functions."""
    nodes = tree(module).body if top else ast.walk(tree(module))
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.name.startswith("ioc_removal")
        elif isinstance(node, ast.ImportFrom):
            name = absolute(module, node)
            ours = bool(node.level) or (node.module or "").startswith("ioc_removal")
            if ours and not name:  # from . import errors
                yield from ((alias.name, True) for alias in node.names)
            else:
                yield name, ours


def part_of(name: str) -> str:
    part = name.removeprefix("ioc_removal").lstrip(".").partition(".")[0]
    return "__init__" if part in {"", "__version__"} else part


def test_every_module_has_its_layer() -> None:
    assert {part_of(name) for name in MODULES} - {"__init__"} <= LAYER.keys()


def test_imports_point_downwards() -> None:
    for module in MODULES:
        own = part_of(module)
        for name, ours in imported(module):
            other = part_of(name)
            if ours and other not in {own, "__init__"}:
                assert LAYER[own] < LAYER[other], f"{module} imports {name}"


def test_the_sandbox_knows_nothing_of_the_call_path() -> None:
    for module in MODULES:
        if part_of(module) == "sandbox":
            ours = {part_of(name) for name, own in imported(module) if own}
            assert not ours & (CALL_PATH - {"loader"}), module


def test_modules_from_trust_downwards_can_be_joined() -> None:
    for module in BELOW:
        expect_to_be_joinable(module)


def expect_to_be_joinable(module: str) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("ioc_removal") for alias in node.names)
        if isinstance(node, ast.ImportFrom) and (node.level or node.module == "ioc_removal"):
            assert node.module, "from . import module"
            assert all(alias.name != "*" and alias.asname is None for alias in node.names)
        assert not (isinstance(node, ast.Name) and node.id == "__name__")
        if module != "loader":
            assert not (isinstance(node, ast.Name) and node.id in {"__file__", "__package__"})
    libraries = {name for name, ours in imported(module) if not ours}
    assert module == "loader" or not any(n.startswith("importlib") for n in libraries)


@pytest.mark.parametrize("system", sorted(load_integration().systems))
def test_no_two_modules_of_a_system_define_one_public_name(system: str) -> None:
    own = {
        name
        for name in BELOW
        if not name.startswith("handlers.") or name.startswith(f"handlers.{system}")
    }
    pairs = {(one, other): defined(one) & defined(other) for one, other in combinations(own, 2)}
    assert not {pair: both for pair, both in pairs.items() if both}


def defined(module: str) -> set[str]:
    """Name what a module defines at its top for others."""
    names: set[str] = set()
    for node in tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = (n for target in node.targets for n in ast.walk(target))
            names |= {n.id for n in targets if isinstance(n, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_its_door(library: str) -> None:
    for module in MODULES:
        allowed = DOORS[library] & {module, part_of(module)}
        libraries = {name.partition(".")[0] for name, ours in imported(module) if not ours}
        assert library not in libraries or allowed, module


def test_the_core_needs_three_libraries_and_no_extra() -> None:
    for module in MODULES:
        if {part_of(module), module} & EXTRAS_IN:
            continue
        others = (name for name, ours in imported(module, top=True) if not ours)
        libraries = {name.partition(".")[0] for name in others}
        assert libraries - sys.stdlib_module_names <= CORE, module


def test_a_name_says_what_a_module_is_for() -> None:
    vague = {"utils", "util", "common", "base", "helpers", "helper", "manager", "misc"}
    assert not vague & {part for name in MODULES for part in name.split(".")}
    assert all(ast.get_docstring(tree(name)) for name in MODULES)
