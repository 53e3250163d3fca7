"""Playbooks in XSOAR go the ways that our conductor goes; what has no translation is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ioc_removal.errors import DefinitionError
from ioc_removal.hosts.xsoar.pack import script_id
from ioc_removal.hosts.xsoar.playbook_file import document_of
from ioc_removal.hosts.xsoar.playbooks import input_key, playbook_files, translated
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.operations.playbooks import gather, parse_all, shipped
from ioc_removal.playbooks.calls import Call, CallResult, Due
from ioc_removal.playbooks.conductor import conduct
from ioc_removal.playbooks.language import parse_playbook
from playing import Context, Play, Ran, Stopped
from transcribed import transcribed

HERE = Path(__file__).parent
CASES = transcribed("hosts/xsoar_playbooks.yml")
REFUSED = transcribed("hosts/xsoar_refused.yml")
INTEGRATION = load_integration()
LOCAL = {script_id(n): n for n, d in INTEGRATION.definitions.items() if d.system == "local"}
LISTS = frozenset(
    {"indicators", "values", "batch_ids", "outcomes", "resolved", "rules", "expect_tags"}
)
PLAYBOOKS = {name: parse_all(gather(name, INTEGRATION), INTEGRATION)[name] for name in shipped()}


class Answers:
    """Answers calls as a case says, in their order, and remembers them as [action, arguments]."""

    def __init__(self, answers: dict[str, list[dict[str, Any]]]) -> None:
        self.left = {action: list(rows) for action, rows in answers.items()}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def of(self, action: str, given: Any) -> tuple[str, list[Any]]:
        known = {name: plain(name, value) for name, value in given.items() if value is not None}
        self.calls.append((action, {name: v for name, v in known.items() if v != []}))
        if left := self.left.get(action):
            answer = left.pop(0)
            return answer["status"], answer["rows"]
        return "failed" if action == "run-refuse" else "succeeded", []


def plain(name: str, value: Any) -> Any:
    """Return an argument so that both forms of a list, and of a text with one, are equal."""
    if name in LISTS or isinstance(value, list):
        return list(flat(value))
    return value.replace(", ", ",") if isinstance(value, str) else value


def flat(value: Any) -> Any:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, list):
            yield from flat(one)
        else:
            yield one


def conducted(case: dict[str, Any]) -> tuple[Answers, str, Any]:
    answers = Answers(case.get("answers", {}))

    def answer(call: Call) -> CallResult:
        status, rows = answers.of(call.action, call.input)
        kind = "outcomes" if INTEGRATION.definition(call.action).acts else "outputs"
        return CallResult(status, {"result": {kind: rows}})

    def perform(due: list[Due]) -> list[list[CallResult]]:
        return [[answer(call) for call in one.calls] for one in due]

    ended = conduct(PLAYBOOKS[case["playbook"]], case["inputs"], perform, lambda _: None)
    return answers, ended.status, ended.output


def played(case: dict[str, Any]) -> tuple[Answers, str, Context]:
    name, answers = case["playbook"], Answers(case.get("answers", {}))
    document = read(f"schemas/playbooks/{name}.json")
    made = translated(PLAYBOOKS[name], document, INTEGRATION)
    documents = {one.title: document_of(one, INTEGRATION) for one in made}

    def execute(command: str, given: dict[str, Any]) -> Ran:
        if command in {"IOCRemovalPlaybookInputs", "IOCRemovalPlaybookPublish"}:
            return True, step(PLAYBOOKS[name], command, given)
        if command == "IOCRemovalPlaybookItems":
            along = {
                n: given["variables"][n]
                for n in given["along"].split(",")
                if n in given["variables"]
            }
            items = [{**along, given["name"]: one} for one in flat(given["entries"])]
            return True, {f"IOCRemovalItems.{given['task']}": items}
        action = LOCAL.get(command, command)
        status, rows = answers.of(action, given)
        return status == "succeeded", {INTEGRATION.definition(action).context_path: rows}

    play = Play(documents, execute)
    inputs = {input_key(key): value for key, value in case["inputs"].items()}
    try:
        return answers, "succeeded", play.play(made[0].title, inputs)
    except Stopped:
        return answers, "failed", {}


def step(playbook: Any, command: str, given: dict[str, Any]) -> dict[str, Any]:
    if command == "IOCRemovalPlaybookPublish":
        return {f"IOCRemovalPlaybook.{given['name']}": v} if (v := given.get("rows")) else {}
    defaults = {n: v.tree for n, v in playbook.inputs if v is not None and v.tree is not None}
    inputs = {**defaults, **{n: v for n, v in given.items() if n != "playbook"}}
    return {"IOCRemovalPlaybook": inputs}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_playbook_in_xsoar_calls_what_the_conductor_calls(case: dict[str, Any]) -> None:
    ours, status, output = conducted(case)
    theirs, ended, context = played(case)
    assert theirs.calls == ours.calls
    assert ended == status
    if status == "succeeded":
        report = context.get("IOCRemoval", {}).get("Report", [])
        assert list(flat(report)) == output["report"]


@pytest.mark.parametrize("case", REFUSED, ids=[case["name"] for case in REFUSED])
def test_what_has_no_translation_is_refused_with_its_line(case: dict[str, Any]) -> None:
    playbook = parse_playbook(case["text"], "p", has_effect=lambda _: False, known=lambda _: True)
    names = [name for name, _ in playbook.inputs]
    rule = {"type": "array", "title": "t", "description": "d"}
    document = {"title": "p", "properties": dict.fromkeys(names, rule)}
    with pytest.raises(DefinitionError) as caught:
        translated(playbook, document, INTEGRATION)
    assert case["says"] in str(caught.value)


def test_the_example_that_asks_a_person_is_refused_with_its_line() -> None:
    file = HERE.parent / "examples" / "ask-before-unmarking.yml"
    [playbook] = parse_all(gather(str(file), INTEGRATION), INTEGRATION, file.parent).values()
    rule = {"type": "array", "title": "t", "description": "d"}
    document = {"title": "p", "properties": {name: rule for name, _ in playbook.inputs}}
    with pytest.raises(DefinitionError, match=r"ask-before-unmarking: line 28: .*core\.ask"):
        translated(playbook, document, INTEGRATION)


def test_an_export_of_the_same_playbooks_is_the_same_byte_for_byte() -> None:
    assert dict(playbook_files(INTEGRATION)) == dict(playbook_files(INTEGRATION))


def test_each_playbook_has_a_readme_and_a_picture() -> None:
    files = dict(playbook_files(INTEGRATION))
    names = [path for path in files if path.endswith(".yml")]
    assert len(names) == 8
    for path in names:
        title = yaml.safe_load(files[path])["id"]
        assert files[path.replace(".yml", "_README.md")]
        image = files[f"doc_files/{title.replace(' ', '_')}.png"]
        assert isinstance(image, bytes)
        assert image.startswith(b"\x89PNG")
