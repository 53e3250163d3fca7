"""The texts beside an integration or a script: what its users read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...integration import Integration
from ...system import System
from .pack import filled
from .unit_tests import example

WANTED = ("Optional", "Required")
RULE = "| --- | --- | --- |"


def description(system: System) -> str:
    """Return the help of an instance: what is needed to connect."""
    if system.regions:
        access = (
            "Choose the region, or give the server URL, and how to authenticate: `aksk` with an "
            "access key and its secret, `iam_password` with an IAM user and the account in "
            "**Domain**, or `iam_token` with a ready token."
        )
    else:
        access = (
            "Enter the server URL and a user who may delete indicators. Servers that stand in "
            "for each other go into **Other servers**: what removes is sent to each of them."
        )
    guards = "The guards refuse what is probably a mistake, before anything is sent."
    return "\n\n".join([f"## {system.title}", access, guards])


def readme(document: Mapping[str, Any]) -> str:
    """Return the README of an integration, from its YAML."""
    parts = [
        document["description"],
        filled("outcomes.md").rstrip(),
        f"## Configure {document['display']} in Cortex",
        _parameters(document["configuration"]),
        "## Commands",
        "You can execute these commands from the CLI, as part of an automation, or in a playbook.\n"
        "After you successfully execute a command, a DBot message appears in the War Room with the "
        "command details.",
        *(part for command in document["script"]["commands"] for part in _command(command)),
    ]
    return "\n\n".join(parts)


def script_readme(document: Mapping[str, Any]) -> str:
    """Return the README of a script, from its YAML."""
    arguments, outputs = document["args"], document["outputs"]
    return "\n\n".join(
        [
            document["comment"],
            "## Script Data\n\n---\n",
            "| **Name** | **Description** |\n| --- | --- |\n| Script Type | python3 |\n"
            f"| Cortex XSOAR Version | {document['fromversion']} |",
            "## Inputs\n\n---\n",
            _table(("Argument Name", "Description"), ((a["name"], _about(a)) for a in arguments)),
            "## Outputs\n\n---\n",
            _table(
                ("Path", "Description", "Type"),
                ((o["contextPath"], o["description"], o["type"]) for o in outputs),
            ),
        ]
    )


def command_examples(integration: Integration, system: System) -> str:
    """Return an example of each command, a line each."""
    own = (one for one in integration.definitions.values() if one.system == system.name)
    lines = []
    for definition in own:
        given = " ".join(f"{n}={_quoted(text)}" for n, text in example(definition).items())
        lines.append(f"!{definition.name} {given}".rstrip())
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return text if text.isalnum() else f"`{text}`"


def _parameters(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| **Parameter** | **Description** | **Required** |", RULE]
    for row in rows:
        about = _cell(row.get("additionalinfo", ""))
        names = [row["display"]] if row["display"] else []
        names += [row["displaypassword"]] if "displaypassword" in row else []
        lines += [f"| {name} | {about} | {row['required']} |" for name in names]
    return "\n".join(lines)


def _command(command: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {command['name']}\n\n***\n{command['description']}"
    yield f"#### Base Command\n\n`{command['name']}`"
    yield "#### Input"
    if command["arguments"]:
        lines = ["| **Argument Name** | **Description** | **Required** |", RULE]
        lines += [
            f"| {one['name']} | {_about(one)} | {WANTED[bool(one.get('required'))]} |"
            for one in command["arguments"]
        ]
        yield "\n".join(lines)
    else:
        yield "There are no input arguments for this command."
    yield "#### Context Output"
    rows = ((one["contextPath"], one["type"], one["description"]) for one in command["outputs"])
    yield _table(("Path", "Type", "Description"), rows)


def _table(names: Sequence[str], rows: Any) -> str:
    head = f"| {' | '.join(f'**{name}**' for name in names)} |"
    rule = f"| {' | '.join(['---'] * len(names))} |"
    return "\n".join([head, rule, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)])


def _about(argument: Mapping[str, Any]) -> str:
    text = _cell(argument["description"])
    if choices := argument.get("predefined"):
        text += f" Possible values are: {', '.join(choices)}."
    return text


def _cell(text: str) -> str:
    """Return a text as it can stand in a table."""
    for sign, shown in {"|": "\\|", "<": "&lt;", "{": "&#123;", "}": "&#125;"}.items():
        text = text.replace(sign, shown)
    return text
