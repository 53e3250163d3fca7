"""`demo`: the playbooks on stand-ins of the three systems; nothing is left behind."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..integration import Integration, load_integration
from ..loader import root
from ..operations.inputs import IndicatorFile
from ..outcome import SUCCEEDED
from ..sandbox import Sandbox
from ..settings import Settings, settings_from
from ..store.database import Database
from .extras import needed_by
from .files import show_input
from .outcomes import show_matrix
from .output import Output
from .session import Session
from .sums import summary_line

REMOVE, LIFT = "remove-iocs-after-triage", "lift-ip-reputation-rules"


def demo(session: Session) -> int:
    """Run the playbooks on every example file, each on a fresh sandbox."""
    output = session.output
    with needed_by("demo"):
        from ..operations.run import run_playbook  # noqa: F401  # only whether it can be
    integration = load_integration()
    records = []
    with TemporaryDirectory(prefix="ioc-removal-demo-") as folder:
        database = Database(Path(folder) / "store.db")
        for path in _examples(Path(folder)):
            with Sandbox() as running:
                inputs = {"suppliers": ["InternalTI", "TriageFeed"]}
                records.append(_run(output, database, integration, running, REMOVE, inputs, path))
        with Sandbox() as running:
            rules = {"rules": [_some_rule(running)]}
            records.append(_run(output, database, integration, running, LIFT, rules))
        database.close()
    done = sum(record["result"] == SUCCEEDED for record in records)
    if output.json:
        output.print_json(records)
    else:
        output.say(f"{done} of {len(records)} runs of playbooks succeeded; the store was removed.")
    return 0 if done == len(records) else 1


def _run(
    output: Output,
    database: Database,
    integration: Integration,
    running: Sandbox,
    name: str,
    inputs: Mapping[str, Any],
    path: Path | None = None,
) -> dict[str, Any]:
    """Run one playbook and print what came of it."""
    from ..operations.run import run_playbook

    settings: Settings = settings_from(running.settings(), "the sandbox's settings")
    file = IndicatorFile(str(path)) if path else None
    record, summary = run_playbook(database, integration, settings, name, inputs, file=file)
    if not output.json:
        output.say(f"{name}{f' --indicators examples/{path.name}' if path else ''}")
        show_matrix(output, record["outcomes"])
        if "input" in record:
            show_input(output, database, record["run"], record["input"])
        for system, entry in record["context"].items():
            for path, rows in entry.items():
                more = f"   … and {len(rows) - 1} more" if len(rows) > 1 else ""
                output.say(f"context {system}.{path}: {json.dumps(rows[0])}{more}")
        output.errors(record["errors"])
        output.say(f"{summary_line(summary, None)}\n")
    return record


def _examples(folder: Path) -> list[Path]:
    """Copy the indicator files that ship, for a wheel may hold them as it likes."""
    copies = []
    for file in sorted(root().joinpath("examples").iterdir(), key=lambda file: file.name):
        if file.name.startswith("indicators."):
            copies.append(folder / file.name)
            copies[-1].write_bytes(file.read_bytes())
    return copies


def _some_rule(running: Sandbox) -> dict[str, Any]:
    """Name a rule of the sandbox as a person does: by its policy and its name."""
    policy, held = next(iter(running.seed["waf"]["policies"].items()))
    return {"policy_id": policy, "names": [held["rules"][1]["name"]]}
