"""What a person reads when settings are wrong: one line, which names the field or the place."""

import re
from pathlib import Path
from typing import Any

import pytest

from connecting import BASIC, CYBERTRACE, WAF, refusal
from ioc_removal.errors import SettingsError
from ioc_removal.settings import load_settings, settings_from


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
