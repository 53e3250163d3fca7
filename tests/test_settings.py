"""Settings: where they are found, which of them prevails, and where their connections lead."""

from pathlib import Path
from typing import Any

import pytest

from connecting import CYBERTRACE, INTEGRATION, WAF, opened
from ioc_removal.connection import Connection
from ioc_removal.errors import SettingsError
from ioc_removal.secret import Secret
from ioc_removal.settings import Settings, load_settings, settings_from
from ioc_removal.wire import Timeouts

FILE = """
connections:
  cybertrace:
    system: cybertrace
    url: https://{host}
    auth: {{type: basic, username: user, password: from-the-file}}
    api_version: "1.2"
"""


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
