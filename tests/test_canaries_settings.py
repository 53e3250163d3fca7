"""No secret is told when settings, or files that they name, are wrong or cannot be read."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from canaries import CANARIES, shown_by
from echoing import of_refusal
from ioc_removal.errors import PluginError
from ioc_removal.settings import load_settings
from recorded import serving
from secret_keeping import BASIC, COMMANDS, DELETE, IDS, PLACE, SETTINGS, VALUES, Place, look, place

__all__ = ["place"]
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
