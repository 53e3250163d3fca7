"""XSOAR as a pack sees it: commands and scripts run in one namespace with CommonServerPython.

The server's own loop is closed source; this one gives what its Python side was seen to give: the
object `demisto`, arguments, parameters, an investigation's context, integrations' contexts.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from os import environ
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import yaml

RUNTIME = "XSOAR_RUNTIME"  # a folder with CommonServerPython.py
NO_RUNTIME = "no CommonServerPython here (XSOAR_RUNTIME)"
ERROR = 4  # the type of an entry
# What the server drops of a file, as what it names is there already.
DROPPED = re.compile(
    r"^(import demistomock as demisto|from CommonServer(User)?Python import \*).*$", re.MULTILINE
)
TEST = re.compile(r"(?:val\.(?P<guard>\w+) && )?val\.(?P<name>\w+) == obj\.(?P=name)")
Entry = dict[str, Any]


def common_server_text() -> str:
    """Return the real CommonServerPython; skip the test where there is none."""
    if not environ.get(RUNTIME):
        pytest.skip(NO_RUNTIME)
    return (Path(environ[RUNTIME]) / "CommonServerPython.py").read_text(encoding="utf-8")


@cache
def common_server() -> CodeType:
    text = common_server_text().replace("import demistomock as demisto", "pass")
    return compile(text, "CommonServerPython.py", "exec", dont_inherit=True)


@cache
def compiled(file: Path) -> CodeType:
    return compile(DROPPED.sub("", file.read_text(encoding="utf-8")), str(file), "exec")


class Demisto:
    """What the server gives to one run of a script, and, with more, of a command."""

    def __init__(self, server: "Server", run: Mapping[str, Any]) -> None:
        self.server, self.run = server, run
        self.results_given: list[Entry] = []
        brand = "Scripts" if run["instance"] is None else "integration"
        self.callingContext = {
            "integration": run["instance"] is not None,
            "context": {"ExecutedCommands": [{"moduleBrand": brand}], "IsDebug": False},
        }

    def args(self) -> dict[str, Any]:
        return dict(self.run["args"])

    def results(self, results: Any) -> None:
        self.results_given += results if isinstance(results, list) else [results]

    def context(self) -> dict[str, Any]:
        return deepcopy(self.server.context)

    def incident(self) -> dict[str, Any]:
        return self.server.incident

    def incidents(self) -> list[dict[str, Any]]:
        return [self.server.incident]

    def executeCommand(self, command: str, args: Mapping[str, Any]) -> list[Entry]:  # noqa: N802
        return self.server.execute(command, args)

    def getAllSupportedCommands(self) -> dict[str, Any]:  # noqa: N802
        return {}

    def demistoVersion(self) -> dict[str, str]:  # noqa: N802
        return {"version": "6.10.0", "buildNumber": "1"}

    def debug(self, *_: object) -> None:
        """Log."""

    info = error = log = debug


class OfIntegration(Demisto):
    """What a command of an integration has besides."""

    def command(self) -> str:
        return str(self.run["command"])

    def params(self) -> dict[str, Any]:
        return dict(self.run["params"])

    def integrationInstance(self) -> str:  # noqa: N802  # the server's name
        return str(self.run["instance"])

    def getIntegrationContext(self) -> dict[str, Any]:  # noqa: N802
        return dict(self.server.kept.get(self.run["instance"], {}))

    def setIntegrationContext(self, context: Mapping[str, Any]) -> None:  # noqa: N802
        self.server.kept[self.run["instance"]] = json.loads(json.dumps(context))

    def getIntegrationContextVersioned(self, refresh: bool = False) -> dict[str, Any]:  # noqa: N802
        return {"context": self.getIntegrationContext(), "version": -1, "refresh": refresh}

    def setIntegrationContextVersioned(  # noqa: N802
        self, context: Mapping[str, Any], *_: object, **__: object
    ) -> None:
        self.setIntegrationContext(context)


class Server:
    """A server with a pack, instances of its integrations, and one incident."""

    def __init__(self, pack: Path) -> None:
        self.pack = pack
        self.instances: dict[str, tuple[str, dict[str, Any]]] = {}  # name: integration, parameters
        self.context: dict[str, Any] = {}
        self.incident: dict[str, Any] = {"id": "1", "CustomFields": {}}
        self.kept: dict[str, dict[str, Any]] = {}
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.set_incident: Callable[[Mapping[str, Any]], object] = self.incident.update

    def yaml_of(self, kind: str, name: str) -> dict[str, Any]:
        file = self.pack / kind / name / f"{name}.yml"
        document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        return document

    def commands(self, integration: str) -> list[str]:
        document = self.yaml_of("Integrations", integration)
        return [entry["name"] for entry in document["script"]["commands"]]

    def add(self, instance: str, integration: str, params: Mapping[str, Any]) -> None:
        """Add an instance, with the defaults of what is not given."""
        document = self.yaml_of("Integrations", integration)
        usual = {
            row["name"]: row["defaultvalue"]
            for row in document["configuration"]
            if "defaultvalue" in row
        }
        self.instances[instance] = (integration, {**usual, **params})

    def execute(self, name: str, args: Mapping[str, Any]) -> list[Entry]:
        """Run a command on its instances, or a script; what it returns goes into the context."""
        given = {key: value for key, value in args.items() if key != "using" and value is not None}
        self.ran.append((name, dict(args)))
        if name == "setIncident":
            self.set_incident(given)
            return [{"Type": 1, "Contents": "done"}]
        if (self.pack / "Scripts" / name).is_dir():
            entries = self._run("Scripts", name, {"command": "", "args": given, "instance": None})
        else:
            entries = [
                entry
                for instance in self._chosen(name, args.get("using"))
                for entry in self.on(instance, name, given)
            ]
        for entry in entries:
            self._keep(entry.get("EntryContext") or {})
        return entries

    def on(self, instance: str, command: str, args: Mapping[str, Any]) -> list[Entry]:
        """Run a command of an integration on one instance; test-module too."""
        integration, params = self.instances[instance]
        run = {"command": command, "args": args, "params": params, "instance": instance}
        return self._run("Integrations", integration, run)

    def _chosen(self, command: str, using: str | None) -> list[str]:
        names = [
            name
            for name, (integration, _) in self.instances.items()
            if command in self.commands(integration) and using in (None, name)
        ]
        assert names, f"no instance runs {command}"
        return names

    def _run(self, kind: str, name: str, run: Mapping[str, Any]) -> list[Entry]:
        demisto = (Demisto if run["instance"] is None else OfIntegration)(self, run)
        namespace: dict[str, Any] = {"__name__": "builtins", "demisto": demisto}
        exec(common_server(), namespace)  # noqa: S102  # as the server does
        with suppress(SystemExit):  # return_error ends so
            exec(compiled(self.pack / kind / name / f"{name}.py"), namespace)  # noqa: S102
        entries: list[Entry] = json.loads(json.dumps(demisto.results_given))
        return [one if isinstance(one, dict) else {"Type": 1, "Contents": one} for one in entries]

    def _keep(self, outputs: Mapping[str, Any]) -> None:
        for key, value in outputs.items():
            path, bracket, test = key.partition("(")
            *parents, last = path.split(".")
            place = self.context
            for name in parents:
                place = place.setdefault(name, {})
            rows = value if isinstance(value, list) else [value]
            if not bracket:
                place[last] = value
                continue
            known = place.setdefault(last, [])
            for row in rows:
                same = [one for one in known if fits(test.removesuffix(")"), one, row)]
                for one in same:
                    one.update(row)
                if not same:
                    known.append(dict(row))


def fits(test: str, val: Mapping[str, Any], obj: Mapping[str, Any]) -> bool:
    """Tell whether a row of the context is the one that a DT names, undefined being undefined."""
    parts = list(_parts(test))
    assert " && ".join(text for text, _, _ in parts) == test, test
    return all(
        val.get(name) == obj.get(name) and (not guarded or bool(val.get(name)))
        for _, name, guarded in parts
    )


def _parts(test: str) -> Iterator[tuple[str, str, bool]]:
    for found in TEST.finditer(test):
        yield found[0], found["name"], found["guard"] is not None


def rows_of(entries: list[Entry]) -> list[dict[str, Any]]:
    """Return every row of the entries' contexts, in order."""
    outputs = [entry.get("EntryContext") or {} for entry in entries]
    return [row for output in outputs for rows in output.values() for row in rows]


@dataclass(frozen=True)
class TopNames:
    """The names at the top of a module.

    defined: in order, as often as they are; bound: what each imported one stands for; imported:
    the modules, those of functions too.
    """

    defined: list[str]
    bound: dict[str, str]
    imported: set[str]


def top_names(text: str) -> TopNames:
    """Return the names at the top of a module, also those below a condition."""
    tree = ast.parse(text, feature_version=(3, 10))
    names = TopNames([], {}, set())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.imported.add(str(node.module))
    _collect(tree.body, names)
    return names


def _collect(body: list[ast.stmt], names: TopNames) -> None:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.defined.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = (part for target in targets for part in ast.walk(target))
            found = (part for part in parts if isinstance(part, ast.Name))
            names.defined.extend(part.id for part in found if isinstance(part.ctx, ast.Store))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                names.bound[alias.asname or alias.name] = f"{module}{alias.name}"
        elif isinstance(node, ast.If | ast.Try | ast.With):
            _collect(node.body, names)
            for part in (*getattr(node, "handlers", ()), node):
                _collect(getattr(part, "orelse", []) + getattr(part, "finalbody", []), names)
                _collect(part.body if part is not node else [], names)
