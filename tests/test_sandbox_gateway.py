"""The gateway before Huawei's stand-ins knows who is calling."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from hmac import new
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from asking import INDICATORS, KNOWN, RULE, RULES, huawei
from ioc_removal.sandbox import Sandbox
from ioc_removal.sandbox.signing import (
    canonical_request,
    read_authorization,
    signature,
    string_to_sign,
)
from transcribed import transcribed

SECRET_KEY = "sandbox-secret-key-0001"
VECTORS = transcribed("signature_vectors.yml")


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def signed(
    sandbox: Sandbox,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    access_key: str = "SANDBOXACCESSKEY0001",
    secret_key: str = SECRET_KEY,
    clock: timedelta = timedelta(0),
    token: str | None = None,
) -> requests.Response:
    """Sign as the published description says, in a way of its own."""
    date = (datetime.now(timezone.utc) + clock).strftime("%Y%m%dT%H%M%SZ")
    raw, _, query = path.partition("?")
    headers = {
        "content-type": "application/json",
        "host": urlsplit(sandbox.url).netloc,
        "x-sdk-date": date,
        **({"x-security-token": token} if token else {}),
    }
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    names = ";".join(sorted(headers))
    text = f"{method}\n{raw}/\n{query}\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    to_sign = f"SDK-HMAC-SHA256\n{date}\n{sha256(text.encode()).hexdigest()}"
    proof = new(secret_key.encode(), to_sign.encode(), sha256).hexdigest()
    authorization = f"SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={names}, Signature={proof}"
    return requests.request(
        method,
        sandbox.url + path,
        data=body or None,
        headers={**headers, "Authorization": authorization},
        timeout=10,
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["case"])
def test_a_signature_of_the_official_sdk_is_understood(vector: dict[str, Any]) -> None:
    parts = read_authorization(vector["authorization"])
    assert parts is not None
    assert parts["Access"] == vector["access_key"]
    url = urlsplit(vector["url"])
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    named = {name: headers[name] for name in parts["SignedHeaders"].split(";")}
    canonical = canonical_request(
        vector["method"], url.path, url.query, named, vector["body"].encode()
    )
    text = string_to_sign(headers["x-sdk-date"], canonical)
    assert canonical == vector["canonical_request"]
    assert text == vector["string_to_sign"]
    assert signature(vector["secret_key"], text) == parts["Signature"]


def test_a_signed_request_is_accepted(sandbox: Sandbox) -> None:
    body = json.dumps({"batch_ids": [KNOWN]}).encode()
    assert signed(sandbox, "DELETE", INDICATORS, body).json()["data"]["success_ids"] == [KNOWN]
    query = "?enterprise_project_id=all_granted_eps&limit=2"
    assert signed(sandbox, "GET", RULES + query).json()["total"] == 5


def test_a_temporary_key_needs_its_token(sandbox: Sandbox) -> None:
    temporary: dict[str, Any] = {
        "access_key": "SANDBOXACCESSKEY0002",
        "secret_key": "sandbox-secret-key-0002",
    }
    assert signed(sandbox, "GET", RULES, token="sandbox-security-token", **temporary).ok
    assert signed(sandbox, "GET", RULES, **temporary).status_code == 401
    wrong = signed(sandbox, "GET", RULES, token="other", **temporary)
    assert (wrong.status_code, wrong.json()["error_msg"].endswith("decrypt token fail")) == (
        401,
        True,
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"secret_key": "wrong"}, "verify aksk signature fail"),
        ({"access_key": "NOBODY"}, "Get secretKey failed,ak:NOBODY,err:ak not exist"),
        (
            {"clock": timedelta(minutes=-16)},
            "calc ak sk signature fail:signature expired",
        ),
        ({"clock": timedelta(minutes=16)}, "calc ak sk signature fail:signature expired"),
    ],
)
def test_a_wrong_signature_is_401(sandbox: Sandbox, changed: Any, reason: str) -> None:
    answer = signed(sandbox, "GET", RULES, **changed)
    document = answer.json()
    assert answer.status_code == 401
    assert document["error_code"] == "APIGW.0301"
    assert document["error_msg"] == f"Incorrect IAM authentication information: {reason}"
    assert document["request_id"] == answer.headers["X-request-id"]


def test_a_body_other_than_the_signed_one_is_401(sandbox: Sandbox) -> None:
    good = signed(sandbox, "DELETE", INDICATORS, b'{"batch_ids": []}')
    assert good.ok
    answer = requests.delete(
        good.url, data=b'{"batch_ids":[]}', headers=good.request.headers, timeout=10
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "value",
    [
        "SDK-HMAC-SHA256",
        "SDK-HMAC-SHA256 Access=x",
        "SDK-HMAC-SHA256 Access=SANDBOXACCESSKEY0001, SignedHeaders=host, Signature=" + "0" * 64,
    ],
)
def test_a_malformed_signature_is_401(sandbox: Sandbox, value: str) -> None:
    answer = huawei(sandbox, "GET", RULES, headers={"Authorization": value})
    assert answer.json()["error_msg"].endswith("verify aksk signature fail")


def test_a_key_that_fails_too_often_is_locked(sandbox: Sandbox) -> None:
    for _ in range(5):
        signed(sandbox, "GET", RULES, secret_key="wrong")
    assert signed(sandbox, "GET", RULES).ok
    for _ in range(6):
        signed(sandbox, "GET", RULES, secret_key="wrong")
    answer = signed(sandbox, "GET", RULES)
    assert answer.status_code == 401
    assert answer.json()["error_msg"].endswith("AK access failed to reach the limit,forbidden")


def test_tokens(sandbox: Sandbox) -> None:
    def refused(headers: dict[str, str]) -> str:
        answer = huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}", headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "APIGW.0301")
        return str(answer.json()["error_msg"]).partition(": ")[2]

    assert huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}").ok
    assert refused({}) == "x-auth-token not found"
    assert refused({"X-Auth-Token": "other"}) == "decrypt token fail"
    expired = refused({"X-Auth-Token": "sandbox-expired-iam-token"})
    assert expired.startswith("token expires, expires_at: 2020-01-04")


def test_a_reader_removes_nothing(sandbox: Sandbox) -> None:
    reader: dict[str, Any] = {
        "access_key": "SANDBOXACCESSKEY0003",
        "secret_key": "sandbox-secret-key-0003",
    }
    before = sandbox.state()
    assert signed(sandbox, "GET", RULES, **reader).ok
    waf = signed(sandbox, "DELETE", f"{RULES}/{RULE}", **reader)
    assert (waf.status_code, waf.json()["error_msg"]) == (401, "permission.denied")
    secmaster = signed(sandbox, "DELETE", INDICATORS, b'{"batch_ids": []}', **reader)
    assert (secmaster.status_code, secmaster.json()["error_code"]) == (403, "APIGW.0302")
    assert sandbox.state() == before
