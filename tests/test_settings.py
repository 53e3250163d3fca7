"""Settings: where they are found, which prevails, and what a person reads when they are wrong."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError, SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.secret import Secret
from ioc_removal.settings import Settings, load_settings, settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.wire import Timeouts
from recorded import reply, serving

INTEGRATION = load_integration()
BASIC = {"type": "basic", "username": "user", "password": "password"}
CYBERTRACE = {
    "system": "cybertrace",
    "url": "https://cybertrace.example.com",
    "auth": BASIC,
    "api_version": "1.2",
}
WAF = {"system": "waf", "region": "eu-west-101", "auth": {"type": "iam_token", "token": "t"}}
FILE = """
connections:
  cybertrace:
    system: cybertrace
    url: https://{host}
    auth: {{type: basic, username: user, password: from-the-file}}
    api_version: "1.2"
"""


def opened(own: Mapping[str, Any], **more: Any) -> Connection:
    settings = settings_from({"connections": {"one": {**own, **more}}}, "settings.yml")
    return Connection("one", settings, INTEGRATION.systems[own["system"]])


def refusal(own: Mapping[str, Any], **more: Any) -> str:
    """Return the one line that a person reads."""
    with pytest.raises(SettingsError) as refused:
        opened(own, **more)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# Where settings are found


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    (home / ".config" / "ioc-removal").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path / "work")
    return home


def host_of(settings: Settings) -> str:
    return str(settings.connections["cybertrace"]["url"])


def test_the_first_place_wins(home: Path) -> None:
    assert load_settings(environment={}).connections == {}
    (home / ".config/ioc-removal/settings.yml").write_text(FILE.format(host="home.example"))
    assert host_of(load_settings(environment={})) == "https://home.example"
    Path("ioc-removal.yml").write_text(FILE.format(host="here.example"))
    assert host_of(load_settings(environment={})) == "https://here.example"
    (home / "named.yml").write_text(FILE.format(host="named.example"))
    environment = {"IOC_REMOVAL_SETTINGS": "~/named.yml"}
    assert host_of(load_settings(environment=environment)) == "https://named.example"
    (home / "asked.yml").write_text(FILE.format(host="asked.example"))
    asked = load_settings(str(home / "asked.yml"), environment)
    assert host_of(asked) == "https://asked.example"
    assert asked.source == str(home / "asked.yml")


def test_the_environment_prevails_over_the_file(home: Path) -> None:
    (home / "a.yml").write_text(FILE.format(host="file.example"))
    environment = {
        "IOC_REMOVAL_CYBERTRACE_URL": "https://environment.example",
        "IOC_REMOVAL_CYBERTRACE_PASSWORD": "from-the-environment",
        "IOC_REMOVAL_CYBERTRACE_ITEMS": "7",
        "IOC_REMOVAL_CYBERTRACE_PER_SECOND": "0.5",
        "IOC_REMOVAL_CYBERTRACE_SUPPLIER": "InternalTI",
        "IOC_REMOVAL_CYBERTRACE_VERIFY": "false",
        "IOC_REMOVAL_STORE": "elsewhere.db",
        "UNRELATED": "1",
    }
    own = load_settings(str(home / "a.yml"), environment).connections["cybertrace"]
    assert own["url"] == "https://environment.example"
    assert own["auth"]["username"] == "user"
    assert own["auth"]["password"].reveal() == "from-the-environment"
    assert own["limits"] == {"items": 7, "per_second": 0.5}
    assert own["defaults"] == {"supplier": "InternalTI"}
    assert own["verify"] is False


@pytest.mark.parametrize(
    ("system", "variables", "kind"),
    [
        (
            "cybertrace",
            {"URL": "U", "API_VERSION": "1.3", "USERNAME": "u", "PASSWORD": "p"},
            "basic",
        ),
        ("secmaster", {"REGION": "eu-west-101", "TOKEN": "t"}, "iam_token"),
        ("waf", {"URL": "U", "ACCESS_KEY": "a", "SECRET_KEY": "s", "SECURITY_TOKEN": "t"}, "aksk"),
        (
            "cybertrace",
            {"URL": "U", "API_VERSION": "1.3", "USERNAME": "u", "PASSWORD": "p"}
            | {"AUTH_TYPE": "basic", "TOTAL_TIMEOUT": "7.5"},
            "basic",
        ),
    ],
)
def test_the_environment_alone_defines_a_connection(
    home: Path, system: str, variables: dict[str, str], kind: str
) -> None:
    assert home
    texts = {name: text.replace("U", "https://system.example") for name, text in variables.items()}
    environment = {f"IOC_REMOVAL_{system.upper()}_{n}": text for n, text in texts.items()}
    settings = load_settings(environment=environment)
    assert settings.pick(system) == system
    assert settings.connections[system]["auth"]["type"] == kind
    assert Connection(system, settings, INTEGRATION.systems[system]).wire.address


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AUTH_TYPE": "iam_token", "TOKEN": "t"}, {"type": "iam_token"}),
        ({"AUTH": "other"}, {"type": "aksk", "access_key": "b"}),
        ({"AUTH": "other", "ACCESS_KEY": "c"}, {"type": "aksk", "access_key": "c"}),
        ({"ACCESS_KEY": "c"}, {"type": "aksk", "access_key": "c"}),
        (
            {"AUTH_TYPE": "iam_password", "USERNAME": "u", "PASSWORD": "p", "DOMAIN": "d"}
            | {"PROJECT": "n", "TOKEN_CACHE": "false", "IAM_URL": "https://iam.example"},
            {"type": "iam_password", "username": "u", "domain": "d", "project": "n"}
            | {"token_cache": False, "iam_url": "https://iam.example"},
        ),
    ],
)
def test_credentials_of_another_type_replace_those_of_the_file(
    variables: dict[str, str], told: dict[str, Any]
) -> None:
    aksk = {"type": "aksk", "access_key": "a", "secret_key": "s"}
    document = {
        "connections": {"waf": {**WAF, "auth": "huawei"}},
        "credentials": {"huawei": aksk, "other": {**aksk, "access_key": "b"}},
    }
    environment = {f"IOC_REMOVAL_WAF_{name}": text for name, text in variables.items()}
    auth = settings_from(document, "settings.yml", environment).connections["waf"]["auth"]
    shown = {key: value for key, value in auth.items() if not isinstance(value, Secret)}
    assert shown == told


@pytest.mark.parametrize(
    ("own", "variables", "type_", "scope"),
    [
        ({}, {}, "iam_password", {"project": "eu-west-101"}),
        ({}, {"DOMAIN": "d"}, "iam_password", {"project": "eu-west-101"}),
        ({}, {"PROJECT": "n"}, "iam_password", {"project": "n"}),
        ({}, {"PROJECT_ID": "p"}, "iam_password", {"project_id": "p"}),
        ({"auth": {"project_id": "p"}}, {"PROJECT": "n"}, "iam_password", {"project": "n"}),
    ],
)
def test_a_user_of_huawei_is_one_of_iam(
    own: dict[str, Any], variables: dict[str, str], type_: str, scope: dict[str, str]
) -> None:
    own = {"system": "waf", "region": "eu-west-101", **own}
    given = {"USERNAME": "u", "PASSWORD": "p", **variables}
    environment = {f"IOC_REMOVAL_WAF_{name}": text for name, text in given.items()}
    found = settings_from({"connections": {"waf": own}}, "settings.yml", environment)
    auth = found.connections["waf"]["auth"]
    assert auth["type"] == type_
    assert {key: auth[key] for key in auth.keys() & {"project", "project_id"}} == scope


def test_where_credentials_came_from() -> None:
    aksk = {"type": "aksk", "access_key": "a", "secret_key": "s"}
    document = {
        "connections": {"waf": {**WAF, "auth": "huawei"}, "own": WAF},
        "credentials": {"huawei": aksk},
    }

    def told(name: str, **environment: str) -> str:
        settings = settings_from(document, "settings.yml", environment)
        return str(settings.connections[name]["auth_from"])

    assert told("waf") == "credentials.huawei of settings.yml"
    assert told("own") == "connections.own.auth of settings.yml"
    assert told("own", IOC_REMOVAL_WAF_SECRET_KEY="x") == "connections.own.auth of settings.yml"
    assert told("waf", IOC_REMOVAL_WAF_SECRET_KEY="x") == (
        "IOC_REMOVAL_WAF_SECRET_KEY over credentials.huawei of settings.yml"
    )
    variables = {"IOC_REMOVAL_WAF_AUTH_TYPE": "iam_token", "IOC_REMOVAL_WAF_TOKEN": "t"}
    assert told("waf", **variables) == "IOC_REMOVAL_WAF_AUTH_TYPE and IOC_REMOVAL_WAF_TOKEN"


def test_nodes_and_url_replace_each_other() -> None:
    nodes = ["https://a.example", "https://b.example"]
    document = {"connections": {"cybertrace": CYBERTRACE}}
    name = "IOC_REMOVAL_CYBERTRACE_"
    listed = {f"{name}NODES": "https://a.example, https://b.example"}
    own = settings_from(document, "settings.yml", listed).connections["cybertrace"]
    assert (own["nodes"], "url" in own) == (nodes, False)
    own = {key: value for key, value in CYBERTRACE.items() if key != "url"}
    document = {"connections": {"cybertrace": {**own, "nodes": nodes}}}
    address = {f"{name}URL": "https://c.example"}
    own = settings_from(document, "settings.yml", address).connections["cybertrace"]
    assert (own["url"], "nodes" in own) == ("https://c.example", False)
    with pytest.raises(SettingsError, match=f"{name}.* and {name}.* exclude each other"):
        settings_from(document, "settings.yml", {**listed, **address})


def test_a_variable_belongs_to_the_longest_name() -> None:
    document = {"connections": {"waf": WAF, "waf-two": WAF, "waf_three": WAF}}
    environment = {
        "IOC_REMOVAL_WAF_TWO_REGION": "two",
        "IOC_REMOVAL_WAF_THREE_REGION": "three",
        "IOC_REMOVAL_WAF_REGION": "one",
    }
    found = settings_from(document, "settings.yml", environment).connections
    assert {name: own["region"] for name, own in found.items()} == {
        "waf": "one",
        "waf-two": "two",
        "waf_three": "three",
    }


def test_the_environment_prevails_over_shared_credentials() -> None:
    aksk = {"type": "aksk", "access_key": "a", "secret_key": "shared"}
    connections = {name: {**WAF, "auth": "huawei"} for name in ("waf", "other")}
    document = {"connections": connections, "credentials": {"huawei": aksk}}
    environment = {"IOC_REMOVAL_WAF_SECRET_KEY": "own"}
    found = settings_from(document, "settings.yml", environment).connections
    assert found["waf"]["auth"]["secret_key"].reveal() == "own"
    assert found["waf"]["auth"]["access_key"] == "a"
    assert found["other"]["auth"]["secret_key"].reveal() == "shared"
    assert connections["waf"]["auth"] == "huawei"  # what was given stays as it was


def test_which_connection_is_meant() -> None:
    document = {"connections": {"a": CYBERTRACE, "b": CYBERTRACE, "waf": WAF}}
    settings = settings_from(document, "settings.yml")
    assert settings.pick("waf") == "waf"
    assert settings.pick("cybertrace", "b") == "b"
    with pytest.raises(SettingsError, match=r"several .*--connection cybertrace=NAME \(a, b\)"):
        settings.pick("cybertrace")
    with pytest.raises(SettingsError, match=r"no cybertrace connection 'waf' \(there is: a, b\)"):
        settings.pick("cybertrace", "waf")
    with pytest.raises(SettingsError, match=r"set IOC_REMOVAL_SECMASTER_URL .* settings\.yml"):
        settings.pick("secmaster")


# Where a connection leads


def test_addresses_and_limits() -> None:
    cybertrace = opened(CYBERTRACE, url="https://cybertrace.example.com:8443/")
    assert cybertrace.wire.address == "https://cybertrace.example.com:8443/api/1.2"
    assert cybertrace.in_flight == 1
    assert cybertrace.wire.timeouts == Timeouts(10, 120, 300)
    tenant = opened(CYBERTRACE, api_version="1.3", tenant="A B")
    assert tenant.wire.address == "https://cybertrace.example.com/api/1.3/A%20B"
    waf = opened(WAF, limits={"in_flight": 9}, connect_timeout=1, read_timeout=2.5)
    assert waf.wire.address == "https://waf.eu-west-101.myhuaweicloud.com"
    assert (waf.in_flight, waf.wire.timeouts) == (9, Timeouts(1, 2.5, 300))
    assert opened(WAF).in_flight == 4
    assert opened(WAF, url="https://waf.example").wire.address == "https://waf.example"


def test_plain_text_on_the_way_is_said_aloud() -> None:
    assert not opened(CYBERTRACE).warnings
    assert not opened(CYBERTRACE, url="http://127.0.0.1:8080").warnings
    [warning] = opened(CYBERTRACE, url="http://cybertrace.example.com").warnings
    assert "not encrypted" in warning
    [warning] = opened(CYBERTRACE, verify=False).warnings
    assert "not verified" in warning


# What a person reads


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (
            "url",
            (
                "url or nodes is missing",
                "connections.one.url in settings.yml",
                "IOC_REMOVAL_ONE_URL",
            ),
        ),
        ("auth", ("auth is missing", "connections.one.auth in settings.yml")),
    ],
)
def test_what_is_missing_is_named_with_its_places(missing: str, told: tuple[str, ...]) -> None:
    own = {key: value for key, value in CYBERTRACE.items() if key != missing}
    message = refusal(own)
    assert all(part in message for part in told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"urll": "https://x"}, "'urll'"),
        ({"url": "cybertrace.example.com"}, "connections.one.url: must look like https://HOST"),
        ({"url": "https://user@cybertrace.example.com"}, "without user, query or fragment"),
        ({"api_version": 1.2}, 'the texts "1.0", "1.1", "1.2", "1.3" (in quotes)'),
        ({"api_version": "2.0"}, "connections.one.api_version: must be one of"),
        ({"tenant": "General"}, "connection one: tenant needs api_version 1.3"),
        ({"auth": "shared"}, "connections.one.auth: there is no entry 'shared' in credentials"),
        ({"auth": {**BASIC, "username": "a:b"}}, "cannot be empty or hold a colon"),
        ({"auth": {**BASIC, "username": ""}}, "cannot be empty or hold a colon"),
        ({"auth": {"type": "basic", "username": "u"}}, "auth.password is missing"),
        ({"auth": {"type": "basic", "username": "u"}}, "IOC_REMOVAL_ONE_PASSWORD"),
        ({"auth": {"type": "iam_token", "token": "t"}}, "Kaspersky CyberTrace takes basic"),
        ({"auth": {**BASIC, "token": "t"}}, "auth.token does not go with basic"),
        ({"auth": {"type": "ntlm"}}, "connections.one.auth.type: must be basic, aksk, iam_token"),
        ({"auth": {**BASIC, "user": "u"}}, "connections.one.auth"),
        ({"limits": {"items": 0}}, "connections.one.limits.items"),
        ({"limits": {"bytes": 67108865}}, "connections.one.limits.bytes"),
        ({"limits": {"in_flight": True}}, "connections.one.limits.in_flight"),
        ({"defaults": {"suplier": "x"}}, "'suplier'"),
        ({"fingerprint": "12:34"}, "connections.one.fingerprint"),
        ({"nodes": ["https://a.example"]}, "must be a list of two or more different addresses"),
        ({"nodes": ["https://a.example"] * 2}, "must be a list of two or more different addresses"),
        ({"nodes": ["https://a.example", "b"]}, "connections.one.nodes[1]: must look like https"),
        ({"total_timeout": 0}, "connections.one.total_timeout"),
        ({"proxy": "proxy.example"}, "connections.one.proxy: must look like http://HOST:PORT"),
        ({"read_timeout": 0}, "connections.one.read_timeout"),
        ({"verify": "no"}, "connections.one.verify: 'no' is not of type boolean"),
        ({"system": "splunk"}, "connections.one.system: 'splunk' is not one of cybertrace"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_field(more: dict[str, Any], told: str) -> None:
    if more.get("system"):
        with pytest.raises(SettingsError) as refused:
            settings_from({"connections": {"one": {**CYBERTRACE, **more}}}, "settings.yml")
        message = str(refused.value)
    else:
        message = refusal(CYBERTRACE, **more)
    assert told in message
    assert message.startswith(("settings.yml: connections.one", "connection one: "))


IAM = {"type": "iam_password", "username": "u", "password": "p", "domain": "d"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"token_cache": True}, "auth.token_cache: must be the path of a file, or false"),
        ({"token_cache": ""}, "auth.token_cache: must be the path of a file, or false"),
        ({"iam_url": "iam.example"}, "auth.iam_url: must look like https://HOST"),
        ({"domain": ""}, "connections.one.auth.domain: must not be empty"),
        ({"domain": None}, "auth.domain is missing"),
        ({"password": None}, "IOC_REMOVAL_ONE_PASSWORD"),
        ({"token": "t"}, "auth.token does not go with iam_password"),
        ({"project": "n", "project_id": "p"}, "auth.project and auth.project_id exclude each"),
    ],
)
def test_what_an_iam_user_needs(more: dict[str, Any], told: str) -> None:
    auth = {key: value for key, value in {**IAM, **more}.items() if value is not None}
    assert told in refusal({**WAF, "auth": auth})
    own = {"system": "waf", "url": "https://waf.example", "auth": IAM}
    assert "auth.project, or region, is missing" in refusal(own)
    assert "takes basic" in refusal({**CYBERTRACE, "auth": IAM})


@pytest.mark.parametrize("key", ["access_key", "security_token", "token"])
@pytest.mark.parametrize("text", ["made\nup", "made\rup", "секрет", "made\x00up"])
def test_what_no_header_can_carry_is_refused(key: str, text: str) -> None:
    auth = {"type": "aksk", "access_key": "a", "secret_key": "s"}
    if key == "token":
        auth = {"type": "iam_token"}
    message = refusal(WAF, auth={**auth, key: text})
    assert message == f"connection one: auth.{key} holds what no header can carry"


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"IOC_REMOVAL_CYBERTRACE_URLL": "x"}, "IOC_REMOVAL_CYBERTRACE_URLL: there is no setting"),
        ({"IOC_REMOVAL_SPLUNK_URL": "x"}, "IOC_REMOVAL_SPLUNK_URL: there is no such connection"),
        ({"IOC_REMOVAL_WAF_ITEMS": "ten"}, "IOC_REMOVAL_WAF_ITEMS: 'ten' is not of type integer"),
        ({"IOC_REMOVAL_WAF_VERIFY": "no"}, "IOC_REMOVAL_WAF_VERIFY: 'no' is not of type boolean"),
        ({"IOC_REMOVAL_WAF_PER_SECOND": "x"}, "is not of type number"),
        ({"IOC_REMOVAL_WAF_TYPE": "aksk"}, "there is no setting 'type'"),
    ],
)
def test_a_wrong_variable_is_named(environment: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({}, "settings.yml", environment)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "document",
    [
        [],
        "text",
        7,
        {"connections": []},
        {"connections": None},
        {"connections": {"one": None}},
        {"connections": {"one": []}},
        {"connections": {1: CYBERTRACE}},
        {"connections": {True: CYBERTRACE}},
        {"connections": {"One": CYBERTRACE}},
        {"connections": {"one": {**CYBERTRACE, "limits": None}}},
        {"connections": {"one": {**CYBERTRACE, "auth": None}}},
        {"connections": {"one": {**CYBERTRACE, "auth": ["a"]}}},
        {"connections": {"one": CYBERTRACE}, "credentials": None},
        {"connections": {"one": CYBERTRACE}, "credentials": {"c": {"password": "p"}}},
        {"conections": {}},
    ],
)
def test_a_wrong_document_is_refused_in_one_line(document: Any) -> None:
    for environment in ({}, {"IOC_REMOVAL_ONE_ITEMS": "7"}, {"IOC_REMOVAL_WAF_TOKEN": "t"}):
        try:
            settings_from(document, "settings.yml", environment)
        except SettingsError as error:
            message = str(error)
        else:
            # The environment may give what the file left empty.
            message = ""
            assert environment == {"IOC_REMOVAL_ONE_ITEMS": "7"}
            assert document["connections"]["one"]["limits"] is None
        assert "\n" not in message


@pytest.mark.parametrize("text", ["connections: [", "a: b: c", "\x00", "!!python/object:os.x {}"])
def test_a_file_that_is_no_yaml(text: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_settings(str(file), {})
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "truth"), [("off", "false"), ("On", "true"), ("yes", "true"), ("NO", "false")]
)
def test_a_key_that_is_no_text_is_named_as_it_is_written(
    key: str, truth: str, tmp_path: Path
) -> None:
    file = tmp_path / "settings.yml"
    file.write_text(f"guards:\n  {key}: [private]\n")
    said = f"{file}: line 2: the key {key}: YAML reads it as {truth}; put it in quotes to mean the"
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings(str(file), {})
    file.write_text("guards: {!!bool hidden: 1}")
    with pytest.raises(SettingsError) as refused:
        load_settings(str(file), {})
    assert "hidden" not in str(refused.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes(b"connections: {\xe9: 1}")
    for name, why in (("missing.yml", "No such file"), (".", "directory"), ("latin.yml", "UTF-8")):
        with pytest.raises(SettingsError, match=f"cannot read the settings .*{why}"):
            load_settings(str(tmp_path / name), {})


# Secrets


def test_a_secret_may_stand_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("pass:wörd \r\n", encoding="utf-8")
    for place in ({"file": str(file)}, {"env": "PLACE"}):
        document = {"connections": {"one": {**CYBERTRACE, "auth": {**BASIC, "password": place}}}}
        settings = settings_from(document, "settings.yml", {"PLACE": "pass:wörd "})
        assert settings.connections["one"]["auth"]["password"].reveal() == "pass:wörd "


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for place, told in (
        ({"env": "NOT_SET_ANYWHERE"}, "the environment has no NOT_SET_ANYWHERE"),
        ({"file": str(tmp_path / "none")}, "cannot read"),
        ({"file": str(empty)}, "is empty"),
        ({"vault": "x"}, "a secret is a text, {env: NAME} or {file: PATH}"),
        (7, "auth.password: a secret is a text, {env: NAME} or {file: PATH}"),
    ):
        message = refusal(CYBERTRACE, auth={**BASIC, "password": place})
        assert "connections.one.auth" in message
        assert told in message


def test_basic_is_sent_in_utf_8() -> None:
    with serving(reply(200, [])) as server:
        auth = {"type": "basic", "username": "Ünal", "password": "pass:wörd"}
        connection = opened(CYBERTRACE, url=server.url, auth=auth)
        action = INTEGRATION.bind("cybertrace-suppliers-list", connection)
        list(perform(action, action.prepare({}), NoRecord()))
    [request] = server.requests
    assert request.headers["Authorization"] == "Basic w5xuYWw6cGFzczp3w7ZyZA=="


HIDDEN = "s3cret-that-nobody-sees"
AUTHS: tuple[dict[str, Any], ...] = (
    {"type": "basic", "username": "u", "password": HIDDEN},
    {"type": "iam_token", "token": HIDDEN},
    {"type": "iam_password", "username": "u", "password": HIDDEN, "domain": "d"},
    {"type": "aksk", "access_key": "a", "secret_key": HIDDEN, "security_token": HIDDEN},
)


@pytest.mark.parametrize("auth", AUTHS, ids=[auth["type"] for auth in AUTHS])
def test_no_object_shows_a_secret(auth: dict[str, Any]) -> None:
    own = CYBERTRACE if auth["type"] == "basic" else WAF
    connection = opened(own, auth=auth)
    shown = [repr(thing) + str(thing) for thing in reachable(connection, set())]
    assert len(shown) > 50
    assert not [text for text in shown if HIDDEN in text]


def reachable(thing: object, seen: set[int]) -> Iterator[object]:
    """Walk what an object holds; a Secret shows itself and hides what it holds."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    yield thing
    if isinstance(thing, Secret | str | bytes):
        return
    held: list[object] = []
    if isinstance(thing, dict):
        held = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        held = [*thing]
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        held = [*vars(thing).values()]
    for inner in held:
        yield from reachable(inner, seen)


@pytest.mark.parametrize("auth", AUTHS, ids=[auth["type"] for auth in AUTHS])
def test_no_message_shows_a_secret(auth: dict[str, Any]) -> None:
    """A slip anywhere in the settings is told without what stands beside it."""
    own = {**(CYBERTRACE if auth["type"] == "basic" else WAF), "auth": auth}
    messages: list[str] = []
    slip: Any
    for key in (*read("schemas/settings.json")["$defs"]["connection"]["properties"], "unknown"):
        for slip in ([], {}, 7, "", None, True, "\n", {"type": "basic", "password": [HIDDEN]}):
            messages += refusals({**own, key: slip})
    for key in (*auth, "unknown"):
        for slip in ([HIDDEN], {"env": HIDDEN, "file": HIDDEN}, 7, "", None, True, {"x": HIDDEN}):
            messages += refusals({**own, "auth": {**auth, key: slip}})
            messages += refusals({**own, "auth": {k: v for k, v in auth.items() if k != key}})
    for document in ({"connections": {"one": {"system": "waf"}}, "credentials": {"c": auth}},):
        for key in (*auth, "unknown"):
            for slip in ([HIDDEN], {"x": HIDDEN}, 7):
                wrong = {**document, "credentials": {"c": {**auth, key: slip}}}
                messages += refusals(wrong, whole=True)
    assert len(messages) > 100
    assert not [message for message in messages if HIDDEN in message or "\n" in message]


def refusals(document: dict[str, Any], *, whole: bool = False) -> list[str]:
    try:
        if whole:
            settings_from(document, "settings.yml")
        else:
            settings = settings_from({"connections": {"one": document}}, "settings.yml")
            Connection("one", settings, INTEGRATION.systems[document["system"]])
    except PluginError as error:
        return [str(error)]
    return []


def test_no_error_of_a_call_shows_a_secret() -> None:
    for answer in (reply(401, {"error_msg": "no"}), reply(302), reply(200, "x")):
        with serving(answer) as server:
            auth = {"type": "iam_token", "token": HIDDEN}
            connection = opened(WAF, url=server.url, auth=auth)
            action = INTEGRATION.bind("waf-policies-list", connection)
            with pytest.raises(PluginError) as refused:
                list(perform(action, action.prepare({"project_id": "p"}), NoRecord()))
        error: BaseException | None = refused.value
        while error is not None:
            assert HIDDEN not in repr(error) + str(error) + repr(vars(error))
            error = error.__cause__ or error.__context__
