"""The parameters of an integration's instance, from the settings' own schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...definition import Definition
from ...errors import DefinitionError
from ...integration import Integration
from ...loader import read
from ...system import System

TEXT, BOX, CREDENTIALS, LINES, ONE, MANY = 0, 8, 9, 12, 15, 16
# Settings that XSOAR asks for in its own way, or that name files, which a container does not have.
OTHERWISE = frozenset(
    {
        *("system", "auth", "verify", "proxy", "ca_bundle", "client_certificate"),
        *("connections", "credentials", "approval", "plan", "journal", "max_per_run"),
        *("max_per_hour", "warninglists", "token_cache", "bytes"),
    }
)
FILLED = {"connect_timeout": "10", "read_timeout": "120", "total_timeout": "300", "retries": "4"}
WORDS = {"id": "ID", "url": "URL", "api": "API", "iam": "IAM", "ip": "IP"}
PLAIN = frozenset({"url", "region", "tenant", "authentication", "domain"})  # not advanced
LISTED = "One a line: values, addresses with a prefix, patterns with * and ?."
ELSEWHERE = re.compile(r" in ~/\S+|; also through a proxy.*|ca_bundle \S+")  # no files there
IAM = ("domain", "project", "iam_url")


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    name: as params() has it; type: XSOAR's number; kind, path: how it becomes a setting, and which,
    None where XSOAR has a way of its own; more: other keys of its entry.
    """

    name: str
    display: str
    type: int
    info: str = ""
    required: bool = False
    kind: str | None = None
    path: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> dict[str, Any]:
        """Its entry in `configuration`."""
        row = {
            "display": self.display,
            "name": self.name,
            "type": self.type,
            **self.more,
            "required": self.required,
            "section": "Connect",
            "advanced": (self.name not in PLAIN and not self.required) or None,
            "additionalinfo": self.info or None,
        }
        return {key: value for key, value in row.items() if value is not None}


def parameters_of(integration: Integration, system: System) -> list[Parameter]:
    """Return the parameters of a system's integration, in the order in which they are shown."""
    found = [
        *_address(system),
        *_credentials(system),
        *_settings(integration, system),
        Parameter("insecure", "Trust any certificate (not secure)", BOX),
        Parameter("proxy", "Use system proxy settings", BOX),
    ]
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DefinitionError(f"{SETTINGS}: two settings would be the parameter {twice}")
    return found


SETTINGS = "schemas/settings.json"


def _address(system: System) -> Iterator[Parameter]:
    own = read(SETTINGS)["$defs"]["connection"]["properties"]
    if system.regions:
        yield Parameter(
            "region", "Region", ONE, "Gives the addresses of the region; or set the server URL.",
            kind="text", path=("region",), more={"options": list(system.regions)},
        )  # fmt: skip
    example = own["url"]["description"].partition("such as ")[2].rstrip(".")
    if system.region_url:
        example = system.region_url.format(region=system.regions[0])
    yield Parameter(
        "url", "Server URL", TEXT, f"Address of the server, for example {example}",
        required=not system.regions, kind="text", path=("url",),
    )  # fmt: skip
    if not system.regions:
        yield Parameter(
            "nodes", "Other servers", LINES,
            "Servers that stand in for the first, one URL a line: what removes is sent to each.",
            kind="lines", path=("nodes",),
        )  # fmt: skip


def _credentials(system: System) -> Iterator[Parameter]:
    if len(system.auth) == 1:
        yield Parameter(
            "credentials", "Username", CREDENTIALS, required=True,
            more={"displaypassword": "Password"},
        )  # fmt: skip
        return
    yield Parameter(
        "authentication", "Authentication", ONE,
        "aksk: access key and secret key; iam_password: an IAM user, with the account in Domain; "
        "iam_token: a ready token as the secret.",
        required=True, more={"defaultvalue": system.auth[0], "options": list(system.auth)},
    )  # fmt: skip
    yield Parameter(
        "credentials", "Access key or user name", CREDENTIALS, required=True,
        more={"displaypassword": "Secret key, password or token"},
    )  # fmt: skip
    yield Parameter(
        "security_token", "", CREDENTIALS, "Of a temporary access key.",
        more={"displaypassword": "Security token", "hiddenusername": True},
    )  # fmt: skip
    auth = read(SETTINGS)["$defs"]["auth"]["properties"]
    for name in IAM:
        yield Parameter(name, display_of(name), TEXT, auth[name]["description"])


def _settings(integration: Integration, system: System) -> Iterator[Parameter]:
    parts = read(SETTINGS)["$defs"]
    own = parts["connection"]["properties"]
    taken = arguments_of(integration, system)
    tenants = {"tenant", "api_version", "nodes"} if not system.tenant_versions else set()
    for name, rule in own.items():
        if name in OTHERWISE | tenants | {"url", "region", "nodes"}:
            continue
        for inner, said in rule.get("properties", {name: rule}).items():
            path = (name,) if inner == name else (name, inner)
            if (name != "defaults" or inner in taken) and inner not in OTHERWISE:
                yield _of_setting(inner, said, path)
    for name, rule in parts["guards"]["properties"].items():
        if name in OTHERWISE or (name == "expect_tags" and name not in taken):
            continue
        if rule.get("type") == "object":
            for inner, said in rule["properties"].items():
                info = {"description": rule["description"], **said}
                found = _of_setting(f"{name}_{inner}", info, ("guards", name, inner))
                yield replace(found, display=f"{display_of(name)}: {inner}")
        else:
            yield _of_setting(name, rule, ("guards", name))


def arguments_of(integration: Integration, system: System) -> set[str]:
    """Return the names of all arguments of a system's actions."""
    own = (one for one in integration.definitions.values() if one.system == system.name)
    return {name for one in own for name in one.schema.part["properties"]}


def _of_setting(name: str, rule: Mapping[str, Any], path: tuple[str, ...]) -> Parameter:
    """Return the parameter of a setting, by its schema."""
    kind = rule.get("type")
    more: dict[str, Any] = {}
    info = ELSEWHERE.sub("", rule.get("description", ""))
    if path[0] == "defaults":
        info = f"{display_of(name)} of a command that does not give it."
    if "enum" in rule:
        number, said, more = ONE, "text", {"options": [str(one) for one in rule["enum"]]}
    elif kind == "boolean":
        number, said = BOX, "boolean"
    elif kind == "array" and "enum" in rule.get("items", {}):
        number, said, more = MANY, "choices", {"options": list(rule["items"]["enum"])}
    elif kind == "array" or "$ref" in rule:
        number, said, info = LINES, "lines", f"{info.partition(':')[0].rstrip('.')}. {LISTED}"
    else:
        number, said = TEXT, str(kind) if kind in {"integer", "number"} else "text"
    if name in FILLED:
        more = {"defaultvalue": FILLED[name]}
    return Parameter(name, display_of(name), number, info, kind=said, path=path, more=more)


def display_of(name: str) -> str:
    """Return a name as a person reads it: project_id is Project ID."""
    first, *others = name.split("_")
    words = [WORDS.get(first, first.capitalize()), *(WORDS.get(one, one) for one in others)]
    return " ".join(words)


def takes_defaults(definition: Definition) -> frozenset[str]:
    """Return the arguments that an instance's parameters may fill."""
    defaults = read(SETTINGS)["$defs"]["connection"]["properties"]["defaults"]["properties"]
    return frozenset(defaults) if definition.endpoint else frozenset()
