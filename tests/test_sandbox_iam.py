"""The stand-in for IAM issues tokens as the documents say, and both services take them."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from asking import INDICATORS, KNOWN, PROJECT, RULE, RULES, cybertrace, huawei
from ioc_removal.cli.commands.rehearsals import HUAWEI_AUTH as OFFERED
from ioc_removal.errors import ArgumentError
from ioc_removal.sandbox import Sandbox
from ioc_removal.sandbox.settings import HUAWEI_AUTH

USER = {
    "name": "sandbox-iam-user",
    "password": "sandbox-iam-password",
    "domain": {"name": "sandbox-domain"},
}
BY_NAME = {"project": {"name": "sandbox"}}
BY_ID = {"project": {"id": PROJECT}}
ELSEWHERE = {"project": {"name": "elsewhere"}}


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def body(scope: Any = None, **user: Any) -> dict[str, Any]:
    identity = {"methods": ["password"], "password": {"user": {**USER, **user}}}
    return {"auth": {"identity": identity, **({} if scope is None else {"scope": scope})}}


def ask(sandbox: Sandbox, document: Any, query: str = "?nocatalog=true") -> requests.Response:
    return requests.post(sandbox.url + "/v3/auth/tokens" + query, json=document, timeout=10)


def token(sandbox: Sandbox, scope: Any = BY_NAME, **user: Any) -> dict[str, str]:
    """Return the headers that carry a new token."""
    answer = ask(sandbox, body(scope, **user))
    assert answer.status_code == 201, answer.text
    return {"X-Auth-Token": answer.headers["X-Subject-Token"], "Content-Type": "application/json"}


@pytest.mark.parametrize("scope", [BY_NAME, BY_ID, {"project": {"id": PROJECT, "name": "sandbox"}}])
def test_a_token_is_issued_for_a_project(sandbox: Sandbox, scope: Any) -> None:
    now = datetime.now(timezone.utc)
    answer = ask(sandbox, body(scope))
    assert (answer.status_code, answer.reason) == (201, "Created")
    document = answer.json()["token"]
    assert (document["project"]["id"], document["project"]["name"]) == (PROJECT, "sandbox")
    assert document["user"]["name"] == USER["name"]
    assert document["methods"] == ["password"]
    assert "catalog" not in document
    expires_at = datetime.strptime(document["expires_at"], "%Y-%m-%dT%H:%M:%S.%fZ")
    left = expires_at.replace(tzinfo=timezone.utc) - now
    assert timedelta(seconds=86390) < left < timedelta(seconds=86500)
    assert 32 <= len(answer.headers["X-Subject-Token"]) <= 65535
    assert answer.headers["X-Subject-Token"] not in answer.text
    assert ask(sandbox, body(scope), "").json()["token"]["catalog"] == []


def test_both_services_take_a_token_and_an_older_one_too(sandbox: Sandbox) -> None:
    first, second = token(sandbox), token(sandbox)
    assert first != second
    for headers in (first, second):
        assert huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}", headers=headers).ok
        assert huawei(sandbox, "GET", RULES, headers=headers).ok
    assert sandbox.state()["huawei"]["issued_tokens"] == 2


def test_the_role_of_a_user_is_the_role_of_its_token(sandbox: Sandbox) -> None:
    reader = token(sandbox, name="sandbox-iam-reader")
    assert huawei(sandbox, "GET", RULES, headers=reader).ok
    assert huawei(sandbox, "DELETE", f"{RULES}/{RULE}", headers=reader).status_code == 401


@pytest.mark.parametrize("scope", [None, {}, {"domain": {"name": "sandbox-domain"}}, ELSEWHERE])
def test_a_token_of_another_project_or_none_is_refused(sandbox: Sandbox, scope: Any) -> None:
    answer = ask(sandbox, body(scope))
    assert answer.status_code == 201
    document = answer.json()["token"]
    assert document.get("project", {}).get("id") != PROJECT
    headers = token(sandbox, scope)
    secmaster = huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}", headers=headers)
    assert (secmaster.status_code, secmaster.json()["code"]) == (400, "SecMaster.20030002")
    waf = huawei(sandbox, "GET", RULES, headers=headers)
    assert (waf.status_code, waf.json()["error_code"]) == (400, "WAF.00012002")


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"name": "nobody"},
        {"domain": {"name": "other"}},
        {"domain": {}},
        {"password": "\ud800"},
    ],
)
def test_wrong_credentials_are_401_in_the_form_of_iam(
    sandbox: Sandbox, wrong: dict[str, Any]
) -> None:
    answer = ask(sandbox, body(BY_NAME, **wrong))
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "code": 401,
            "message": "The username or password is wrong.",
            "title": "Unauthorized",
        }
    }
    assert "X-Subject-Token" not in answer.headers
    assert sandbox.state()["huawei"]["failures"]["password"] == 1


@pytest.mark.parametrize("project", [{"name": "nowhere"}, {"id": "f" * 32}, {}])
def test_a_project_that_is_not_there_is_404(sandbox: Sandbox, project: Any) -> None:
    answer = ask(sandbox, body({"project": project}))
    assert (answer.status_code, answer.json()["error"]["title"]) == (404, "Not Found")


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}}},
        {"auth": {"identity": {"methods": ["password"]}}},
        body({"project": "sandbox"}),
        body({"project": {"name": "sandbox"}, "domain": {"name": "sandbox-domain"}}),
        body({"colour": {}}),
        body("sandbox"),
        body(BY_NAME, password=1),
    ],
    ids=lambda document: str(document)[-60:],
)
def test_a_malformed_request_is_400(sandbox: Sandbox, document: Any) -> None:
    answer = ask(sandbox, document)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400)
    assert sandbox.state()["huawei"]["failures"]["password"] == 0


def test_other_operations_of_iam_are_not_offered(sandbox: Sandbox) -> None:
    url = sandbox.url + "/v3/auth/tokens"
    assert requests.get(url, timeout=10).json()["error"]["code"] == 404
    assert requests.post(url + "/x", timeout=10).status_code == 404
    assert requests.post(url, data=b"{}", timeout=10).status_code == 400
    assert [row["system"] for row in sandbox.requests] == ["iam"] * 3


def test_a_token_expires(sandbox: Sandbox) -> None:
    old = token(sandbox)
    url = sandbox.url + "/sandbox/expire-tokens"
    assert requests.post(url, timeout=10).json() == {"expired": True}
    secmaster = huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}", headers=old)
    assert (secmaster.status_code, secmaster.json()["error_code"]) == (401, "APIGW.0301")
    assert "token expires, expires_at: 20" in secmaster.json()["error_msg"]
    waf = huawei(sandbox, "GET", RULES, headers=old)
    assert (waf.status_code, waf.json()["error_code"]) == (400, "WAF.00012001")
    assert huawei(sandbox, "GET", RULES, headers=token(sandbox)).ok
    assert huawei(sandbox, "GET", RULES).ok  # the seed's own token is not of IAM
    assert sandbox.state()["huawei"]["failures"]["expired"] == 2


def test_a_token_can_be_short_lived() -> None:
    with Sandbox({"huawei": {"iam": {"token_seconds": 1}}}) as sandbox:
        headers = token(sandbox)
        while huawei(sandbox, "GET", RULES, headers=headers).ok:
            pass
        answer = huawei(sandbox, "GET", RULES, headers=headers)
    assert answer.json()["error_code"] == "WAF.00012001"


def test_a_fault_lets_tokens_expire_before_a_request(sandbox: Sandbox) -> None:
    headers = token(sandbox)
    sandbox.misbehave(system="waf", expire_tokens=True, skip=1)
    answers = [huawei(sandbox, "GET", RULES, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 400, 400]
    assert [row["fault"] for row in sandbox.requests[1:]] == [None, 1, None]


def test_failures_are_counted_and_locked_keys_named(sandbox: Sandbox) -> None:
    assert sandbox.state()["huawei"] == {
        "issued_tokens": 0,
        "failures": {"signature": 0, "token": 0, "expired": 0, "password": 0},
        "locked": [],
    }
    proof = "SDK-HMAC-SHA256 Access=SANDBOXACCESSKEY0001, SignedHeaders=host, Signature=" + "0" * 64
    for _ in range(6):
        huawei(sandbox, "GET", RULES, headers={"Authorization": proof})
    huawei(sandbox, "GET", RULES, headers={"X-Auth-Token": "other"})
    huawei(sandbox, "GET", RULES, headers={})
    cybertrace(sandbox, "GET", "1.3/suppliers", auth=("nobody", "x"))
    token(sandbox)
    state = sandbox.state()
    assert state["huawei"] == {
        "issued_tokens": 1,
        "failures": {"signature": 6, "token": 2, "expired": 0, "password": 0},
        "locked": ["SANDBOXACCESSKEY0001"],
    }
    assert state["cybertrace"]["failures"] == 1
    assert not any(secret in str(state) for secret in ("sandbox-secret", "sandbox-iam", "0" * 64))
    sandbox.reset()
    assert sandbox.state()["huawei"]["locked"] == []


def test_settings_can_have_a_password_for_iam(sandbox: Sandbox) -> None:
    settings = sandbox.settings("iam_password")
    assert settings["credentials"] == {
        "huawei": {
            "type": "iam_password",
            "username": USER["name"],
            "password": USER["password"],
            "domain": "sandbox-domain",
            "project": "sandbox",
            "iam_url": sandbox.url,
        }
    }
    connections = settings["connections"]
    assert connections["secmaster"]["auth"] == connections["waf"]["auth"] == "huawei"
    token_settings = sandbox.settings("iam_token")["connections"]["waf"]["auth"]
    assert token_settings == {"type": "iam_token", "token": "sandbox-iam-token"}
    with pytest.raises(ArgumentError, match="must be one of aksk, iam_token, iam_password"):
        sandbox.settings("other")
    assert OFFERED == HUAWEI_AUTH


def test_settings_need_a_credential_of_the_seed() -> None:
    seed = {"huawei": {"auth": [{"type": "iam_token", "token": "x"}]}}
    with Sandbox(seed) as sandbox:
        with pytest.raises(ArgumentError, match="no credential of type aksk"):
            sandbox.settings("aksk")
        assert sandbox.settings("iam_password")["credentials"]


@pytest.mark.parametrize(
    ("iam", "message"),
    [
        ({"users": []}, "users: must hold at least one user"),
        ({"users": [{"name": "x"}]}, r"users\[0\]\.password: is missing"),
        ({"token_seconds": 0}, "token_seconds: must be between 1 and"),
        ({"token_seconds": 1e9}, "token_seconds: must be a whole number"),
        ({"colour": 1}, "colour: unknown"),
    ],
)
def test_a_seed_of_iam_is_checked(iam: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=rf"^seed\.huawei\.iam\.{message}"):
        Sandbox({"huawei": {"iam": iam}})
