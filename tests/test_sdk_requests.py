"""Huawei's official SDK and this plugin send the same requests."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import parse_qsl

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError
from ioc_removal.integration import load_integration
from ioc_removal.secret import Secret
from ioc_removal.settings import settings_from
from ioc_removal.signature import HuaweiSignature
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from official_sdk import (
    ACCESS_KEY,
    PROJECT,
    SECRET_KEY,
    TOKEN,
    WRITTEN,
    BasicCredentials,
    SdkRequest,
    asks_for_the_time,
    sdk_signature,
    secmaster,
    waf,
)
from recorded import Recorded, Server, reply, serving
from sdk_operations import PATHS, Pair, listed_policies

pytestmark = asks_for_the_time

ALONE = Terms(snapshot=False)  # what the action itself asks, and nothing before it
INTEGRATION = load_integration()
# Values of a path or a query that quoting, signing and the wire could each treat otherwise.
ODD = (
    "909494e3-558e-46b6-a9eb-07a8e18ca620",
    "a b~+é",
    "标签 🙂",
    "%41%zz",
    "a;b=c&d?e#f",
    "(*)!'@:,$",
    "...",
)
# What the plugin refuses, and the SDK sends.
NOT_A_SEGMENT = ("", "a/b", "..", ".", "a%2Fb", "a\\b", "a\nb")
each_operation = pytest.mark.parametrize("pair", [*PATHS, listed_policies])
each_key = pytest.mark.parametrize("token", [None, TOKEN], ids=["access key", "temporary key"])


@contextmanager
def answering(pair: Pair) -> Iterator[Server]:
    with serving(by=lambda request: reply(200, pair.answer(request.json))) as server:
        yield server


def sdk_sends(
    pair: Pair, server: Server, token: str | None, project: str | None = PROJECT
) -> Recorded:
    """Let the SDK do its part; return its request."""
    kind = secmaster.SecMasterClient if pair.action.startswith("secmaster") else waf.WafClient
    credentials = BasicCredentials(ACCESS_KEY, SECRET_KEY, project).with_security_token(token)
    client = kind.new_builder().with_credentials(credentials).with_endpoint(server.url).build()
    before = len(server.requests)
    with closing(client.get_http_client()):
        pair.sdk(client)
    [request] = server.requests[before:]
    return request


def plugin_sends(pair: Pair, server: Server, token: str | None) -> Recorded:
    """Let the plugin do its part; return its last request."""
    auth = {"type": "aksk", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    more = {"security_token": token} if token else {}
    system = pair.action.partition("-")[0]
    own = {"system": system, "url": server.url, "auth": {**auth, **more}}
    own["defaults"] = {"project_id": PROJECT}
    read = settings_from({"connections": {system: own}}, "test")
    connection = Connection(system, read, INTEGRATION.systems[system])
    action = INTEGRATION.bind(pair.action, connection)
    before = len(server.requests)
    list(perform(action, action.prepare(pair.arguments), NoRecord(), terms=ALONE))
    assert len(server.requests) - before == pair.requests
    return server.requests[-1]


def signed_headers(request: Recorded) -> dict[str, str]:
    names = re.search("SignedHeaders=([^,]*),", request.headers["Authorization"])
    assert names
    return {name: str(request.headers[name]) for name in names[1].split(";")}


def signed_by_plugin(request: Recorded, server: Server) -> str:
    """Sign the headers of a request again, as the plugin does."""
    sign = HuaweiSignature(ACCESS_KEY, Secret(SECRET_KEY))
    url = server.url + request.target
    return sign.authorization(request.method, url, signed_headers(request), request.body)


def signed_by_sdk(request: Recorded) -> str:
    """Sign the headers of a request again, as the SDK does."""
    path, _, query = request.target.partition("?")
    return sdk_signature(
        ACCESS_KEY,
        SECRET_KEY,
        SdkRequest(
            method=request.method,
            resource_path=path,
            query_params=parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)),
            header_params=signed_headers(request),
            body=request.body,
        ),
    )


def test_what_the_sdk_writes_at_import_is_not_in_the_home_of_the_user() -> None:
    assert WRITTEN == [".huaweicloud/application_id"]


@each_key
@pytest.mark.parametrize("odd", ODD)
@each_operation
def test_both_send_the_same_request(
    pair: Callable[[str], Pair], odd: str, token: str | None
) -> None:
    operation = pair(odd)
    with answering(operation) as server:
        theirs = sdk_sends(operation, server, token)
        ours = plugin_sends(operation, server, token)
        assert (ours.method, ours.target, ours.json) == (theirs.method, theirs.target, theirs.json)
        for name in ("Host", "X-Project-Id", "X-Security-Token"):
            assert ours.headers.get_all(name) == theirs.headers.get_all(name)
        # The one difference: the documents write a charset, and the plugin sends it.
        assert theirs.headers["Content-Type"] == "application/json"
        assert re.fullmatch("application/json;charset=(UTF-8|utf8)", ours.headers["Content-Type"])
        assert signed_headers(theirs).keys() == {*signed_headers(ours), "user-agent"}
        for request in (ours, theirs):
            assert signed_by_plugin(request, server) == request.headers["Authorization"]
            assert signed_by_sdk(request) == request.headers["Authorization"]


@pytest.mark.parametrize("odd", NOT_A_SEGMENT)
@pytest.mark.parametrize("pair", PATHS)
def test_what_would_be_another_path_is_sent_by_the_sdk_alone(
    pair: Callable[[str], Pair], odd: str
) -> None:
    operation = pair(odd)
    with answering(operation) as server:
        with pytest.raises(ArgumentError):
            plugin_sends(operation, server, None)
        assert not server.requests
        theirs = sdk_sends(operation, server, None)
    if odd in {"", ".", ".."}:  # resolved away: the request reaches another resource
        usual = pair("name")
        with answering(usual) as server:
            assert len(segments(theirs)) < len(segments(sdk_sends(usual, server, None)))


def segments(request: Recorded) -> list[str]:
    return [part for part in request.target.partition("?")[0].split("/") if part]


@each_operation
def test_a_missing_project_is_sent_by_the_sdk_alone(pair: Callable[[str], Pair]) -> None:
    operation = pair("name")
    with answering(operation) as server:
        theirs = sdk_sends(operation, server, None, project=None)
    assert theirs.target.startswith("/v1/%7Bproject_id%7D/")
    action = INTEGRATION.definition(operation.action)
    assert [*action.schema.problems(operation.arguments)] == ["'project_id' is missing"]
