"""No secret of the settings is ever told: not printed, logged, stored, raised or represented."""

from collections.abc import Callable

import pytest

from canaries import CANARIES
from certified import Authority
from echoing import ECHOES, of_json, of_login, of_wrong_login
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import load_settings
from recorded import Recorded, Reply, serving, unused_address
from secret_keeping import (
    COMMANDS,
    DELETE,
    HUAWEI,
    IDS,
    INTEGRATION,
    TOKENS,
    VALUES,
    Place,
    look,
    place,
)

__all__ = ["place"]


def connected(place: Place, url: str, echo: Callable[[Recorded], Reply]) -> None:
    """Set users of IAM where it is IAM that echoes, else a key and a token."""
    logs_in = echo in {of_login, of_wrong_login}
    place.set(url, "iam_password" if logs_in else "aksk", "" if logs_in else "iam_token")


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: str(echo.__name__))
def test_what_a_server_echoes(echo: Callable[[Recorded], Reply], place: Place) -> None:
    with serving(by=echo) as server:
        connected(place, server.url, echo)
        for number, words in enumerate(COMMANDS):
            place.run(*words, *(["--json"] if number % 2 and words[0] != "runs" else []))
        run = place.run("runs").splitlines()[1].split()[0]
        place.run("show", run)
        place.run("show", run, "--json")
    assert server.requests


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: str(echo.__name__))
def test_errors_and_objects(echo: Callable[[Recorded], Reply], place: Place) -> None:
    """Of a library's user: what is raised, with its causes, and what can be reached."""
    with serving(by=echo) as server:
        connected(place, server.url, echo)
        settings = load_settings()
        for name in ("cybertrace", "secmaster", "waf"):
            look(settings, name)
    assert server.requests


def test_a_proxy_that_wants_more(place: Place) -> None:
    proxy = f"{CANARIES['proxy user']}:{CANARIES['proxy password']}"

    def refuse(request: Recorded) -> Reply:
        line = f"HTTP/1.1 407 {request.headers.get('Proxy-Authorization')}\r\n"
        return Reply(raw=f"{line}Proxy-Authenticate: Basic realm=x\r\n\r\n".encode())

    with serving(by=refuse) as server:
        address = server.url.replace("http://", f"http://{proxy}@")
        for url in ("http://cybertrace.example", "https://cybertrace.example"):
            place.set(url, proxy=address)
            for words in (COMMANDS[0], COMMANDS[4], COMMANDS[7]):
                place.run(*words)
            look(load_settings(), "cybertrace")
        place.set("http://a.example", proxy=f"http://{proxy}@[")
        place.run("test", ended=[2])
        place.set("http://a.example", proxy=f"http://{proxy}@127.0.0.1:1")
        place.run(*DELETE, *VALUES)
    assert server.requests
    sent = server.requests[0].headers["Proxy-Authorization"]
    assert sent == "Basic Y0FuQXJZNi91OmNBbkFyWTdAcA=="


def test_a_proxy_of_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"http://{CANARIES['proxy user']}:{CANARIES['proxy password']}@127.0.0.1:1"
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    for url in ("http://cybertrace.example", "https://cybertrace.example"):
        place.set(url)
        for words in COMMANDS[:3]:
            place.run(*words)
        look(load_settings(), "waf")


def test_servers_that_are_not_there_or_not_trusted(place: Place) -> None:
    authority = Authority(place.folder)
    certified = authority.certified("127.0.0.1")
    key = certified.file.read_text().splitlines()
    certified.file.rename(place.folder / "client.pem")
    with serving(by=of_json, tls=certified.context) as server:
        for more in ({}, {"fingerprint": "ab" * 32}, {"ca_bundle": authority.bundle},
                     {"ca_bundle": authority.bundle, "client_certificate": "client.pem"},
                     ):  # fmt: skip
            # Long enough for any handshake: Python 3.11 leaves a socket open that ends before one.
            place.set(server.url, total_timeout=30, **more)
            for words in (COMMANDS[0], COMMANDS[8]):
                text = place.run(*words)
                assert not [line for line in key if len(line) > 20 and line in text]
            look(load_settings(), "cybertrace")
        place.set(server.url.replace("https", "http"))
        place.run("test")
    place.set(unused_address(), "iam_password")
    for words in COMMANDS[3:6]:
        place.run(*words)
    (place.folder / "client.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\ncAnArY9\n")
    place.set("https://127.0.0.1:1", client_certificate="client.pem")
    place.run("test", ended=[2])


@pytest.mark.parametrize("huawei", HUAWEI)
def test_a_day_without_trouble(huawei: str, place: Place) -> None:
    """Calls, playbooks and all that tells of them, on a sandbox that knows the canaries."""
    issued = {"type": "aksk", "access_key": "AKEXAMPLE", "role": "administrator"}
    users = [{"name": "user", "password": CANARIES["password"], "role": "administrator"}]
    seed = {
        "cybertrace": {"users": users},
        "huawei": {
            "auth": [
                {**issued, "secret_key": CANARIES["secret_key"],
                 "security_token": CANARIES["security_token"]},
                {"type": "iam_token", "token": CANARIES["token"], "role": "administrator"},
            ],
            "iam": {"users": [{"name": "user", "password": CANARIES["iam password"],
                               "role": "administrator"}]},
        },
    }  # fmt: skip
    (place.folder / "iocs.txt").write_text("192.0.2.10\nmalware.example\n")
    with Sandbox(seed) as sandbox:
        document = sandbox.settings(huawei)
        if huawei == "iam_password":
            document["credentials"]["huawei"]["token_cache"] = TOKENS
        place.write(document)
        place.run("test", ended=[0])
        place.run(*DELETE, *VALUES, "--json", ended=[0])
        place.run("call", "secmaster-indicators-delete", *IDS, ended=[0])
        if huawei == "iam_password":
            place.run("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", ended=[0])
        sandbox.misbehave(method="DELETE", status=403, times=9)
        if huawei == "aksk":
            place.run("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--json")
            for name in INTEGRATION.definitions:
                place.run("describe", name, ended=[0])
        for row in place.run("runs").splitlines()[1:]:
            place.run("show", row.split()[0])
            place.run("resume", row.split()[0])
    assert sandbox.requests
