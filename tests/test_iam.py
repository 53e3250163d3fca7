"""Tokens of IAM for a password: what is sent, to which address, and what is no token."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.errors import ClosedError, PluginError, SettingsError, TransportError
from ioc_removal.settings import settings_from
from recorded import Reply, Server, reply, serving, unused_address
from tokens import AUTH, PASSWORD, PROJECT, iam, issued, refusing, sent_by, settings, token_of

__all__ = ["iam"]


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
