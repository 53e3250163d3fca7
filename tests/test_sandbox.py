"""The sandbox as a whole: its log, its state, its seed."""

import ast
import json
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from asking import INDICATORS, KNOWN, OPERATOR, PROJECT, RULES, WORKSPACE, huawei, raw
from ioc_removal.errors import ArgumentError
from ioc_removal.sandbox import Sandbox, default_seed, read_seed


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_every_request_is_logged_in_order(sandbox: Sandbox) -> None:
    rows = [{"indicator": "192.0.2.10"}]
    requests.delete(
        sandbox.url + "/api/1.3/suppliers/InternalTI/indicators",
        json=rows,
        auth=OPERATOR,
        headers={"Accept": "application/json"},
        timeout=10,
    )
    answer = huawei(sandbox, "GET", RULES + "?name=%C3%A9")
    requests.get(sandbox.url + "/elsewhere", timeout=10)
    first, second, third = sandbox.requests
    assert [first["number"], second["number"], third["number"]] == [1, 2, 3]
    assert [first["system"], second["system"], third["system"]] == ["cybertrace", "waf", None]
    assert (first["method"], first["status"], first["body"]) == ("DELETE", 201, rows)
    assert first["headers"]["Content-Length"] == str(len(json.dumps(rows)))
    assert first["request_id"] is None
    assert second["target"] == RULES + "?name=%C3%A9"
    assert second["request_id"] == answer.headers["X-request-id"]
    assert third["status"] == 404
    assert datetime.fromisoformat(first["time"]) <= datetime.fromisoformat(third["time"])


def test_another_process_can_look_and_reset(sandbox: Sandbox) -> None:
    before = sandbox.state()
    huawei(sandbox, "DELETE", INDICATORS, {"batch_ids": [KNOWN]})
    changed = sandbox.state()
    assert changed != before
    assert requests.get(sandbox.url + "/sandbox/state", timeout=10).json() == changed
    log = requests.get(sandbox.url + "/sandbox/requests", timeout=10).json()
    assert log == sandbox.requests
    assert len(log) == 1
    assert requests.post(sandbox.url + "/sandbox/reset", timeout=10).ok
    assert sandbox.state() == before
    assert sandbox.requests == []
    assert requests.get(sandbox.url + "/sandbox/else", timeout=10).status_code == 404


def test_settings_name_the_first_credentials(sandbox: Sandbox) -> None:
    connections = sandbox.settings()["connections"]
    assert connections["cybertrace"] == {
        "system": "cybertrace",
        "url": sandbox.url,
        "api_version": "1.3",
        "auth": {"type": "basic", "username": OPERATOR[0], "password": OPERATOR[1]},
    }
    auth = {
        "type": "aksk",
        "access_key": "SANDBOXACCESSKEY0001",
        "secret_key": "sandbox-secret-key-0001",
    }
    assert connections["secmaster"] == {
        "system": "secmaster",
        "url": sandbox.url,
        "auth": auth,
        "defaults": {"project_id": PROJECT, "workspace_id": WORKSPACE},
    }
    assert connections["waf"] == {
        "system": "waf",
        "url": sandbox.url,
        "auth": auth,
        "defaults": {"project_id": PROJECT},
    }


def test_a_seed_replaces_what_it_names() -> None:
    token = {"type": "iam_token", "token": "other-token"}
    seed = {
        "cybertrace": {"suppliers": {"Mine": {"indicators": ["192.0.2.1"]}}},
        "huawei": {"auth": [token]},
    }
    with Sandbox(seed) as sandbox:
        assert sandbox.settings()["connections"]["waf"]["auth"] == token
        assert sandbox.state()["cybertrace"]["suppliers"] == {
            "InternalTI": [],
            "FalsePositive": [],
            "Mine": ["192.0.2.1"],
        }
        assert huawei(sandbox, "GET", RULES).status_code == 401
        assert huawei(sandbox, "GET", RULES, headers={"X-Auth-Token": "other-token"}).ok


def test_a_seed_with_a_mistake_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"seed\.cybertrace\.supplier: unknown"):
        Sandbox({"cybertrace": {"supplier": {}}})
    with pytest.raises(ArgumentError, match=r"seed\.huawei\.auth\[0\]\.type: must be one of"):
        Sandbox({"huawei": {"auth": [{"type": "other"}]}})
    with pytest.raises(ArgumentError, match=r"rules\[0\]\.tags: is missing"):
        Sandbox({"waf": {"policies": {"p": {"rules": [{"id": "x"}]}}}})
    file = tmp_path / "seed.yml"
    file.write_text("waf: []", "utf-8")
    with pytest.raises(ArgumentError, match=r"seed\.yml\.waf: must be a mapping"):
        read_seed(str(file))
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_seed(str(tmp_path / "none.yml"))
    file.write_text(json.dumps(default_seed()), "utf-8")
    assert read_seed(str(file)) == default_seed()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/1.3/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x/v1/p/waf/policy HTTP/1.1\r\nX-Auth-Token: \xff\r\n\r\n",
        b"DELETE /v1/p/waf/policy HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"DELETE /api/1.3/suppliers HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"DELETE /api/1.3/suppliers HTTP/1.1\r\nContent-Length: 99\r\n\r\nshort",
        b"DELETE /api/1.3/suppliers HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n",
        b"POST /api/1.3/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PROPFIND /v1 HTTP/1.1\r\n\r\n",
        b"HEAD /sandbox/state HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=lambda data: str(data[:60]),
)
def test_malformed_requests_do_no_harm(
    sandbox: Sandbox, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    raw(sandbox, data)
    assert huawei(sandbox, "GET", RULES).ok
    assert capfd.readouterr().err == ""


def test_a_client_that_hangs_up_is_no_trace_on_stderr(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    port = urlsplit(sandbox.url).port or 0
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.sendall(b"GET /sandbox/state HTTP/1.1\r\n\r\n" * 50)
        connection.close()
    assert huawei(sandbox, "GET", RULES).ok
    assert capfd.readouterr().err == ""


def test_a_stopped_sandbox_hangs_up_on_idle_clients() -> None:
    with requests.Session() as session, Sandbox() as sandbox:
        assert session.get(sandbox.url + "/sandbox/state", timeout=10).ok
        url = sandbox.url
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(url + "/sandbox/state", timeout=10)


def test_the_sandbox_imports_nothing_of_the_call_path() -> None:
    import ioc_removal.sandbox

    allowed = {"errors", "loader"}
    folder = Path(ioc_removal.sandbox.__file__ or "").parent
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level > 1:
                assert node.module in allowed, f"{file.name} imports {node.module}"
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert not str(node.module).startswith("ioc_removal"), file.name


def test_a_port_that_is_taken_is_the_callers_mistake(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.url).port or 0
    with pytest.raises(ArgumentError, match=rf"port {port}: cannot listen"):
        Sandbox(port=port).start()
    with pytest.raises(ArgumentError, match="port 70000: cannot listen"):
        Sandbox(port=70000).start()
