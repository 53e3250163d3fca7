"""Servers that tell whoever asks all that was asked: in JSON, texts, headers and refusals."""

import json
from collections.abc import Callable, Sequence
from html import escape
from urllib.parse import quote

from canaries import CANARIES
from recorded import Recorded, Reply, reply


def told(request: Recorded) -> str:
    """Return all that a request says: its headers and its body."""
    return "\n".join(f"{name}: {value}" for name, value in request.headers.items()) + (
        "\n" + request.body.decode()
    )


def of_json(request: Recorded) -> Reply:
    said = told(request)
    row = {"id": said, "name": said, "status": said, "value": said, "policyid": said}
    again = dict(request.headers.items())
    whole = {
        **row, "error_code": said, "error_msg": said, "message": said, "request_id": said, **again,
        "token": {"expires_at": said, "project": {"id": said}},
        "error": {"code": said, "message": said}, "total": 1, "items": [row], said: said,
        "data": [{"id": said, "name": said, "data_object": {"value": said}}],
    }  # fmt: skip
    return reply(200, whole)


def of_rows(request: Recorded) -> Reply:
    said = [
        {"name": value, "status": value} for value in (*request.headers.values(), told(request))
    ]
    looked = {"object": "192.0.2.10", "result": told(request), "categories": [{"c": told(request)}]}
    return reply(200, [looked] if request.target.endswith("lookup") else said)


def of_deletion(request: Recorded) -> Reply:
    said = told(request)
    rows = [{"indicator": "192.0.2.10", "reason": said}, {"indicator": said, "reason": said}]
    return reply(202, [{"status": said, "error_indicators": rows}])


def of_refusal(request: Recorded) -> Reply:
    said = told(request)
    more = {name: value for name, value in request.headers.items() if value.isascii()}
    details = [{"error_msg": said, said: [said, {said: said}]}]
    body = {"error_msg": said, "error_code": said[:60], "details": details, **more,
            "encoded_authorization_message": said}  # fmt: skip
    return reply(403, body)


def of_text(request: Recorded) -> Reply:
    said = told(request)
    return Reply(500, body="\n".join([said, quote(said), escape(said), json.dumps(said)]).encode())


def of_headers(request: Recorded) -> Reply:
    """Answer with the credentials in the phrase, in headers, and in a line that is none."""
    lines = [value.replace("\n", " ") for value in request.headers.values()]
    head = [f"HTTP/1.1 404 {' '.join(lines)}", *(f"X-request-id: {line}" for line in lines)]
    head += [*(f"Set-Cookie: a={line}" for line in lines), *lines, "Content-Length: 0", "", ""]
    return Reply(raw="\r\n".join(head).encode("latin-1", "replace"))


def of_login(request: Recorded) -> Reply:
    """Give a token, and echo it to whoever uses it."""
    if request.target.startswith("/v3/auth/tokens"):
        document = {"token": {"expires_at": "2099-01-04T09:05:22Z", "project": {"id": "p"}}}
        return reply(201, document, headers={"X-Subject-Token": CANARIES["issued token"]})
    return of_json(request) if request.method == "GET" else of_refusal(request)


def of_wrong_login(request: Recorded) -> Reply:
    body = json.dumps({"error": {"message": told(request), "code": 401, "title": told(request)}})
    return Reply(401, body=body.encode())


ECHOES: Sequence[Callable[[Recorded], Reply]] = (
    of_json, of_rows, of_deletion, of_refusal, of_text, of_headers, of_login, of_wrong_login,
)  # fmt: skip
