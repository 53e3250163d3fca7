"""Ask a sandbox, without the code that it stands in for: what it holds, and a request."""

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from ioc_removal.sandbox import Sandbox

OPERATOR = ("sandbox-operator", "sandbox-password")
ANALYST = ("sandbox-analyst", "sandbox-password")
TOKEN = {"X-Auth-Token": "sandbox-iam-token", "Content-Type": "application/json;charset=UTF-8"}
PROJECT = "0123456789abcdef0123456789abcdef"
WORKSPACE = "909494e3-558e-46b6-a9eb-07a8e18ca620"
KNOWN = "909494e3-558e-46b6-a9eb-07a8e18ca62f"
POLICY = "6d392034d94c4e8a95a78c98127453b6"
RULE = "11842c5779204842bfe51c3e8b7981ca"
INDICATORS = f"/v1/{PROJECT}/workspaces/{WORKSPACE}/soc/indicators"
RULES = f"/v1/{PROJECT}/waf/policy/{POLICY}/ip-reputation"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def cybertrace(
    sandbox: Sandbox,
    method: str,
    path: str,
    document: Any = None,
    *,
    auth: Any = OPERATOR,
    **headers: Any,
) -> requests.Response:
    """Ask CyberTrace; document: the body, bytes as they are."""
    sent = {"Accept": "application/json", "Content-Type": "application/json"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return requests.request(
        method,
        sandbox.url + "/api/" + path,
        data=None if document is None else data,
        auth=auth,
        headers=sent,
        timeout=10,
    )


def huawei(
    sandbox: Sandbox,
    method: str,
    path: str,
    document: Any = None,
    headers: Mapping[str, str] = TOKEN,
) -> requests.Response:
    """Ask SecMaster or WAF, with a ready token unless other headers are given."""
    data = None if document is None else json.dumps(document).encode()
    return requests.request(method, sandbox.url + path, data=data, headers=headers, timeout=10)


def raw(sandbox: Sandbox, data: bytes) -> bytes:
    """Send bytes, and return all that comes until the connection ends."""
    port = urlsplit(sandbox.url).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))
