"""Tokens of IAM that are kept: for how long, and in a file that is trusted if its owner's alone."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import time
from typing import Any

import pytest

from ioc_removal.iam import IamToken
from ioc_removal.secret import Secret
from ioc_removal.settings import settings_from
from ioc_removal.token_cache import Token, TokenCache, token_key
from recorded import Server, serving
from tokens import PASSWORD, PROJECT, WAF, iam, issued, sent_by, settings, token_of

__all__ = ["iam"]


def test_the_default_cache_is_below_the_home_of_caches(tmp_path: Path) -> None:
    def path(**environment: str) -> Path | None:
        return settings_from({}, "settings.yml", environment).token_cache({}).path

    home, cache = str(tmp_path / "home"), str(tmp_path / "cache")
    assert path(HOME=home) == tmp_path / "home/.cache/ioc-removal/tokens.json"
    assert path(HOME=home, XDG_CACHE_HOME="") == path(HOME=home)
    assert path(HOME=home, XDG_CACHE_HOME="relative") == path(HOME=home)
    assert path(HOME=home, XDG_CACHE_HOME=cache) == tmp_path / "cache/ioc-removal/tokens.json"
    assert path() is None


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
