"""Who is trusted: authorities, a pinned certificate, a client's own; else nothing is sent."""

import json
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from certified import Authority, Certified
from connecting import opened_at, removal_by
from ioc_removal.cli import main
from ioc_removal.errors import SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from recorded import Recorded, Reply, Server, reply, serving

INTEGRATION = load_integration()
AUTH = {"type": "basic", "username": "user", "password": "password"}
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
TRUST_IT = "if this server is to be trusted, set its ca_bundle or fingerprint"


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(name="stranger", scope="module")
def _stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(name="own", scope="module")
def _own(authority: Authority) -> Certified:
    return authority.certified("127.0.0.1", "localhost")


@pytest.fixture(name="server", scope="module")
def _server(own: Certified) -> Iterator[Server]:
    with serving(by=deleted, tls=own.context) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_bundle_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def deleted(_: Recorded) -> Reply:
    return reply(201, [{"status": "Deleted"}])


def removed(address: str, **more: Any) -> bool:
    return bool(removal_by(opened_at(address, **more))["outcome"] in {"removed", "absent"})


def unsent(address: str, **more: Any) -> str:
    """Return why a removal failed that was tried once, and of which nothing was read."""
    row = removal_by(opened_at(address, **more))
    reason = str(row["reason"])
    assert (row["outcome"], row["attempts"], row.get("http_status")) == ("failed", 1, None), reason
    assert "\n" not in reason
    assert "_ssl.c" not in reason
    assert reason.startswith(f"no connection to {address}/api/1.3: ")
    return reason


def test_a_bundle_vouches(server: Server, authority: Authority, stranger: Authority) -> None:
    assert removed(server.url, ca_bundle=authority.bundle)
    assert removed(server.url.replace("127.0.0.1", "localhost"), ca_bundle=authority.bundle)
    before = len(server.requests)
    assert unsent(server.url).endswith(f"unable to get local issuer certificate; {TRUST_IT}")
    assert unsent(server.url, ca_bundle=stranger.bundle).endswith(TRUST_IT)
    assert len(server.requests) == before


def test_a_folder_of_hashed_certificates_vouches(
    server: Server, authority: Authority, tmp_path: Path
) -> None:
    certificate = tmp_path / "authority.pem"
    certificate.write_bytes(Path(authority.bundle).read_bytes())
    with pytest.raises(SettingsError, match=f"run: openssl rehash {tmp_path}"):
        opened_at(server.url, ca_bundle=str(tmp_path))
    run(["openssl", "rehash", str(tmp_path)], check=True)  # noqa: S607
    assert removed(server.url, ca_bundle=str(tmp_path))


@pytest.mark.parametrize("name", VARIABLES)
def test_a_bundle_of_the_environment_vouches(
    server: Server,
    authority: Authority,
    stranger: Authority,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, authority.bundle)
    assert removed(server.url)
    monkeypatch.setenv(name, stranger.bundle)
    assert unsent(server.url).endswith(TRUST_IT)
    assert removed(server.url, ca_bundle=authority.bundle)
    monkeypatch.setenv(name, "/nowhere.pem")
    with pytest.raises(SettingsError) as refused:
        opened_at(server.url)
    what = "cannot read certificates from '/nowhere.pem': No such file or directory"
    assert str(refused.value) == f"connection one: {name}: {what}"


@pytest.mark.parametrize("form", [str, str.upper, lambda pin: ":".join(pairs(pin))])
def test_a_fingerprint_vouches_for_one_certificate(
    server: Server, own: Certified, stranger: Authority, form: Any
) -> None:
    assert removed(server.url, fingerprint=form(own.fingerprint))
    assert removed(server.url, fingerprint=form(own.fingerprint), ca_bundle=stranger.bundle)
    before = len(server.requests)
    reason = unsent(server.url, fingerprint=form("00" * 32))
    assert "it shows another certificate than the one of fingerprint: set that of the new" in reason
    assert own.fingerprint in reason
    assert len(server.requests) == before


def pairs(pin: str) -> list[str]:
    return [pin[place : place + 2] for place in range(0, len(pin), 2)]


@pytest.mark.parametrize(
    ("name", "years", "words"),
    [
        ("127.0.0.1", (2020, 2021), "certificate has expired; its certificate has to be renewed"),
        ("127.0.0.1", (2090, 2091), "not yet valid; check the clock of this machine"),
        ("127.0.0.2", (2020, 2091), "url must name this server as its certificate does"),
        ("other.example", (2020, 2091), "url must name this server as its certificate does"),
    ],
)
def test_a_certificate_that_does_not_fit_gets_nothing(
    authority: Authority, name: str, years: tuple[int, int], words: str
) -> None:
    first, last = (datetime(year, 1, 1) for year in years)
    shown = authority.certified(name, not_before=first, not_after=last)
    with serving(by=deleted, tls=shown.context) as server:
        assert words in unsent(server.url, ca_bundle=authority.bundle)
        assert not server.requests
        assert removed(server.url, fingerprint=shown.fingerprint)


def test_a_certificate_that_vouches_for_itself_can_be_pinned(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    run(
        [*made, "-subj", "/CN=appliance", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    said = run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", certificate],  # noqa: S607
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    with serving(by=deleted, tls=context) as server:
        assert unsent(server.url).endswith(f"self-signed certificate; {TRUST_IT}")
        assert removed(server.url, fingerprint=said.stdout.strip().partition("=")[2])


def test_verification_is_off_only_aloud(server: Server) -> None:
    own = opened_at(server.url, verify=False)
    assert any("not verified" in warning for warning in own.warnings)
    assert removed(server.url, verify=False)
    assert not opened_at(server.url).warnings


def test_who_speaks_no_tls_is_told_apart() -> None:
    with Sandbox() as sandbox:
        reason = unsent(sandbox.url.replace("http:", "https:"))
    assert reason.endswith("no TLS is spoken there: check scheme and port in url")


def test_an_outdated_tls_is_refused(authority: Authority) -> None:
    shown = authority.certified("127.0.0.1")
    shown.context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        shown.context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        shown.context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(by=deleted, tls=shown.context) as server:
        reason = unsent(server.url, ca_bundle=authority.bundle)
    assert reason.endswith("who runs this server has to enable TLS 1.2 or newer")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_shows_its_certificate(
    authority: Authority, stranger: Authority, version: ssl.TLSVersion
) -> None:
    shown = authority.certified("127.0.0.1")
    shown.context.load_verify_locations(authority.bundle)
    shown.context.verify_mode = ssl.CERT_REQUIRED
    shown.context.maximum_version = version
    wrong, right = (str(one.certified("soc@example.com").file) for one in (stranger, authority))
    with serving(by=deleted, tls=shown.context) as server:
        bundle = {"ca_bundle": authority.bundle}
        for _ in range(5):
            reason = unsent(server.url, **bundle)
            assert reason.endswith("may want a client certificate: set client_certificate")
        reason = unsent(server.url, **bundle, client_certificate=wrong)
        assert "does not accept the certificate of client_certificate: ask who runs it" in reason
        assert not server.requests
        assert removed(server.url, **bundle, client_certificate=right)


@pytest.mark.parametrize("key", ["ca_bundle", "client_certificate"])
def test_a_file_that_cannot_be_used_is_a_mistake_of_the_settings(key: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate", encoding="ascii")
    for file in (tmp_path / "missing.pem", wrong, tmp_path):
        with pytest.raises(SettingsError) as refused:
            opened_at("https://192.0.2.1", **{key: str(file)})
        assert str(refused.value).startswith(f"connection one: {key}: ")
        assert str(file) in str(refused.value)


def test_a_key_that_cannot_be_used_is_a_mistake_of_the_settings(
    authority: Authority, tmp_path: Path
) -> None:
    whole = authority.certified("soc@example.com").file
    begin = "-----BEGIN CERTIFICATE"
    key, _, certificate = whole.read_text().partition(begin)
    locked = ["openssl", "pkey", "-aes256", "-passout", "pass:sesame", "-in"]
    encrypted = run([*locked, whole], check=True, capture_output=True, text=True).stdout
    other = authority.certified("soc@example.com").file.read_text().partition(begin)[0]
    for text, words in (
        (encrypted + begin + certificate, "has a pass phrase; write it without one"),
        (begin + certificate, "it must hold a certificate and its key, both in PEM"),
        (key, "it must hold a certificate and its key, both in PEM"),
        (other + begin + certificate, "the key belongs to another certificate"),
    ):
        file = tmp_path / "client.pem"
        file.write_text(text)
        with pytest.raises(SettingsError, match=words):
            opened_at("https://192.0.2.1", client_certificate=str(file))


def test_a_path_may_begin_with_the_home(
    server: Server, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(authority.folder))
    assert removed(server.url, ca_bundle="~/authority.pem")


def test_the_sandbox_demands_a_certificate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(client_certificate=True) as sandbox:
        own = sandbox.settings()["connections"]["cybertrace"]
        assert removed(**{"address": own.pop("url"), **own})
        file = tmp_path / "settings.json"
        own = {**own, "url": sandbox.url, "system": "cybertrace"}
        del own["client_certificate"]
        file.write_text(json.dumps({"connections": {"one": own}}))
        assert main(["--settings", str(file), "test"]) == 3
        assert "set client_certificate" in capsys.readouterr().out
        call = ["--settings", str(file), "--store", str(tmp_path / "store.db"), "call"]
        deletion = ["cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
        assert main([*call, *deletion, "--arg", "indicators=192.0.2.1"]) == 3
        said = capsys.readouterr().out
        assert "failed" in said
        assert "set client_certificate" in " ".join(said.split())
        assert len(sandbox.requests) == 1
