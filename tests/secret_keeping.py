"""A place where commands know canaries, and all that they say and leave is looked through."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from canaries import CANARIES, Log, shown, shown_by, shown_by_objects, shown_in_files
from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.integration import load_integration
from ioc_removal.settings import Settings
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import Finished, NoRecord

INTEGRATION = load_integration()
SETTINGS, TOKENS = "ioc-removal.yml", "tokens.json"
# Where secrets belong: what a person wrote, and the file of tokens.
THEIRS = (SETTINGS, TOKENS, "password.txt", "profile", "client.pem", "iocs.txt")
DELETE = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
VALUES = ("--arg", "indicators=192.0.2.10", "--arg", "indicators=malware.example")
IDS = ("--arg", "batch_ids=909494e3-558e-46b6-a9eb-07a8e18ca62f")
RULE = ("--arg", "policy_id=6d392034d94c4e8a95a78c98127453b6",
        "--arg", "rule_id=11842c5779204842bfe51c3e8b7981ca")  # fmt: skip
PLACE = {"project_id": "0123456789abcdef0123456789abcdef",
         "workspace_id": "909494e3-558e-46b6-a9eb-07a8e18ca620"}  # fmt: skip
COMMANDS: Sequence[tuple[str, ...]] = (
    (*DELETE, *VALUES),
    ("call", "cybertrace-suppliers-list"),
    ("call", "cybertrace-indicators-lookup", "--arg", "indicators=192.0.2.10"),
    ("call", "secmaster-indicators-delete", *IDS),
    ("call", "secmaster-indicators-search", "--arg", "values=192.0.2.10"),
    ("call", "waf-ip-reputation-rule-delete", *RULE),
    ("call", "waf-ip-reputation-rules-list", *RULE[:2]),
    ("call", "waf-policies-list"),
    ("test",),
    ("runs",),
)
INTERNAL = "internal error"
BASIC = {"type": "basic", "username": "user", "password": CANARIES["password"]}
HUAWEI: Mapping[str, Mapping[str, Any]] = {
    "aksk": {
        "type": "aksk",
        "access_key": "AKEXAMPLE",
        "secret_key": CANARIES["secret_key"],
        "security_token": CANARIES["security_token"],
    },
    "iam_token": {"type": "iam_token", "token": CANARIES["token"]},
    "iam_password": {
        "type": "iam_password",
        "username": "user",
        "password": CANARIES["iam password"],
        "domain": "d",
        "project": "p",
        "token_cache": TOKENS,
    },
}


class Place:
    """A folder with settings, where commands run and all that they say is kept."""

    def __init__(self, folder: Path, log: Log, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.log, self._capsys = folder, log, capsys
        self.statuses: list[int] = []

    def set(self, url: str, huawei: str = "aksk", waf: str = "", **more: Any) -> None:
        """Write settings; huawei, waf: credentials of both, and other ones of WAF."""
        auth = dict(HUAWEI[huawei])
        if huawei == "iam_password":
            auth["iam_url"] = url
        own = {"url": url, "total_timeout": 0.5, **more}
        connections = {
            "cybertrace": {"system": "cybertrace", "auth": BASIC, "api_version": "1.2", **own},
            "secmaster": {"system": "secmaster", "auth": "huawei", "defaults": PLACE, **own},
            "waf": {
                "system": "waf",
                "auth": HUAWEI[waf] if waf else "huawei",
                "defaults": {"project_id": PLACE["project_id"]},
                **own,
            },
        }
        self.write({"connections": connections, "credentials": {"huawei": auth}})

    def write(self, document: Any) -> None:
        (self.folder / SETTINGS).write_text(json.dumps(document))

    def run(self, *words: str, ended: Sequence[int] = (0, 1, 2, 3)) -> str:
        """Run a command and return what it said, in which no canary is."""
        status = main(words)
        said = self._capsys.readouterr()
        text = said.out + said.err
        assert shown(text) == [], text
        assert INTERNAL not in text
        assert "Traceback" not in text
        assert status in ended, text
        self.statuses.append(status)
        return text

    def check(self) -> None:
        """Check the log and all files that were written."""
        assert [line for line in self.log.lines if shown(line)] == []
        assert [line for line in self.log.loud if "dbos" not in line.lower()] == []
        assert shown_in_files(self.folder, *THEIRS) == []


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Return a place where everything that any logger says is kept, and errors are shown whole."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("IOC_REMOVAL_DEBUG", "1")
    monkeypatch.delenv("IOC_REMOVAL_SETTINGS", raising=False)
    log, root = Log(), logging.getLogger()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    place = Place(tmp_path, log, capsys)
    yield place
    root.removeHandler(log)
    root.setLevel(before)
    place.check()


READS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cybertrace": ("cybertrace-suppliers-list", {}),
    "secmaster": ("secmaster-indicators-search", {**PLACE, "values": ["192.0.2.10"]}),
    "waf": ("waf-policies-list", {"project_id": "p"}),
}
REMOVALS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cybertrace": (
        "cybertrace-indicators-delete",
        {"supplier": "InternalTI", "indicators": ["192.0.2.10"]},
    ),
    "secmaster": ("secmaster-indicators-delete", {**PLACE, "batch_ids": ["id-1"]}),
    "waf": (
        "waf-ip-reputation-rule-delete",
        {"project_id": "p", "policy_id": "o", "rule_id": "r"},
    ),
}


def look(settings: Settings, name: str) -> None:
    """Call a system, and look at everything that is there then."""
    connection = Connection(name, settings, INTEGRATION.systems[name])
    for action, arguments in (READS[name], REMOVALS[name]):
        bound = INTEGRATION.bind(action, connection)
        finished: list[Finished] = []
        raised: BaseException | None = None
        try:
            finished += perform(bound, bound.prepare(arguments), NoRecord())
        except PluginError as error:
            raised = error
        assert shown_by(raised) == []
        assert shown_by_objects(settings, connection, bound, finished) == []
    connection.hang_up()
