"""No secret of the settings is ever told: not printed, logged, stored, raised or represented."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from canaries import CANARIES, Log, shown, shown_by, shown_by_objects, shown_in_files
from certified import Authority
from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import Settings, load_settings
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import Finished, NoRecord
from recorded import Recorded, Reply, reply, serving, unused_address

INTEGRATION = load_integration()
SETTINGS, TOKENS = "ioc-removal.yml", "tokens.json"
# Where secrets belong: what a person wrote, and the file of tokens.
THEIRS = (SETTINGS, TOKENS, "password.txt", "profile", "client.pem", "iocs.txt")
DELETE = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
VALUES = ("--arg", "indicators=192.0.2.10", "--arg", "indicators=malware.example")
IDS = ("--arg", "batch_ids=909494e3-558e-46b6-a9eb-07a8e18ca62f")
RULE = ("--arg", "policy_id=6d392034d94c4e8a95a78c98127453b6",
        "--arg", "rule_id=11842c5779204842bfe51c3e8b7981ca")  # fmt: skip
PLACE = {"project_id": "0123456789abcdef0123456789abcdef",
         "workspace_id": "909494e3-558e-46b6-a9eb-07a8e18ca620"}  # fmt: skip
COMMANDS: Sequence[tuple[str, ...]] = (
    (*DELETE, *VALUES),
    ("call", "cybertrace-suppliers-list"),
    ("call", "cybertrace-indicators-lookup", "--arg", "indicators=192.0.2.10"),
    ("call", "secmaster-indicators-delete", *IDS),
    ("call", "secmaster-indicators-search", "--arg", "values=192.0.2.10"),
    ("call", "waf-ip-reputation-rule-delete", *RULE),
    ("call", "waf-ip-reputation-rules-list", *RULE[:2]),
    ("call", "waf-policies-list"),
    ("test",),
    ("runs",),
)
INTERNAL = "internal error"
BASIC = {"type": "basic", "username": "user", "password": CANARIES["password"]}
HUAWEI: Mapping[str, Mapping[str, Any]] = {
    "aksk": {
        "type": "aksk",
        "access_key": "AKEXAMPLE",
        "secret_key": CANARIES["secret_key"],
        "security_token": CANARIES["security_token"],
    },
    "iam_token": {"type": "iam_token", "token": CANARIES["token"]},
    "iam_password": {
        "type": "iam_password",
        "username": "user",
        "password": CANARIES["iam password"],
        "domain": "d",
        "project": "p",
        "token_cache": TOKENS,
    },
}


class Place:
    """A folder with settings, where commands run and all that they say is kept."""

    def __init__(self, folder: Path, log: Log, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.log, self._capsys = folder, log, capsys
        self.statuses: list[int] = []

    def set(self, url: str, huawei: str = "aksk", waf: str = "", **more: Any) -> None:
        """Write settings; huawei, waf: credentials of both, and other ones of WAF."""
        auth = dict(HUAWEI[huawei])
        if huawei == "iam_password":
            auth["iam_url"] = url
        own = {"url": url, "total_timeout": 0.5, **more}
        connections = {
            "cybertrace": {"system": "cybertrace", "auth": BASIC, "api_version": "1.2", **own},
            "secmaster": {"system": "secmaster", "auth": "huawei", "defaults": PLACE, **own},
            "waf": {
                "system": "waf",
                "auth": HUAWEI[waf] if waf else "huawei",
                "defaults": {"project_id": PLACE["project_id"]},
                **own,
            },
        }
        self.write({"connections": connections, "credentials": {"huawei": auth}})

    def write(self, document: Any) -> None:
        (self.folder / SETTINGS).write_text(json.dumps(document))

    def run(self, *words: str, ended: Sequence[int] = (0, 1, 2, 3)) -> str:
        """Run a command and return what it said, in which no canary is."""
        status = main(words)
        said = self._capsys.readouterr()
        text = said.out + said.err
        assert shown(text) == [], text
        assert INTERNAL not in text
        assert "Traceback" not in text
        assert status in ended, text
        self.statuses.append(status)
        return text

    def check(self) -> None:
        """Check the log and all files that were written."""
        assert [line for line in self.log.lines if shown(line)] == []
        assert [line for line in self.log.loud if "dbos" not in line.lower()] == []
        assert shown_in_files(self.folder, *THEIRS) == []


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Return a place where everything that any logger says is kept, and errors are shown whole."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("IOC_REMOVAL_DEBUG", "1")
    monkeypatch.delenv("IOC_REMOVAL_SETTINGS", raising=False)
    log, root = Log(), logging.getLogger()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    place = Place(tmp_path, log, capsys)
    yield place
    root.removeHandler(log)
    root.setLevel(before)
    place.check()


def told(request: Recorded) -> str:
    """Return all that a request says: its headers and its body."""
    return "\n".join(f"{name}: {value}" for name, value in request.headers.items()) + (
        "\n" + request.body.decode()
    )


def of_json(request: Recorded) -> Reply:
    said = told(request)
    row = {"id": said, "name": said, "status": said, "value": said, "policyid": said}
    again = dict(request.headers.items())
    whole = {
        **row, "error_code": said, "error_msg": said, "message": said, "request_id": said, **again,
        "token": {"expires_at": said, "project": {"id": said}},
        "error": {"code": said, "message": said}, "total": 1, "items": [row], said: said,
        "data": [{"id": said, "name": said, "data_object": {"value": said}}],
    }  # fmt: skip
    return reply(200, whole)


def of_rows(request: Recorded) -> Reply:
    said = [
        {"name": value, "status": value} for value in (*request.headers.values(), told(request))
    ]
    looked = {"object": "192.0.2.10", "result": told(request), "categories": [{"c": told(request)}]}
    return reply(200, [looked] if request.target.endswith("lookup") else said)


def of_deletion(request: Recorded) -> Reply:
    said = told(request)
    rows = [{"indicator": "192.0.2.10", "reason": said}, {"indicator": said, "reason": said}]
    return reply(202, [{"status": said, "error_indicators": rows}])


def of_refusal(request: Recorded) -> Reply:
    said = told(request)
    more = {name: value for name, value in request.headers.items() if value.isascii()}
    details = [{"error_msg": said, said: [said, {said: said}]}]
    body = {"error_msg": said, "error_code": said[:60], "details": details, **more,
            "encoded_authorization_message": said}  # fmt: skip
    return reply(403, body)


def of_text(request: Recorded) -> Reply:
    said = told(request)
    return Reply(500, body="\n".join([said, quote(said), escape(said), json.dumps(said)]).encode())


def of_headers(request: Recorded) -> Reply:
    """Answer with the credentials in the phrase, in headers, and in a line that is none."""
    lines = [value.replace("\n", " ") for value in request.headers.values()]
    head = [f"HTTP/1.1 404 {' '.join(lines)}", *(f"X-request-id: {line}" for line in lines)]
    head += [*(f"Set-Cookie: a={line}" for line in lines), *lines, "Content-Length: 0", "", ""]
    return Reply(raw="\r\n".join(head).encode("latin-1", "replace"))


def of_login(request: Recorded) -> Reply:
    """Give a token, and echo it to whoever uses it."""
    if request.target.startswith("/v3/auth/tokens"):
        document = {"token": {"expires_at": "2099-01-04T09:05:22Z", "project": {"id": "p"}}}
        return reply(201, document, headers={"X-Subject-Token": CANARIES["issued token"]})
    return of_json(request) if request.method == "GET" else of_refusal(request)


def of_wrong_login(request: Recorded) -> Reply:
    body = json.dumps({"error": {"message": told(request), "code": 401, "title": told(request)}})
    return Reply(401, body=body.encode())


ECHOES: Sequence[Callable[[Recorded], Reply]] = (
    of_json, of_rows, of_deletion, of_refusal, of_text, of_headers, of_login, of_wrong_login,
)  # fmt: skip


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


READS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cybertrace": ("cybertrace-suppliers-list", {}),
    "secmaster": ("secmaster-indicators-search", {**PLACE, "values": ["192.0.2.10"]}),
    "waf": ("waf-policies-list", {"project_id": "p"}),
}
REMOVALS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cybertrace": (
        "cybertrace-indicators-delete",
        {"supplier": "InternalTI", "indicators": ["192.0.2.10"]},
    ),
    "secmaster": ("secmaster-indicators-delete", {**PLACE, "batch_ids": ["id-1"]}),
    "waf": (
        "waf-ip-reputation-rule-delete",
        {"project_id": "p", "policy_id": "o", "rule_id": "r"},
    ),
}


def look(settings: Settings, name: str) -> None:
    """Call a system, and look at everything that is there then."""
    connection = Connection(name, settings, INTEGRATION.systems[name])
    for action, arguments in (READS[name], REMOVALS[name]):
        bound = INTEGRATION.bind(action, connection)
        finished: list[Finished] = []
        raised: BaseException | None = None
        try:
            finished += perform(bound, bound.prepare(arguments), NoRecord())
        except PluginError as error:
            raised = error
        assert shown_by(raised) == []
        assert shown_by_objects(settings, connection, bound, finished) == []
    connection.hang_up()


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


WRONG: Mapping[str, Callable[[Any, dict[str, Any]], Any]] = {
    "type": lambda own, auth: own.update(auth={**auth, "type": "aksk"}),
    "no type": lambda own, auth: own.update(auth={k: v for k, v in auth.items() if k != "type"}),
    "another key": lambda own, auth: own.update(auth={**auth, "pass_word": auth["password"]}),
    "a list": lambda own, auth: own.update(auth={**auth, "password": [auth["password"]]}),
    "an object": lambda own, auth: own.update(auth={**auth, "password": {"text": "cAnArY"}}),
    "a list of auth": lambda own, auth: own.update(auth=[auth]),
    "beside": lambda own, auth: own.update(password=auth["password"]),
    "in url": lambda own, auth: own.update(url=f"https://user:{auth['password']}@a.example"),
    "proxy": lambda own, auth: own.update(proxy=f"socks://user:{auth['password']}@a.example"),
    "in token": lambda own, auth: own.update(
        system="waf", auth={"type": "iam_token", "token": auth["password"] + "\n"}
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_settings_that_are_wrong(wrong: str, place: Place) -> None:
    own: dict[str, Any] = {"system": "cybertrace", "url": "https://cybertrace.example"}
    own["api_version"] = "1.2"
    WRONG[wrong](own, dict(BASIC))
    place.write({"connections": {"cybertrace": own}})
    place.run("test", ended=[2])
    place.run(*DELETE, *VALUES, "--json", ended=[2])
    with pytest.raises(PluginError) as refused:
        look(load_settings(), "cybertrace")
    assert shown_by(refused.value) == []


@pytest.mark.parametrize(
    "text",
    ["connections:\n  a: {auth: {password: cAnArY1\n", "connections: cAnArY1: x", "a: *cAnArY1",
     "a: !cAnArY1 x", 'a: "\\cAnArY1"', "a: @cAnArY1", "a: !!int cAnArY1", "cAnArY1", "- cAnArY1"],
)  # fmt: skip
def test_a_settings_file_that_cannot_be_read(text: str, place: Place) -> None:
    (place.folder / SETTINGS).write_text(text)
    place.run("test", ended=[2])
    with pytest.raises(PluginError) as refused:
        load_settings()
    assert shown_by(refused.value) == []


def test_secrets_of_files_the_environment_and_the_profile(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.folder / "password.txt").write_text(CANARIES["password"] + "\n")
    monkeypatch.setenv("TOKEN", CANARIES["token"])
    profile = place.folder / "profile"
    monkeypatch.setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", str(profile))
    secret = CANARIES["secret_key"].replace("%", "%%")
    profile.write_text(f"[basic]\nak = AKEXAMPLE\nsk = {secret}\nproject_id = p\n")
    with serving(by=of_refusal) as server:
        own = {"url": server.url, "total_timeout": 0.5}
        auth = {"type": "basic", "username": "user", "password": {"file": "password.txt"}}
        cybertrace = {"system": "cybertrace", "api_version": "1.2", "auth": auth, **own}
        token = {"type": "iam_token", "token": {"env": "TOKEN"}}
        waf = {"system": "waf", "auth": token, "defaults": {"project_id": "p"}, **own}
        secmaster = {"system": "secmaster", "defaults": PLACE, **own}
        connections = {"cybertrace": cybertrace, "secmaster": secmaster, "waf": waf}
        place.write({"connections": connections})
        for words in (*COMMANDS[:5:2], COMMANDS[7], COMMANDS[8]):
            place.run(*words)
        for name in connections:
            look(load_settings(), name)
        monkeypatch.setenv("IOC_REMOVAL_CYBERTRACE_PASSWORD", CANARIES["password"] + "x")
        monkeypatch.setenv("IOC_REMOVAL_WAF_TOKEN", CANARIES["token"] + "é")
        place.run("test")
        for text in ("[basic]\nak=a\nsk=%cAnArY", "sk=cAnArY", "[basic]\ncAnArY", "[cAnArY"):
            profile.write_text(text)
            place.run("test")
            place.run("call", "secmaster-indicators-delete", *IDS)


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
