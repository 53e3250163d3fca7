"""Tokens as IAM issues or refuses them, and the settings of a user who asks for them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest

from ioc_removal.iam import IamToken, iam_token
from ioc_removal.integration import load_integration
from ioc_removal.quotes import Quotes
from ioc_removal.settings import Settings, settings_from
from recorded import Recorded, Reply, Server, reply, serving

WAF = load_integration().systems["waf"]
PASSWORD = "pässword-that-nobody-sees"
PROJECT = "0123456789abcdef0123456789abcdef"
AUTH = {
    "type": "iam_password",
    "username": "soc",
    "password": PASSWORD,
    "domain": "account",
    "project": "eu-west-101",
}
HOURS = 24.0


def issued(number: int, hours: float = HOURS, server: datetime | None = None, **more: Any) -> Reply:
    """Return a token as IAM does; server: its clock."""
    now = server or datetime.now(timezone.utc)
    expires = (now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    token = {"expires_at": expires, "methods": ["password"], "project": {"id": PROJECT}, **more}
    headers = {"X-Subject-Token": f"token-{number}", "Date": format_datetime(now, usegmt=True)}
    return reply(201, {"token": token}, reason="Created", headers=headers)


def issuing(hours: float = HOURS) -> Callable[[Recorded], Reply]:
    """Issue token-1, token-2 and so on."""
    numbers = count(1)
    return lambda _: issued(next(numbers), hours)


def refusing(status: int, message: str = "The username or password is wrong.") -> Reply:
    return reply(status, {"error": {"code": status, "message": message, "title": "Unauthorized"}})


@pytest.fixture
def iam() -> Iterator[Server]:
    with serving(by=issuing()) as server:
        yield server


def settings(url: str, cache: Path | bool | None = None, **auth: Any) -> Settings:
    kept = {} if cache is None else {"token_cache": False if cache is False else str(cache)}
    shared = {**AUTH, "iam_url": url, **kept, **auth}
    own = {"url": "https://system.example", "auth": "huawei"}
    connections = {name: {"system": name, **own} for name in ("waf", "secmaster")}
    document = {"connections": connections, "credentials": {"huawei": shared}}
    return settings_from(document, "settings.yml")


def token_of(found: Settings, name: str = "waf", **more: Any) -> IamToken:
    own = {**found.connections[name], **more}
    assert WAF.iam is not None
    return iam_token(own, found, WAF.iam, Quotes(), WAF.refusals)


def sent_by(token: IamToken) -> str:
    request = PreparedRequest()
    request.prepare(method="GET", url="http://system.example", auth=token)
    return str(request.headers["X-Auth-Token"])
