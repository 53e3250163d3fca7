"""Log in to Huawei Cloud IAM with a password: one request, and the token that it returns.

Source: https://support.huaweicloud.com/api-iam/iam_30_0001.html (KeystoneCreateUserTokenByPassword)
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from time import time
from typing import NamedTuple

from .answer import Answer
from .endpoint import Endpoint
from .secret import Secret
from .token_cache import Token
from .wire import Wire

LOGIN = Endpoint("POST", "v3/auth/tokens", {"Content-Type": "application/json;charset=utf8"})
LONGEST_TOKEN = 65535  # characters, by the documents of SecMaster


class IamUser(NamedTuple):
    """A user of IAM: the account (domain), name and password; scope: a project by name or id."""

    domain: str
    name: str
    password: Secret
    scope: Mapping[str, str]

    def log_in(self, wire: Wire) -> Token:
        """Ask for a token, once; raises what Endpoint.send raises.

        wire: to IAM.
        """
        password = self.password.reveal()
        user = {"name": self.name, "password": password, "domain": {"name": self.domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": self.scope}}}
        began = time()
        try:
            answer = LOGIN.send(wire, query={"nocatalog": "true"}, body=body, crashes=0)
        finally:
            wire.session.close()  # the next one is hours away, and a connection keeps its answer
        return _token(answer, began)


def _token(answer: Answer, began: float) -> Token:
    """Read a token; began: when it was asked for, by this machine's clock in seconds."""
    said = answer.body.get("token") if isinstance(answer.body, dict) else None
    said = said if isinstance(said, dict) else {}
    text = answer.headers.get("X-Subject-Token", "")
    expires, project = _moment(said.get("expires_at")), said.get("project")
    project_id = project.get("id") if isinstance(project, dict) else None
    sendable = text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_TOKEN
    if answer.status != 201 or not sendable or expires is None:
        raise answer.undocumented("a token with X-Subject-Token and expires_at was expected")
    if not isinstance(project_id, str) or not project_id:
        raise answer.undocumented("the token is for no project")
    return Token(Secret(text), began + (expires - _server_time(answer, began)), project_id)


def _moment(said: object) -> float | None:
    """Read a time such as 2020-01-04T09:05:22.701000Z."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(str(said), form).replace(tzinfo=timezone.utc).timestamp()
        except ValueError:
            continue
    return None


def _server_time(answer: Answer, ours: float) -> float:
    """Return the server's clock, which judges the token; ours where it names no time."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError, LookupError):
        return ours
