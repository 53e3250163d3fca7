"""core.ask: what a playbook asks, and what it then sees of the answer, as on StackStorm.

The question that a person sees is the description of `continue` in the schema of the answer, for
StackStorm has no other text; `route` is shown beside it. What is true or false there, or a text,
can be answered.
"""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError

CONTINUE = "continue"
USUAL = {
    "title": "response_data",
    "type": "object",
    "properties": {
        CONTINUE: {
            "type": "boolean",
            "description": "Would you like to continue the workflow?",
            "required": True,
        }
    },
}
LONGEST_WAIT = 525_600  # minutes: a year


def question_of(given: Mapping[str, Any], minutes: int) -> dict[str, Any]:
    """Return what is asked, as a JSON object: text, route, ttl, users, schema.

    given: the rendered input of core.ask, which the language accepted; minutes: of an ask without
    its own ttl. Raises ArgumentError for what an expression gave.
    """
    schema = given.get("schema", USUAL)
    ttl, users = given.get("ttl", minutes), given.get("users", [])
    problems = []
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not 1 <= ttl <= LONGEST_WAIT:
        problems.append(f"core.ask: ttl: {ttl!r} is not a number of minutes from 1 to a year")
    if not isinstance(users, list) or not all(isinstance(one, str) and one for one in users):
        problems.append("core.ask: users: this is not a list of names")
    if problems:
        raise ArgumentError(*problems)
    return {
        "text": schema["properties"][CONTINUE].get("description", "Continue?"),
        "route": given.get("route", ""),
        "ttl": ttl,
        "users": users,
        "schema": schema,
    }


def response_of(
    schema: Mapping[str, Any], answers: Mapping[str, Any], *, yes: bool
) -> dict[str, Any]:
    """Return a whole answer.

    answers: to what the schema has beside `continue`, texts as they were typed. Raises
    ArgumentError, one line a mistake.
    """
    rules = {name: rule for name, rule in schema["properties"].items() if name != CONTINUE}
    response: dict[str, Any] = {CONTINUE: yes}
    problems = []
    for name, text in answers.items():
        rule = rules.get(name)
        if rule is None:
            known = ", ".join(rules) or "nothing but yes or no"
            problems.append(f"--answer {name}: this is not asked ({known})")
        elif rule["type"] == "boolean":
            if text not in {"true", "false"}:
                problems.append(f"--answer {name}: {text!r} is neither true nor false")
            response[name] = text == "true"
        elif text not in rule.get("enum", [text]):
            problems.append(f"--answer {name}: {text!r} is not one of {', '.join(rule['enum'])}")
        else:
            response[name] = text
    wanted = wanted_of(schema).keys()
    if yes:
        problems += [f"--answer {name}=… is missing" for name in sorted(wanted - answers.keys())]
    if problems:
        raise ArgumentError(*problems)
    return response


def wanted_of(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return what a yes must answer beside that, each with its description."""
    return {
        name: str(rule.get("description", ""))
        for name, rule in schema["properties"].items()
        if name != CONTINUE and (rule.get("required") or name in schema.get("required", ()))
    }


def assumed_yes(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer that a dry run assumes: yes, and the first of what may be chosen."""
    response: dict[str, Any] = {}
    for name, rule in schema["properties"].items():
        response[name] = True if rule["type"] == "boolean" else rule.get("enum", [""])[0]
    return response


def result_of(question: Mapping[str, Any], response: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what result() is after an ask; without an answer it has no response."""
    seen = {name: question[name] for name in ("schema", "route", "users", "ttl")}
    answered = {} if response is None else {"response": dict(response)}
    return {**seen, "roles": [], **answered}
