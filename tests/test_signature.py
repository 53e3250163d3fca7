"""The signature is that of Huawei's official SDK, byte for byte."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from ioc_removal.secret import Secret
from ioc_removal.signature import HuaweiSignature, canonical_request, string_to_sign
from recorded import reply, serving
from transcribed import transcribed

VECTORS: list[dict[str, Any]] = transcribed("signature_vectors.yml")


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["case"]) for v in VECTORS])
def test_the_texts_and_the_signature_are_those_of_the_sdk(vector: Mapping[str, Any]) -> None:
    request = signed(vector)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    named = vector["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    canonical = canonical_request(
        vector["method"],
        vector["url"],
        {name: headers[name] for name in named},
        vector["body"].encode(),
    )
    assert canonical == vector["canonical_request"]
    date = vector["headers"]["X-Sdk-Date"]
    assert string_to_sign(date, canonical) == vector["string_to_sign"]
    assert request.headers["Authorization"] == vector["authorization"]


def signed(vector: Mapping[str, Any]) -> requests.PreparedRequest:
    """Sign a request that is as the vector says, its date included."""
    request = requests.Request(
        vector["method"], vector["url"], headers=vector["headers"], data=vector["body"].encode()
    ).prepare()
    token = vector.get("security_token")
    sign = HuaweiSignature(
        vector["access_key"], Secret(vector["secret_key"]), Secret(token) if token else None
    )
    return sign(request)


def test_what_is_signed_is_what_is_sent() -> None:
    sign = HuaweiSignature("AKEXAMPLE", Secret("made-up"), Secret("made-up-token"))
    with serving(reply(200, {})) as server:
        url = f"{server.url}/v1/a%20b/%C3%A9;x?b=2&a=%2F"
        headers = {"Content-Type": "application/json", "X-Project-Id": "p"}
        requests.delete(url, data=b'{"batch_ids":["1"]}', headers=headers, auth=sign, timeout=10)
    [request] = server.requests
    parts = request.headers["Authorization"].replace(",", "").split(" ")
    said = dict(part.split("=", 1) for part in parts[1:])
    assert said["SignedHeaders"] == ("content-type;host;x-project-id;x-sdk-date;x-security-token")
    canonical = canonical_request(
        request.method,
        server.url + request.target,
        {name: request.headers[name] for name in said["SignedHeaders"].split(";")},
        request.body,
    )
    text = string_to_sign(request.headers["X-Sdk-Date"], canonical)
    again = signed(
        {
            "method": request.method,
            "url": server.url + request.target,
            "headers": {n: request.headers[n] for n in said["SignedHeaders"].split(";")},
            "body": request.body.decode(),
            "access_key": "AKEXAMPLE",
            "secret_key": "made-up",
            "security_token": "made-up-token",
        }
    )
    assert again.headers["Authorization"] == request.headers["Authorization"]
    assert text.startswith("SDK-HMAC-SHA256\n")
    assert "made-up" not in repr(vars(sign))
