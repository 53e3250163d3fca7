"""Tokens of IAM for a password: what is sent, how they are shared, kept and renewed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from threading import Event
from time import time
from typing import Any

import pytest
from requests import PreparedRequest

from ioc_removal.errors import ClosedError, PluginError, SettingsError, TransportError
from ioc_removal.iam import IamToken, iam_token
from ioc_removal.integration import load_integration
from ioc_removal.quotes import Quotes
from ioc_removal.secret import Secret
from ioc_removal.settings import Settings, settings_from
from ioc_removal.token_cache import Token, TokenCache, token_key
from recorded import Recorded, Reply, Server, reply, serving, unused_address

WAF = load_integration().systems["waf"]
PASSWORD = "pässword-that-nobody-sees"
PROJECT = "0123456789abcdef0123456789abcdef"
AUTH = {
    "type": "iam_password",
    "username": "soc",
    "password": PASSWORD,
    "domain": "account",
    "project": "eu-west-101",
}
HOURS = 24.0


def issued(number: int, hours: float = HOURS, server: datetime | None = None, **more: Any) -> Reply:
    """Return a token as IAM does; server: its clock."""
    now = server or datetime.now(timezone.utc)
    expires = (now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    token = {"expires_at": expires, "methods": ["password"], "project": {"id": PROJECT}, **more}
    headers = {"X-Subject-Token": f"token-{number}", "Date": format_datetime(now, usegmt=True)}
    return reply(201, {"token": token}, reason="Created", headers=headers)


def issuing(hours: float = HOURS) -> Callable[[Recorded], Reply]:
    """Issue token-1, token-2 and so on."""
    numbers = count(1)
    return lambda _: issued(next(numbers), hours)


def refusing(status: int, message: str = "The username or password is wrong.") -> Reply:
    return reply(status, {"error": {"code": status, "message": message, "title": "Unauthorized"}})


@pytest.fixture(name="iam")
def _iam() -> Iterator[Server]:
    with serving(by=issuing()) as server:
        yield server


def settings(url: str, cache: Path | bool | None = None, **auth: Any) -> Settings:
    kept = {} if cache is None else {"token_cache": False if cache is False else str(cache)}
    shared = {**AUTH, "iam_url": url, **kept, **auth}
    own = {"url": "https://system.example", "auth": "huawei"}
    connections = {name: {"system": name, **own} for name in ("waf", "secmaster")}
    document = {"connections": connections, "credentials": {"huawei": shared}}
    return settings_from(document, "settings.yml")


def token_of(found: Settings, name: str = "waf", **more: Any) -> IamToken:
    own = {**found.connections[name], **more}
    assert WAF.iam is not None
    return iam_token(own, found, WAF.iam, Quotes(), WAF.refusals)


def sent_by(token: IamToken) -> str:
    request = PreparedRequest()
    request.prepare(method="GET", url="http://system.example", auth=token)
    return str(request.headers["X-Auth-Token"])


# What is sent


@pytest.mark.parametrize(
    ("scope", "sent"),
    [({}, {"name": "eu-west-101"}), ({"project": "n"}, {"name": "n"})],
)
def test_the_request_is_the_documented_one(
    scope: dict[str, Any], sent: dict[str, str], iam: Server
) -> None:
    token = token_of(settings(iam.url, **scope))
    token.ready()
    [request] = iam.requests
    assert (request.method, request.target) == ("POST", "/v3/auth/tokens?nocatalog=true")
    assert request.headers["Content-Type"] == "application/json;charset=utf8"
    assert "Authorization" not in request.headers
    user = {"name": "soc", "password": PASSWORD, "domain": {"name": "account"}}
    assert request.json == {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": sent},
        }
    }
    assert sent_by(token) == "token-1"
    assert token.project_id == PROJECT


def test_a_project_by_its_id(iam: Server) -> None:
    auth = {key: value for key, value in AUTH.items() if key != "project"}
    own: dict[str, Any] = {"system": "waf", "url": "https://system.example"}
    own["auth"] = {**auth, "project_id": "p", "iam_url": iam.url}
    found = settings_from({"connections": {"waf": own}}, "settings.yml")
    token_of(found).ready()
    assert iam.requests[0].json["auth"]["scope"] == {"project": {"id": "p"}}


def test_nothing_is_sent_without_a_token(iam: Server) -> None:
    with pytest.raises(ClosedError, match="there is no token"):
        sent_by(token_of(settings(iam.url)))
    assert not iam.requests


def test_iam_is_asked_at_its_own_address() -> None:
    found = settings("https://unused.example")
    own: dict[str, Any] = {"region": "eu-west-101", "fingerprint": "ab" * 32}
    auth = {**found.connections["waf"]["auth"]}
    del auth["iam_url"]
    wire = token_of(found, auth=auth, **own).wire
    assert wire.address == "https://iam.eu-west-101.myhuaweicloud.eu"
    assert wire.session.verify is not False  # the fingerprint is that of the system's certificate
    assert token_of(found, url="https://unused.example", **own).wire.session.verify is False
    with pytest.raises(SettingsError, match=r"set auth\.iam_url, or region"):
        token_of(found, auth=auth)


# Sharing


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


def test_the_default_cache_is_below_the_home_of_caches(tmp_path: Path) -> None:
    def path(**environment: str) -> Path | None:
        return settings_from({}, "settings.yml", environment).token_cache({}).path

    home, cache = str(tmp_path / "home"), str(tmp_path / "cache")
    assert path(HOME=home) == tmp_path / "home/.cache/ioc-removal/tokens.json"
    assert path(HOME=home, XDG_CACHE_HOME="") == path(HOME=home)
    assert path(HOME=home, XDG_CACHE_HOME="relative") == path(HOME=home)
    assert path(HOME=home, XDG_CACHE_HOME=cache) == tmp_path / "cache/ioc-removal/tokens.json"
    assert path() is None


# Renewal


@pytest.mark.parametrize(("hours", "requests"), [(0.16, 2), (0.18, 1), (-1, 2)])
def test_a_token_is_renewed_ten_minutes_before_its_end(hours: float, requests: int) -> None:
    with serving(by=issuing(hours)) as iam:
        token = token_of(settings(iam.url, False))
        token.ready()
        token.ready()
    assert len(iam.requests) == requests


@pytest.mark.parametrize("skew", [timedelta(hours=-30), timedelta(hours=30)])
def test_the_server_s_clock_judges(skew: timedelta) -> None:
    server = datetime.now(timezone.utc) + skew
    with serving(issued(1, 1.0, server), issued(2, 0.1, server)) as iam:
        for number, left in ((1, 3600), (2, 360)):
            cache = TokenCache(None)
            token_of_cache(iam.url, cache).ready()
            kept = cache.shared(key(iam.url), Secret(PASSWORD)).token
            assert kept is not None
            assert kept.text.reveal() == f"token-{number}"
            assert abs(kept.expires - time() - left) < 60


def key(url: str) -> str:
    return token_key(url, "account", "soc", {"name": "eu-west-101"})


def token_of_cache(url: str, cache: TokenCache) -> IamToken:
    found = settings(url)
    own = found.connections["waf"]
    return IamToken(own["auth"], token_of(found).wire, cache, WAF.refusals)


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


# Refusals


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusing(401), "account, user name or password"),
        (refusing(401, "MFA is required."), "a user with a second factor"),
        (refusing(400, "The request body is invalid"), "check account, user and project"),
        (refusing(403, "You are not authorized"), "whether the user is enabled"),
        (refusing(404, "The project is not found"), "does not find the account or project"),
    ],
)
def test_a_refused_password_is_sent_once(answer: Reply, told: str) -> None:
    with serving(answer) as iam, ThreadPoolExecutor(8) as threads:
        found = settings(iam.url, False)
        tokens = [token_of(found, name) for name in ("waf", "secmaster") * 4]
        errors = [one.exception() for one in [threads.submit(token.ready) for token in tokens]]
    assert len(iam.requests) == 1
    assert all(isinstance(error, ClosedError) for error in errors)
    [message] = {str(error) for error in errors}
    assert message.startswith("no token from Huawei Cloud IAM: ")
    assert message.endswith("; credentials: credentials.huawei of settings.yml")
    assert told in message
    with pytest.raises(ClosedError, match="no token"):
        tokens[0].renew("token-1")
    assert len(iam.requests) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Reply(200, body=b"<html>"), "not JSON"),
        (Reply(302, headers={"Location": "https://elsewhere.example"}), "302"),
        (reply(200, {}), "a token with X-Subject-Token"),
        (reply(201, []), "a token with X-Subject-Token"),
        (reply(201, {"token": {}}), "a token with X-Subject-Token"),
        (reply(201, {"token": {}}, headers={"X-Subject-Token": "t\xff"}), "X-Subject-Token"),
        (issued(1, expires_at="tomorrow"), "expires_at"),
        (issued(1, project=None), "the token is for no project"),
        (issued(1, project={"id": ""}), "the token is for no project"),
        (Reply(hang_up="close"), "the connection broke"),
    ],
)
def test_what_is_no_token_is_no_answer(answer: Reply, told: str) -> None:
    with serving(answer, issued(1)) as iam:
        token = token_of(settings(iam.url, False))
        with pytest.raises(TransportError) as refused:
            token.ready()
        assert not refused.value.sent
        assert told in str(refused.value)
        assert "\n" not in str(refused.value)
        token.ready()  # it says nothing against the password
    assert len(iam.requests) == 2


def test_iam_that_cannot_be_reached() -> None:
    token = token_of(settings(unused_address(), False), total_timeout=0.5)
    with pytest.raises(TransportError, match="no token from Huawei Cloud IAM: no connection to"):
        token.ready()


def test_a_busy_iam_may_be_asked_again() -> None:
    with serving(refusing(500, "Internal Server Error"), issued(1)) as iam:
        token = token_of(settings(iam.url, False))
        with pytest.raises(TransportError, match="500") as refused:
            token.ready()
        assert not refused.value.sent
        token.ready()
    assert len(iam.requests) == 2


def test_no_message_and_no_object_shows_password_or_token(iam: Server, tmp_path: Path) -> None:
    echo = refusing(401, f"wrong: {PASSWORD}")
    with serving(echo) as server:
        token = token_of(settings(server.url, False))
        with pytest.raises(PluginError) as refused:
            token.ready()
    error: BaseException | None = refused.value
    while error is not None:
        assert PASSWORD not in repr(error) + str(error) + repr(vars(error))
        error = error.__cause__ or error.__context__
    found = settings(iam.url, tmp_path / "tokens.json")
    token = token_of(found)
    token.ready()
    shown = repr((vars(token), found, found.connections, vars(found.token_cache(AUTH))))
    assert PASSWORD not in shown
    assert "token-1" not in shown
    assert PASSWORD not in (tmp_path / "tokens.json").read_text(encoding="utf-8")


# The file


def kept(path: Path, expires: float | None = None) -> TokenCache:
    cache = TokenCache(path)
    token = Token(Secret("kept-token"), time() + 3600 if expires is None else expires, PROJECT)
    cache.keep("key", Secret(PASSWORD), token)
    return cache


def found_in(path: Path) -> bool:
    return TokenCache(path).find("key", Secret(PASSWORD)) is not None


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "caches" / "tokens.json"
    kept(path)
    assert found_in(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in path.parent.iterdir()} == {"tokens.json", "tokens.json.lock"}
    assert not list(TokenCache(path).warnings())


def make_readable(path: Path) -> None:
    path.chmod(0o640)


def make_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere.json"))
    path.symlink_to(path.with_name("elsewhere.json"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(make_readable, "can be read by others"), (make_link, "is no regular file")],
)
def test_a_file_that_is_not_to_be_trusted_is_replaced(
    spoil: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "tokens.json"
    kept(path)
    spoil(path)
    assert not found_in(path)
    [warning] = TokenCache(path).warnings()
    assert warning == f"{path} {told}: its tokens are not used, and it is replaced"
    kept(path)
    assert found_in(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(TokenCache(path).warnings())
    assert not (tmp_path / "elsewhere.json").exists() or not path.is_symlink()


def entry_of(path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(path.read_text())["tokens"]["key"]
    return entry


@pytest.mark.parametrize(
    "change",
    [
        {"token": None},
        {"token": "a\nb"},
        {"token": "\u0442"},
        {"expires": "soon"},
        {"expires": float("nan")},
        {"project_id": ""},
        {"bound": "\u0442"},
        {"bound": "00"},
        {"salt": "x"},
        {"salt": "abc"},
    ],
)
def test_a_damaged_entry_is_ignored(change: Mapping[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    kept(path)
    path.write_text(json.dumps({"tokens": {"key": {**entry_of(path), **change}}}))
    assert not found_in(path)


@pytest.mark.nested
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"tokens": 7}', '{"tokens": {"key": 7}}', "\xff", "[" * 99999]
)
def test_a_damaged_file_is_ignored_and_replaced(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    kept(path)
    path.write_bytes(text.encode("latin-1"))
    assert not found_in(path)
    kept(path)
    assert found_in(path)


def test_what_expired_is_not_used_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    cache = kept(path, time() + 300)
    assert not found_in(path)  # it is renewed ten minutes before
    kept(path, time() - 1)
    cache.keep("other", Secret(PASSWORD), Token(Secret("t"), time() + 3600, PROJECT))
    assert json.loads(path.read_text())["tokens"].keys() == {"other"}


def test_an_expired_token_in_the_file_is_asked_for_anew(iam: Server, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    cache = TokenCache(path)
    cache.keep(key(iam.url), Secret(PASSWORD), Token(Secret("old"), time() + 60, PROJECT))
    token = token_of(settings(iam.url, path))
    token.ready()
    assert sent_by(token) == "token-1"


def test_a_wrong_password_finds_nothing(tmp_path: Path) -> None:
    cache = kept(tmp_path / "tokens.json")
    assert cache.find("key", Secret("wrong")) is None
    assert cache.find("other", Secret(PASSWORD)) is None
    cache.drop("key", "another-token")
    assert found_in(tmp_path / "tokens.json")
    cache.drop("key", "kept-token")
    assert not found_in(tmp_path / "tokens.json")


def test_where_nothing_can_be_written_nothing_is_kept(iam: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    token = token_of(settings(iam.url, tmp_path / "file" / "tokens.json"))
    token.ready()
    assert sent_by(token) == "token-1"


def test_writers_do_not_lose_each_other_s_tokens(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"

    def keep(number: int) -> None:
        token = Token(Secret(f"token-{number}"), time() + 3600, PROJECT)
        TokenCache(path).keep(f"key-{number}", Secret(PASSWORD), token)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(keep, range(16)))
    assert len(json.loads(path.read_text())["tokens"]) == 16
