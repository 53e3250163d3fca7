"""A path value stays one segment; TLS, redirects and broken answers end in a plain error."""

from collections.abc import Mapping
from contextlib import suppress
from json import dumps
from string import Formatter
from threading import Event
from typing import Any
from urllib.parse import unquote

import pytest

from ioc_removal.connection import Connection
from ioc_removal.definition import ADDS
from ioc_removal.errors import ApiError, ArgumentError, SettingsError, TransportError
from ioc_removal.integration import load_integration
from ioc_removal.outcome import FAILED, REFUSED, REMOVED, UNKNOWN
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import Recorded, Reply, Server, reply, serving

ALONE = Terms(snapshot=False)  # what the action itself asks, and nothing before it
INTEGRATION = load_integration()
AUTH = {
    "cybertrace": {"type": "basic", "username": "user", "password": "password"},
    "secmaster": {"type": "iam_token", "token": "made-up-token"},
    "waf": {"type": "aksk", "access_key": "AKEXAMPLE", "secret_key": "made-up"},
}
ODD = (
    *("..", ".", "...", "a/b", "/a", "a/", "a//b", "%2e%2e", "%2E", "%2F", "%2f", "%5c", "%00"),
    *("", " ", "a b", "a\r\nHost: b", "a\nb", "a\x00b", "\x7f", "a\tb"),
    *("?x", "a?x=1", "#y", "a#y", ";", "a;b", "\\", "a\\..\\b", "..;", "a&b=c", "@", ":", "a:b@c"),
    *("%", "%%", "%25", "%252e", "%zz", "+", "~", "*", "'", '"', "<", "{project_id}", "{0}", "$"),
    *("😀", "é", "т", "\u202e", "\u2028", "\u2024", "\uff0e\uff0e", "\uff0f", "\ud800"),
    *("x" * 1024, "x" * 10_000, "😀" * 1024),
)
PLACES = [
    (name, argument)
    for name, definition in INTEGRATION.definitions.items()
    if definition.endpoint
    for _, argument, _, _ in Formatter().parse(definition.endpoint.path)
    if argument and argument in definition.schema.part["properties"]
]


def connection(system: str, address: str, **more: Any) -> Connection:
    own = {"system": system, "url": address, "auth": AUTH[system], **more}
    if system == "cybertrace":
        own.setdefault("api_version", "1.3")
    settings = settings_from({"connections": {system: own}}, "test")
    return Connection(system, settings, INTEGRATION.systems[system])


def test_there_are_path_values_to_try() -> None:
    assert {argument for _, argument in PLACES} == {
        *("supplier", "project_id", "workspace_id", "policy_id", "rule_id", "indicator_id")
    }


@pytest.mark.parametrize(("name", "argument"), PLACES)
def test_a_path_value_is_one_segment_or_refused(name: str, argument: str) -> None:
    definition = INTEGRATION.definition(name)
    assert definition.endpoint
    with serving(by=lambda _: reply(418, {})) as server:
        action = INTEGRATION.bind(name, connection(definition.system, server.url))
        example = definition.schema.part["examples"][0]
        usual = wire(action, example, server)
        where = usual.index(example[argument])
        for odd in ODD:
            segments = wire(action, {**example, argument: odd}, server)
            if segments is None:
                continue
            assert len(segments) == len(usual), odd
            assert unquote(segments[where], errors="surrogatepass") == odd
            assert segments[:where] == usual[:where]
            assert segments[where + 1 :] == usual[where + 1 :]


def wire(action: Any, arguments: Mapping[str, Any], server: Server) -> Any:
    """Perform an action; return the segments of the one target, None when it was refused."""
    server.requests.clear()
    refused = ""
    try:
        prepared = action.prepare(arguments)
    except ArgumentError as error:
        refused = str(error)
    if refused:
        assert "\n" not in refused
        assert len(refused) < 1000
        assert not server.requests
        return None
    with suppress(ApiError):
        list(perform(action, prepared, NoRecord(), terms=ALONE))
    definition = action.definition
    assert len(server.requests) == 1 or definition.does == ADDS  # which looks what is there before
    method = definition.endpoint.method
    request = [request for request in server.requests if request.method == method][-1]
    assert request.target.isascii()
    path = request.target.partition("?")[0]
    assert not {"", ".", ".."} & set(path.split("/")[1:])
    return path.split("/")


@pytest.mark.parametrize("odd", [*ODD, "Example Tenant"])
def test_a_tenant_is_one_segment_or_refused(odd: str) -> None:
    with serving(by=lambda _: reply(200, [])) as server:
        try:
            action = INTEGRATION.bind(
                "cybertrace-suppliers-list", connection("cybertrace", server.url, tenant=odd)
            )
        except (ArgumentError, SettingsError):
            return
        list(perform(action, action.prepare({}), NoRecord()))
    [request] = server.requests
    empty, api, version, tenant, rest = request.target.split("/")
    assert (empty, api, version, rest) == ("", "api", "1.3", "suppliers")
    assert unquote(tenant, errors="surrogatepass") == odd


def test_a_policy_to_look_into_is_one_segment_too() -> None:
    with serving(by=lambda _: reply(200, {"total": 0, "items": []})) as server:
        action = INTEGRATION.bind("waf-ip-reputation-rules-find", connection("waf", server.url))
        for odd in ODD:
            rules = [{"policy_id": odd, "rule_ids": ["r"]}]
            server.requests.clear()
            try:
                prepared = action.prepare({"project_id": "p", "rules": rules})
                list(perform(action, prepared, NoRecord()))
            except ArgumentError:
                assert not server.requests
            else:
                [request] = server.requests
                path = request.target.partition("?")[0].split("/")
                assert path[:5] == ["", "v1", "p", "waf", "policy"]
                assert path[6:] == ["ip-reputation"]


@pytest.mark.parametrize(
    "value", ["a b", "a&b=c", "#", "é", "😀", "%2F", "+", "a=b", "/", ";", "~"]
)
def test_a_query_value_stays_one_value(value: str) -> None:
    with serving(by=lambda _: reply(200, {"total": 0, "items": []})) as server:
        action = INTEGRATION.bind("waf-policies-list", connection("waf", server.url))
        arguments = {"project_id": "p", "enterprise_project_id": value}
        list(perform(action, action.prepare(arguments), NoRecord()))
    [request] = server.requests
    pairs = [pair.split("=") for pair in request.target.partition("?")[2].split("&")]
    assert [(name, unquote(text)) for name, text in pairs] == [
        ("enterprise_project_id", value),
        ("page", "1"),
        ("pagesize", "100"),
    ]


def removal(address: str, **more: Any) -> dict[str, Any]:
    """Delete one indicator and return the row of its outcome."""
    own = connection("cybertrace", address, **more)
    action = INTEGRATION.bind("cybertrace-indicators-delete", own)
    prepared = action.prepare({"supplier": "InternalTI", "indicators": ["192.0.2.1"]})
    [finished] = perform(action, prepared, NoRecord())
    [outcome] = finished.outcomes
    assert "\n" not in (outcome.reason or "")
    return outcome.row()


def test_no_answer_in_time_is_unknown_also_from_a_host_named_proxy() -> None:
    never = Event()
    with serving(by=lambda _: Reply(pause=never)) as server:
        address = server.url.replace("127.0.0.1", "localhost") + "/proxy/certificate"
        row = removal(address, read_timeout=0.1)
        never.set()
    assert row["outcome"] == UNKNOWN
    assert row["attempts"] == len(server.requests) == 2
    assert "no answer in time" in row["reason"]


def test_a_redirection_sends_nothing_elsewhere() -> None:
    with serving(reply(200, [])) as other:
        moved = Reply(307, "Moved", {"Location": f"{other.url}/api/1.3/suppliers"})
        with serving(moved) as server:
            assert removal(server.url)["outcome"] == UNKNOWN
    assert len(server.requests) == 1
    assert not other.requests


def test_an_address_that_cannot_be_used_got_nothing() -> None:
    row = removal("http://a..example")
    assert row["outcome"] == FAILED
    assert row["attempts"] == 1


def test_a_read_without_an_answer_raises() -> None:
    with serving(Reply(hang_up="close"), Reply(hang_up="close")) as server:
        action = INTEGRATION.bind("cybertrace-suppliers-list", connection("cybertrace", server.url))
        with pytest.raises(TransportError) as lost:
            list(perform(action, action.prepare({}), NoRecord()))
    assert lost.value.sent
    assert lost.value.attempts == 2


def deleted(_: Recorded) -> Reply:
    return reply(201, [{"status": "Deleted"}])


def test_a_refusal_is_kept_in_short_and_without_secrets() -> None:
    long = {"message": "made-up-token " + "x" * 1_000_000, "list": ["y" * 1000] * 1000}
    many = {f"field-{number}": number for number in range(1000)}
    headers = {"X-request-id": "made-up-token" + "z" * 1000}
    with serving(Reply(400, headers=headers, body=dumps({**long, **many}).encode())) as server:
        action = INTEGRATION.bind(
            "secmaster-indicators-delete", connection("secmaster", server.url)
        )
        arguments = {"project_id": "p", "workspace_id": "w", "batch_ids": ["a"]}
        [finished] = perform(action, action.prepare(arguments), NoRecord(), terms=ALONE)
    row = finished.outcomes[0].row()
    assert row["reason"].startswith("400: *** xxx")
    assert len(row["reason"]) == 300
    assert row["request_id"].startswith("***z")
    assert len(dumps(row)) < 5000
    assert "made-up-token" not in dumps(row)


def test_wrong_credentials_are_tried_once() -> None:
    auth = {"access_key": "AKEXAMPLE", "secret_key": "made-up", "type": "aksk"}
    with serving(by=lambda _: reply(401, {})) as server:
        own = connection("secmaster", server.url, auth=auth, limits={"items": 1, "in_flight": 8})
        action = INTEGRATION.bind("secmaster-indicators-delete", own)
        ids = [f"id-{number}" for number in range(30)]
        arguments = {"project_id": "p", "workspace_id": "w", "batch_ids": ids}
        finished = list(perform(action, action.prepare(arguments), NoRecord(), terms=ALONE))
    assert len(server.requests) == 1
    assert [o.outcome for f in finished for o in f.outcomes] == [FAILED, *[REFUSED] * 29]


def test_nothing_is_repeated_after_a_401() -> None:
    busy = Event()

    def answer(request: Recorded) -> Reply:
        batch = request.json["batch_ids"]
        if batch == ["id-1"]:
            return reply(401, {}, pause=busy)
        if batch == ["id-2"]:
            busy.set()
            return Reply(429, headers={"Retry-After": "1"})
        return reply(200, {"data": {"success_ids": batch, "error_ids": []}})

    with serving(by=answer) as server:
        own = connection("secmaster", server.url, limits={"items": 1, "in_flight": 2})
        action = INTEGRATION.bind("secmaster-indicators-delete", own)
        arguments = {"project_id": "p", "workspace_id": "w", "batch_ids": ["id-0", "id-1", "id-2"]}
        finished = list(perform(action, action.prepare(arguments), NoRecord(), terms=ALONE))
    assert [o.outcome for f in finished for o in f.outcomes] == [REMOVED, FAILED, FAILED]
    assert len(server.requests) == 3


@pytest.mark.parametrize(("retries", "most"), [(0, 1), (2, 3)])
def test_a_request_is_tried_again_as_often_as_the_settings_allow(retries: int, most: int) -> None:
    with serving(by=lambda _: reply(503, headers={"Retry-After": "0"})) as server:
        bound = INTEGRATION.bind(
            "cybertrace-indicators-delete",
            connection("cybertrace", server.url, retries=retries),
        )
        arguments = {"supplier": "InternalTI", "indicators": ["a.example"]}
        [finished] = perform(bound, bound.prepare(arguments), NoRecord(), terms=ALONE)
    assert [outcome.attempts for outcome in finished.outcomes] == [most]
    assert len(server.requests) == most


def test_a_lost_answer_is_not_asked_for_again_without_retries() -> None:
    with serving(by=lambda _: Reply(raw=b"")) as server:
        bound = INTEGRATION.bind(
            "cybertrace-indicators-delete", connection("cybertrace", server.url, retries=0)
        )
        arguments = {"supplier": "InternalTI", "indicators": ["a.example"]}
        [finished] = perform(bound, bound.prepare(arguments), NoRecord(), terms=ALONE)
    assert [outcome.outcome for outcome in finished.outcomes] == [UNKNOWN]
    assert len(server.requests) == 1
