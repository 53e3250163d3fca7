"""One token of IAM serves services, threads and processes, until it has to be renewed."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from recorded import Reply, Server, serving
from tokens import AUTH, PROJECT, iam, issued, issuing, sent_by, settings, token_of

__all__ = ["iam"]


@pytest.mark.parametrize("cached", [True, False])
def test_two_services_share_one_token(cached: bool, iam: Server, tmp_path: Path) -> None:
    found = settings(iam.url, tmp_path / "tokens.json" if cached else False)
    one, other = token_of(found), token_of(found, "secmaster")
    one.ready()
    other.ready()
    assert sent_by(one) == sent_by(other) == "token-1"
    assert other.project_id == PROJECT
    assert other.wire.quotes.line("a token-1 b") == "a *** b"
    assert len(iam.requests) == 1
    assert (tmp_path / "tokens.json").exists() == cached


PROCESS = """
import json, sys
from ioc_removal.iam import iam_token
from ioc_removal.integration import load_integration
from ioc_removal.quotes import Quotes
from ioc_removal.settings import settings_from

found = settings_from(json.load(sys.stdin), "settings.yml")
waf = load_integration().systems["waf"]
token = iam_token(found.connections["waf"], found, waf.iam, Quotes())
token.ready()
print(token.token.reveal(), token.project_id)
"""


@pytest.mark.parametrize(("cached", "requests"), [(True, 1), (False, 3)])
def test_processes_share_one_token(
    cached: bool, requests: int, iam: Server, tmp_path: Path
) -> None:
    cache = str(tmp_path / "tokens.json") if cached else False
    own: dict[str, Any] = {"system": "waf", "url": "https://system.example"}
    own["auth"] = {**AUTH, "iam_url": iam.url, "token_cache": cache}
    document = json.dumps({"connections": {"waf": own}})
    said = [
        subprocess.run(
            [sys.executable, "-c", PROCESS],
            input=document,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        ).stdout.split()
        for _ in range(3)
    ]
    assert len(iam.requests) == requests
    numbers = (1, 1, 1) if cached else (1, 2, 3)
    assert said == [[f"token-{number}", PROJECT] for number in numbers]


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "another"},
        {"password": "not text: \udcff"},
        {"username": "o"},
        {"domain": "o"},
        {"project": "o"},
    ],
)
def test_a_token_is_for_one_user_password_and_project(
    changed: dict[str, str], iam: Server, tmp_path: Path
) -> None:
    for auth in ({}, changed, {}):
        token_of(settings(iam.url, tmp_path / "tokens.json", **auth)).ready()
    assert len(iam.requests) == (3 if "password" in changed else 2)


@pytest.mark.parametrize(("hours", "requests"), [(0.16, 2), (0.18, 1), (-1, 2)])
def test_a_token_is_renewed_ten_minutes_before_its_end(hours: float, requests: int) -> None:
    with serving(by=issuing(hours)) as iam:
        token = token_of(settings(iam.url, False))
        token.ready()
        token.ready()
    assert len(iam.requests) == requests


def test_a_token_that_expired_is_renewed_once_for_all(iam: Server, tmp_path: Path) -> None:
    found = settings(iam.url, tmp_path / "tokens.json")
    tokens = [token_of(found, name) for name in ("waf", "secmaster") * 4]
    for token in tokens:
        token.ready()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda token: token.renew("token-1"), tokens))
    assert {sent_by(token) for token in tokens} == {"token-2"}
    assert len(iam.requests) == 2
    later = token_of(settings(iam.url, tmp_path / "tokens.json"))
    later.ready()
    assert sent_by(later) == "token-2"


def test_another_process_s_renewal_is_taken_over(iam: Server, tmp_path: Path) -> None:
    one, other = (token_of(settings(iam.url, tmp_path / "tokens.json")) for _ in range(2))
    one.ready()
    other.ready()
    one.renew("token-1")
    other.renew("token-1")
    assert sent_by(other) == "token-2"
    assert len(iam.requests) == 2


def test_threads_that_start_together_ask_once() -> None:
    pause = Event()
    waiting = Reply(**{**vars(issued(1)), "pause": pause})
    with serving(waiting) as iam, ThreadPoolExecutor(8) as threads:
        token = token_of(settings(iam.url, False))
        running = [threads.submit(token.ready) for _ in range(8)]
        pause.set()
        for one in running:
            one.result()
    assert len(iam.requests) == 1


def test_a_token_that_still_lasts_is_used_while_iam_is_away() -> None:
    with serving(issued(1, 0.1), Reply(hang_up="close")) as iam:
        token = token_of(settings(iam.url, False))
        token.ready()
        token.ready()
        token.ready()
        assert sent_by(token) == "token-1"
    assert len(iam.requests) == 2
