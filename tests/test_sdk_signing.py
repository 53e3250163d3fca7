"""Huawei's official SDK and this plugin sign alike, whatever is sent."""

from datetime import datetime
from urllib.parse import quote, urlencode

from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests import Request

from ioc_removal.secret import Secret
from ioc_removal.signature import HuaweiSignature
from official_sdk import ACCESS_KEY, SECRET_KEY, TOKEN, SdkRequest, asks_for_the_time, sdk_signature

pytestmark = asks_for_the_time

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
