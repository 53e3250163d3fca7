"""One case on both: the command with its embedded engine, and StackStorm through its REST API."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests

from ioc_removal.sandbox import Sandbox

ENDED = frozenset({"succeeded", "failed", "timeout", "abandoned", "canceled"})
LONGEST = 300  # seconds for one execution
TERMS = ("dry_run", "verify", "lookup")
# What differs from run to run, or is said by only one of the two.
OWN = frozenset({"run", "request_id", "context", "duplicates", "warnings"})
CLOCKS = frozenset({"create_time", "update_time", "timestamp"})
Case = Mapping[str, Any]


class StackStorm:
    """A StackStorm whose pack ioc_removal is that of the export; its config is replaced."""

    def __init__(self, api: str, token: str | None = None) -> None:
        self.api = api.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["X-Auth-Token"] = token

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Set the pack's config."""
        self._asked("PUT", "configs/ioc_removal", config_of(settings))

    def ended(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Execute an action of the pack and return its execution when it ended."""
        wanted = {"action": f"ioc_removal.{name}", "parameters": parameters}
        execution = self._asked("POST", "executions", wanted)
        deadline = monotonic() + LONGEST
        while execution["status"] not in ENDED:
            if monotonic() > deadline:
                raise TimeoutError(f"{name}: {execution['status']} after {LONGEST} s")
            sleep(0.5)
            execution = self._asked("GET", f"executions/{execution['id']}")
        return execution

    def _asked(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.session.request(method, f"{self.api}/v1/{path}", json=body, timeout=60)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        told: dict[str, Any] = answer.json()
        return told


def config_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as the pack's config: the credentials stand beside the connections."""
    connections, credentials = {}, {}
    for name, own in settings["connections"].items():
        connections[name] = {**own, "auth": name}
        credentials[name] = own["auth"]
    return {"connections": connections, "credentials": credentials}


def compared(case: Case, server: StackStorm, folder: Path) -> Iterator[str]:
    """Yield what differs between the two, a line each; folder: for a store, empty."""
    name = case.get("call") or case["run"]
    arguments = case.get("arguments", {})
    with _sandbox(case) as sandbox:
        ours = _called(case, name, arguments, sandbox, folder)
        our_end = _end(sandbox)
    with _sandbox(case) as sandbox:
        server.configure(sandbox.settings())
        execution = server.ended(name, arguments)
        their_end = _end(sandbox)
    if execution["status"] != case["expect"]:
        yield f"ended as {execution['status']}, expected {case['expect']}: {execution['result']}"
    result = execution["result"]
    if "call" in case:
        yield from _differences("", _plain(_told(ours)), _plain(_told(result["result"])))
        if (ours["result"] == "succeeded") is not (execution["status"] == "succeeded"):
            yield f"ours is {ours['result']}, StackStorm's {execution['status']}"
    else:
        yield from _differences(".output", _plain(ours["output"]), _plain(result["output"] or {}))
    for what, (one, other) in {k: (our_end[k], their_end[k]) for k in our_end}.items():
        yield from _differences(f" {what}", _plain(one), _plain(other))


def _sandbox(case: Case) -> Sandbox:
    return Sandbox({"faults": case.get("faults", [])})


def _called(
    case: Case, name: str, arguments: Mapping[str, Any], sandbox: Sandbox, folder: Path
) -> dict[str, Any]:
    """Call or run with the command; return its record."""
    settings = folder / "settings.json"
    settings.write_text(json.dumps(sandbox.settings()), encoding="utf-8")
    command = [sys.executable, "-m", "ioc_removal", "--settings", str(settings)]
    command += ["--store", str(folder / "store.db"), "--json"]
    given = {key: value for key, value in arguments.items() if key not in TERMS}
    terms = [f"--{key.replace('_', '-')}" for key in TERMS if arguments.get(key)]
    if "call" in case:
        file = folder / "arguments.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        command += ["call", name, "--args", str(file), *terms]
    else:
        inputs = (f"{key}:={json.dumps(value)}" for key, value in given.items())
        command += ["run", name, *(part for text in inputs for part in ("--input", text))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _end(sandbox: Sandbox) -> dict[str, Any]:
    """Return what the systems hold, and what acted on them, in any order."""
    acted = [
        f"{row['method']} {row['target']} {row['status']} acted: {row['acted']}"
        for row in sandbox.requests
        if row["method"] != "GET"
    ]
    return {"state": sandbox.state(), "requests": sorted(acted)}


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a record that say what became of it."""
    parts = ("result", "counts", "outcomes", "outputs", "errors", "filled_defaults")
    return {key: record.get(key) for key in parts if record.get(key)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key not in OWN | CLOCKS}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _differences(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Yield each place where two values differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from _differences(f"{where}.{key}", ours.get(key), theirs.get(key))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(f"{where}[{at}]", one, other)
    elif ours != theirs:
        yield f"{where}: ours {ours!r:.300}, StackStorm's {theirs!r:.300}"
