"""Secrets of the settings may stand elsewhere, and no object, message or error shows them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connecting import BASIC, CYBERTRACE, INTEGRATION, WAF, opened, refusal
from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.loader import read
from ioc_removal.secret import Secret
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from recorded import reply, serving


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
