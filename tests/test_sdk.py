"""Huawei's official SDK and this plugin send the same requests, and sign them alike."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests import Request

from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError
from ioc_removal.integration import load_integration
from ioc_removal.secret import Secret
from ioc_removal.settings import settings_from
from ioc_removal.signature import HuaweiSignature
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import Recorded, Server, reply, serving

# At import the SDK writes a lasting id of the machine below HOME; that of the user stays clean.
with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patched:
    patched.setenv("HOME", home)
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer
    from huaweicloudsdksecmaster import v1 as secmaster
    from huaweicloudsdkwaf import v1 as waf

    WRITTEN = [str(path.relative_to(home)) for path in Path(home).rglob("*") if path.is_file()]

# The SDK asks for the time in a way that Python 3.12 discourages.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:datetime\.datetime\.utcnow:DeprecationWarning:huaweicloudsdkcore"
)

ALONE = Terms(snapshot=False)  # what the action itself asks, and nothing before it
INTEGRATION = load_integration()
ACCESS_KEY, SECRET_KEY, TOKEN = "AKEXAMPLE00000000000", "SKexample/+=", "made-up+token/=="
PROJECT = "0123456789abcdef0123456789abcdef"
POLICY, RULE = "6d392034d94c4e8a95a78c98127453b6", "11842c5779204842bfe51c3e8b7981ca"
INDICATOR = "909494e3-558e-46b6-a9eb-07a8e18ca62f"
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


@dataclass(frozen=True)
class Pair:
    """One operation of both: what each is given, and what the server answers to a body of both.

    requests: of the plugin, whose last one is the SDK's.
    """

    action: str
    arguments: Mapping[str, Any]
    sdk: Callable[[Any], object]
    answer: Callable[[Any], Mapping[str, Any]]
    requests: int = 1


def deleted_indicators(odd: str) -> Pair:
    ids = [INDICATOR, odd]
    body = secmaster.DeleteIndicatorRequestBody(batch_ids=ids)
    return Pair(
        "secmaster-indicators-delete",
        {"workspace_id": odd, "batch_ids": ids},
        lambda sdk: sdk.delete_indicator(secmaster.DeleteIndicatorRequest(None, odd, body)),
        lambda _: {"code": "00000000", "data": {"success_ids": ids, "error_ids": []}},
    )


def checked_indicators(odd: str) -> Pair:
    # The plugin pages with the documented limits; the SDK's caller gives them.
    body = secmaster.IndicatorListSearchRequest(ids=[odd], offset=0, limit=100)
    return Pair(
        "secmaster-indicators-search",
        {"workspace_id": odd, "ids": [odd]},
        lambda sdk: sdk.list_indicators(secmaster.ListIndicatorsRequest(None, odd, body)),
        lambda _: {"total": 1, "data": [{"id": odd}]},
    )


def searched_indicators(odd: str) -> Pair:
    # The plugin makes the condition of a value, after a page and a search that prove it works.
    value = "192.0.2.1"
    item = secmaster.DataobjectSearchConditionConditions("value", ["value", "=", value])
    condition = secmaster.DataobjectSearchCondition([item], ["value"])
    body = secmaster.IndicatorListSearchRequest(condition=condition, offset=0, limit=100)
    return Pair(
        "secmaster-indicators-search",
        {"workspace_id": odd, "values": [value]},
        lambda sdk: sdk.list_indicators(secmaster.ListIndicatorsRequest(None, odd, body)),
        lambda body: {
            "total": 1 if "condition" in body else 300,
            "data": [{"id": INDICATOR, "data_object": {"value": value}}],
        },
        requests=3,
    )


def got_indicator(odd: str) -> Pair:
    request = secmaster.ShowIndicatorDetailRequest(None, "w", odd)
    return Pair(
        "secmaster-indicator-get",
        {"workspace_id": "w", "indicator_id": odd},
        lambda sdk: sdk.show_indicator_detail(request),
        lambda _: {"code": 0, "data": {"id": odd, "name": "demo"}},
    )


def created_indicator(odd: str) -> Pair:
    # The plugin looks first what is there, so that a lost answer can be settled.
    owner = {"domain_id": "d", "region_id": "r", "project_id": "p"}
    kind = {"indicator_type": "Domain", "id": "t"}
    source = {"source_type": 1, "product_name": "n", "product_feature": "f", **owner}
    fields: dict[str, Any] = {
        "name": "demo",
        "value": "malicious.example.com",
        "verdict": "Black",
        "status": "Open",
        "confidence": 80,
        "labels": "标签",
        "granular_marking": "1",
        "defanged": False,
        "first_report_time": "2023-10-24T17:23:55.000Z+0800",
        "last_report_time": "2023-10-24T17:23:55.000Z+0800",
    }
    theirs = secmaster.CreateIndicatorDetail(
        **fields,
        indicator_type=secmaster.CreateIndicatorDetailIndicatorType(**kind),
        environment=secmaster.CreateIndicatorDetailEnvironment(vendor_type="v", **owner),
        data_source=secmaster.CreateIndicatorDetailDataSource(**source),
        workspace_id=odd,
    )
    environment = {"vendor_type": "v", **owner}
    ours = {**fields, "indicator_type": kind, "environment": environment, "data_source": source}
    body = secmaster.IndicatorCreateRequest(theirs)
    return Pair(
        "secmaster-indicator-create",
        {"workspace_id": odd, "data_object": ours},
        lambda sdk: sdk.create_indicator(secmaster.CreateIndicatorRequest(None, odd, body)),
        lambda body: (
            {"total": 0, "data": []}
            if "data_object" not in body
            else {"data": {"id": "new", "data_object": {"value": fields["value"]}}}
        ),
        requests=2,
    )


def changed_status(odd: str) -> Pair:
    body = secmaster.UpdateIndicatorRequestBody(
        secmaster.IndicatorDataObjectDetail(status="Revoked")
    )
    request = secmaster.UpdateIndicatorRequest(None, "w", odd, body)
    return Pair(
        "secmaster-indicator-status-set",
        {"workspace_id": "w", "indicator_id": odd, "status": "Revoked"},
        lambda sdk: sdk.update_indicator(request),
        lambda _: {"data": {"id": odd, "data_object": {"status": "Revoked"}}},
    )


def closed_indicator(odd: str) -> Pair:
    body = secmaster.UpdateIndicatorRequestBody(
        secmaster.IndicatorDataObjectDetail(status="Closed")
    )
    request = secmaster.UpdateIndicatorRequest(None, odd, INDICATOR, body)
    return Pair(
        "secmaster-indicators-close",
        {"workspace_id": odd, "batch_ids": [INDICATOR]},
        lambda sdk: sdk.update_indicator(request),
        lambda _: {"data": {"id": INDICATOR, "data_object": {"status": "Closed"}}},
    )


def created_rule(odd: str) -> Pair:
    # The plugin lists first what is there, so that a lost answer can be settled.
    action = waf.CreateIpReputationRuleRequestBodyAction("log")
    body = waf.CreateIpReputationRuleRequestBody(
        name="标签", type="idc", tags=["HW", "Google"], action=action, description="text"
    )
    request = waf.CreateIpReputationRuleRequest(odd, odd, body)
    return Pair(
        "waf-ip-reputation-rule-create",
        {
            "enterprise_project_id": odd,
            "policy_id": odd,
            "name": "标签",
            "type": "idc",
            "tags": ["HW", "Google"],
            "action": {"category": "log"},
            "description": "text",
        },
        lambda sdk: sdk.create_ip_reputation_rule(request),
        lambda body: (
            {"id": RULE, "policyid": odd, "name": "标签"} if body else {"total": 0, "items": []}
        ),
        requests=2,
    )


def switched_rule(odd: str) -> Pair:
    body = waf.UpdatePolicyRuleStatusRequestBody(0)
    request = waf.UpdatePolicyRuleStatusRequest(odd, POLICY, "ip-reputation", odd, body)
    return Pair(
        "waf-ip-reputation-rule-status-set",
        {"enterprise_project_id": odd, "policy_id": POLICY, "rule_id": odd, "status": 0},
        lambda sdk: sdk.update_policy_rule_status(request),
        lambda _: {"id": odd, "policyid": POLICY, "status": 0},
    )


def deleted_rule(odd: str) -> Pair:
    request = waf.DeleteIpReputationRuleRequest(
        enterprise_project_id=odd, policy_id=POLICY, rule_id=odd
    )
    return Pair(
        "waf-ip-reputation-rule-delete",
        {"enterprise_project_id": odd, "policy_id": POLICY, "rule_id": odd},
        lambda sdk: sdk.delete_ip_reputation_rule(request),
        lambda _: {"id": odd, "policyid": POLICY},
    )


def listed_rules(odd: str) -> Pair:
    # The plugin pages by offset and limit; the SDK's caller gives them, or page and pagesize.
    request = waf.ListIpReputationRulesRequest(
        enterprise_project_id=odd, policy_id=odd, offset=0, limit=1000
    )
    return Pair(
        "waf-ip-reputation-rules-list",
        {"enterprise_project_id": odd, "policy_id": odd},
        lambda sdk: sdk.list_ip_reputation_rules(request),
        lambda _: {"total": 1, "items": [{"id": RULE}]},
    )


def got_rule(odd: str) -> Pair:
    return Pair(
        "waf-ip-reputation-rule-get",
        {"policy_id": odd, "rule_id": RULE},
        lambda sdk: sdk.confirm_ip_reputation_rule(waf.ConfirmIpReputationRuleRequest(odd, RULE)),
        lambda _: {"id": RULE, "policyid": odd},
    )


def listed_policies(odd: str) -> Pair:
    # The plugin pages by page and pagesize; the SDK's caller gives them.
    request = waf.ListPolicyRequest(enterprise_project_id=odd, page=1, pagesize=100)
    return Pair(
        "waf-policies-list",
        {"enterprise_project_id": odd},
        lambda sdk: sdk.list_policy(request),
        lambda _: {"total": 1, "items": [{"id": POLICY}]},
    )


PATHS = (
    deleted_indicators, checked_indicators, searched_indicators, got_indicator,
    deleted_rule, listed_rules, got_rule,
    created_indicator, changed_status, closed_indicator, created_rule, switched_rule,
)  # fmt: skip
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


def sdk_signature(access_key: str, secret_key: str, request: Any) -> str:
    signer = Signer(BasicCredentials(access_key, secret_key, PROJECT))
    return str(signer.sign(request).header_params["Authorization"])


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


anything = st.text(st.characters(codec="utf-8"), max_size=12)
keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
queries = st.lists(
    st.tuples(st.sampled_from(["a", "A", "é", "~"]) | anything, anything), max_size=6
)
names = st.from_regex("[a-z][a-z0-9-]{0,12}", fullmatch=True)
json_types = st.sampled_from(["application/json", "application/json;charset=UTF-8"])
dates = st.datetimes(min_value=datetime(2000, 1, 1)).map(lambda at: at.strftime("%Y%m%dT%H%M%SZ"))
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"])
often = settings(max_examples=300, database=None, deadline=None)


@often
@given(
    access_key=keys,
    secret_key=keys,
    method=methods,
    path=st.lists(anything, max_size=4),
    query=queries,
    headers=st.dictionaries(names, anything, max_size=4),
    content_type=json_types,
    date=dates,
    body=st.binary(max_size=40) | anything.map(str.encode),
)
@example(
    "AK",
    "SK",
    "GET",
    ["", "a/b", "%41", ".."],
    [("a", "2"), ("a", "10"), ("a", "")],
    {},
    "application/json",
    "20260102T030405Z",
    b"",
)
def test_whatever_is_signed_both_sign_alike(
    access_key: str,
    secret_key: str,
    method: str,
    path: list[str],
    query: list[tuple[str, str]],
    headers: dict[str, str],
    content_type: str,
    date: str,
    body: bytes,
) -> None:
    quoted = "/" + "/".join(quote(part, safe="") for part in path)
    url = f"https://waf.example.com{quoted}?{urlencode(query, quote_via=quote)}"
    fixed = {"host": "waf.example.com", "content-type": content_type, "x-sdk-date": date}
    signed = {**headers, **fixed}
    ours = HuaweiSignature(access_key, Secret(secret_key)).authorization(
        method, url, {name: value.strip() for name, value in signed.items()}, body
    )
    together = {name: [v for key, v in query if key == name] for name, _ in query}
    for params in (query, list(together.items())):  # each pair, and a list for each name
        request = SdkRequest(
            method=method,
            resource_path=quoted,
            query_params=list(params),
            header_params=dict(signed),
            body=body,
        )
        assert sdk_signature(access_key, secret_key, request) == ours


@often
@given(
    path=st.lists(anything.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=4),
    query=queries,
    project=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
    token=st.none() | st.just(TOKEN),
    date=dates,
    body=st.none() | anything,
)
def test_whatever_is_prepared_to_be_sent_is_signed_as_by_the_sdk(
    path: list[str],
    query: list[tuple[str, str]],
    project: str,
    token: str | None,
    date: str,
    body: str | None,
) -> None:
    quoted = "/v1/" + "/".join(quote(part, safe="~") for part in path)
    url = f"https://waf.example.com:8443{quoted}?{urlencode(query, quote_via=quote)}"
    headers = {"Content-Type": "application/json", "X-Project-Id": project, "X-Sdk-Date": date}
    content = None if body is None else body.encode()
    prepared = Request("POST", url, headers={**headers, "Accept": "*/*"}, data=content).prepare()
    sign = HuaweiSignature(ACCESS_KEY, Secret(SECRET_KEY), Secret(token) if token else None)
    request = SdkRequest(
        method="POST",
        host="waf.example.com:8443",
        resource_path=quoted,
        query_params=list(query),
        header_params={**headers, **({"X-Security-Token": token} if token else {})},
        body=content,
    )
    theirs = sdk_signature(ACCESS_KEY, SECRET_KEY, request)
    assert sign(prepared).headers["Authorization"] == theirs
