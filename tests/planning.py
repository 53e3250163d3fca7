"""Makes and applies plans on a sandbox, and what the tests of plans make them of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ioc_removal.integration import Integration, load_integration
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.inputs import IndicatorFile
from ioc_removal.operations.plan_file import file_lines
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import Summary
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.plans import StoredPlan, get_plan, planned_lines
from ioc_removal.trust.terms import Terms

INTEGRATION = load_integration()
TRIAGE = "remove-iocs-after-triage"
IOCS = ["192.0.2.10", "malware.example", "nowhere.example"]


class Planner:
    """Makes and applies plans on a sandbox, with a store of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path, store: str = "store.db") -> None:
        self.sandbox, self.folder = sandbox, folder
        self.document = sandbox.settings()
        self.database = Database(folder / store)

    @property
    def settings(self) -> Settings:
        return settings_from(self.document, "the sandbox")

    def dry(
        self, name: str = TRIAGE, file: IndicatorFile | None = None, **inputs: Any
    ) -> tuple[StoredPlan, dict[str, Any]]:
        record, _ = run_playbook(
            self.database, INTEGRATION, self.settings, name, inputs, file=file,
            terms=Terms(dry_run=True),
        )  # fmt: skip
        return get_plan(self.database, record["plan"]["plan"]), record

    def apply(
        self, plan: StoredPlan, integration: Integration = INTEGRATION
    ) -> tuple[dict[str, Any], Summary]:
        return apply_plan(self.database, integration, self.settings, plan)

    def lines(self, plan: StoredPlan) -> list[tuple[str, str, str, bool]]:
        """Return what a plan would do: (action, target, item, assumed)."""
        return [
            (
                section["action"],
                *section["target"].values(),
                str(line.line.get("id", line.line.get("value"))),
                line.assumed,
            )
            for number, section in enumerate(plan.header["sections"])
            for line in planned_lines(self.database, plan.plan, number)
            if line.outcome == "planned"
        ]

    def write(self, name: str, text: str) -> str:
        path = self.folder / f"{name}.yml"
        path.write_text(text)
        return str(path)

    def sent(self) -> list[tuple[str, str, str]]:
        """Return every removal that the sandbox received: (action, target, item)."""
        return removals(self.sandbox.requests)


def removals(requests: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for request in requests:
        path, body = urlsplit(request["target"]).path.split("/"), request["body"]
        if request["method"] != "DELETE":
            continue
        if "suppliers" in path:
            supplier = path[path.index("suppliers") + 1]
            found += [("cybertrace", supplier, row["indicator"]) for row in body]
        elif "workspaces" in path:
            workspace = path[path.index("workspaces") + 1]
            found += [("secmaster", workspace, id_) for id_ in body["batch_ids"]]
        else:
            found.append(("waf", path[path.index("policy") + 1], path[-1]))
    return found


def by_system(lines: list[tuple[str, str, str, bool]]) -> list[tuple[str, str, str]]:
    return sorted((action.split("-")[0], target, item) for action, target, item, _ in lines)


@pytest.fixture
def planner(tmp_path: Path) -> Iterator[Planner]:
    with Sandbox() as sandbox:
        planner = Planner(sandbox, tmp_path)
        yield planner
        planner.database.close()


def world(indicators: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a seed whose first workspace holds these indicators."""
    seed = default_seed()
    workspaces = seed["secmaster"]["workspaces"]
    seed["secmaster"]["workspaces"] = {next(iter(workspaces)): {"indicators": indicators}}
    return seed


def ids_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


IDS = """
version: 1.0
description: Remove from SecMaster by ids.
input: [ids]
tasks:
  remove:
    action: ioc_removal.secmaster-indicators-delete
    input: {batch_ids: "{{ ctx().ids }}"}
"""


def file_of(planner: Planner, folder: Path) -> tuple[StoredPlan, list[str]]:
    path = folder / "iocs.txt"
    path.write_text("\n".join([*IOCS, "MALWARE.example"]))
    plan, _ = planner.dry(file=IndicatorFile(str(path)))
    return plan, list(file_lines(planner.database, plan))
