"""The sandbox speaks HTTPS with certificates of its own."""

import json
import socket
import ssl
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from asking import OPERATOR, RULES, TOKEN, raw
from ioc_removal.errors import ArgumentError
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from


def of_waf(sandbox: Sandbox) -> dict[str, str]:
    return dict(sandbox.settings()["connections"]["waf"])


def test_the_certificate_is_verified_with_the_settings() -> None:
    with Sandbox(tls=True) as sandbox:
        assert sandbox.url.startswith("https://127.0.0.1:")
        bundle = of_waf(sandbox)["ca_bundle"]
        connections = sandbox.settings()["connections"].values()
        assert {one["ca_bundle"] for one in connections} == {bundle}
        assert settings_from(sandbox.settings(), "the sandbox")
        url = sandbox.url + RULES
        for _ in range(2):
            answer = requests.get(url, headers=TOKEN, timeout=10, verify=bundle)
            assert answer.json()["total"] == 4
        named = url.replace("127.0.0.1", "localhost")
        assert requests.get(named, headers=TOKEN, timeout=10, verify=bundle).ok
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, headers=TOKEN, timeout=10)
        assert Path(bundle).stat().st_mode & 0o777 == 0o600
        assert Path(bundle).parent.stat().st_mode & 0o777 == 0o700
    assert not Path(bundle).parent.exists()
    assert len(sandbox.requests) == 3


def test_the_fingerprint_is_of_the_certificate_that_is_shown() -> None:
    with Sandbox(tls=True) as sandbox, Sandbox() as plain:
        port = urlsplit(sandbox.url).port or 0
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        der = ssl.PEM_cert_to_DER_cert(pem)
        assert sandbox.fingerprint == sha256(der).hexdigest().upper()
        assert plain.fingerprint is None
        assert "ca_bundle" not in of_waf(plain)


def test_a_client_certificate_can_be_demanded(tmp_path: Path) -> None:
    with Sandbox(client_certificate=True, certificates=tmp_path / "mine") as sandbox:
        own = of_waf(sandbox)
        assert own["ca_bundle"] == str(tmp_path / "mine-ca.pem")
        assert own["client_certificate"] == str(tmp_path / "mine-client.pem")
        url = sandbox.url + RULES
        answer = requests.get(
            url,
            headers=TOKEN,
            timeout=10,
            verify=own["ca_bundle"],
            cert=own["client_certificate"],
        )
        assert answer.ok
        with pytest.raises((requests.exceptions.SSLError, requests.ConnectionError)):
            requests.get(url, headers=TOKEN, timeout=10, verify=own["ca_bundle"])
        assert len(sandbox.requests) == 1
    assert {file.name for file in tmp_path.iterdir()} == {"mine-ca.pem", "mine-client.pem"}
    assert "PRIVATE KEY" not in (tmp_path / "mine-ca.pem").read_text()


def test_a_place_that_cannot_be_written_is_the_callers_mistake(tmp_path: Path) -> None:
    sandbox = Sandbox(tls=True, certificates=tmp_path / "no" / "where")
    with pytest.raises(ArgumentError, match=r"where-ca\.pem: cannot be written"):
        sandbox.start()
    port = urlsplit(sandbox.url).port or 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_who_does_not_speak_tls_does_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as stack:
        with Sandbox(tls=True) as sandbox:
            place = ("127.0.0.1", urlsplit(sandbox.url).port or 0)
            silent = stack.enter_context(socket.create_connection(place, timeout=10))
            try:
                said = raw(sandbox, b"GET / HTTP/1.1\r\n\r\n")
            except OSError:  # it was reset, before or after all was sent
                said = b""
            assert b"HTTP" not in said
            bundle = of_waf(sandbox)["ca_bundle"]
            assert requests.get(sandbox.url + RULES, headers=TOKEN, timeout=10, verify=bundle).ok
        assert silent.recv(1) == b""
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("how", [{"hang_up": "after"}, {"reset": "after"}, {"cut": 9}])
def test_an_answer_is_lost_over_tls_too(how: dict[str, str]) -> None:
    with Sandbox(tls=True) as sandbox:
        sandbox.misbehave(**how)
        url = sandbox.url + "/api/1.3/suppliers"
        bundle = of_waf(sandbox)["ca_bundle"]
        with requests.Session() as session:
            session.auth = OPERATOR
            session.headers["Accept"] = "application/json"
            with pytest.raises(
                (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
            ):
                session.get(url, timeout=10, verify=bundle)
            assert len(session.get(url, timeout=10, verify=bundle).json()) == 3
        state = requests.get(sandbox.url + "/sandbox/state", timeout=10, verify=bundle).json()
        assert state == json.loads(json.dumps(sandbox.state()))
