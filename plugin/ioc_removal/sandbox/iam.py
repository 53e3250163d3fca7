"""A stand-in for the token operation of Huawei Cloud IAM (KeystoneCreateUserTokenByPassword).

Where the documents are silent, a choice was made: a request without `scope` gets a token without
a project, and so does the scope `domain`; such a token, or one of another project, is good for
IAM alone; a project that is not there is a 404; a wrong password locks nobody out, but is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from .exchange import Answer, Request

PATH = ["v3", "auth", "tokens"]
UNKNOWN_USER = "The username or password is wrong."
_TYPES = [("application/json", charset) for charset in ("", "utf8", "utf-8")]


@dataclass
class Token:
    """A token as it was issued; project_id: None when it is not scoped to a project."""

    text: str
    expires_at: datetime
    project_id: str | None
    role: str


class Iam:
    """Users and the tokens that they were given; several of one user are valid side by side.

    seed: the section `huawei` of a seed.
    """

    def __init__(self, seed: Mapping[str, Any]) -> None:
        iam = seed["iam"]
        self._users = iam["users"]
        self._domain: str = iam["domain"]
        self._seconds: int = iam["token_seconds"]
        self._projects = {**iam["other_projects"], iam["project"]: seed["project_id"]}
        self.issued: dict[str, Token] = {}
        self.failures = 0

    def expire_tokens(self) -> None:
        """Let every issued token expire now."""
        now = datetime.now(timezone.utc)
        for token in self.issued.values():
            token.expires_at = min(token.expires_at, now)

    def answer(self, request: Request) -> Answer:
        """Answer a request below /v3/auth/tokens."""
        if request.path != PATH or request.method != "POST":
            return iam_error(404, f"{request.method} {request.raw_path} is not offered")
        identity, scope = _parts(request)
        if identity is None or request.media_type("Content-Type") not in _TYPES:
            return iam_error(400, "The request body is invalid")
        user = self._user(identity)
        if user is None:
            self.failures += 1
            return iam_error(401, UNKNOWN_USER)
        project = scope.get("project")
        name = self._project_name(project) if project is not None else None
        if project is not None and name is None:
            return iam_error(404, "The project is not found")
        return self._issue(user, name, catalog=not request.query.get("nocatalog"))

    def _user(self, identity: Mapping[str, Any]) -> Mapping[str, Any] | None:
        domain = identity["domain"].get("name")
        for user in self._users:
            right = _same(user["password"], identity["password"])
            if right and (user["name"], self._domain) == (identity["name"], domain):
                found: Mapping[str, Any] = user
                return found
        return None

    def _project_name(self, project: Mapping[str, Any]) -> str | None:
        for name, project_id in self._projects.items():
            if project.get("id", project_id) == project_id and project.get("name", name) == name:
                return name if project.keys() & {"id", "name"} else None
        return None

    def _issue(self, user: Mapping[str, Any], project: str | None, *, catalog: bool) -> Answer:
        now = datetime.now(timezone.utc)
        project_id = self._projects[project] if project is not None else None
        token = Token(
            f"sandbox-{token_urlsafe(64)}",
            now + timedelta(seconds=self._seconds),
            project_id,
            user.get("role", "administrator"),
        )
        self.issued[token.text] = token
        domain = {"id": uuid5(NAMESPACE_URL, self._domain).hex, "name": self._domain}
        name = user["name"]
        document: dict[str, Any] = {
            "methods": ["password"],
            "issued_at": documented_time(now),
            "expires_at": documented_time(token.expires_at),
            "user": {"id": uuid5(NAMESPACE_URL, name).hex, "name": name, "domain": domain},
            "roles": [],
        }
        if project is not None:
            document["project"] = {"id": project_id, "name": project, "domain": domain}
        else:
            document["domain"] = domain
        if catalog:
            document["catalog"] = []
        return Answer(201, {"token": document}, {"X-Subject-Token": token.text})


def iam_error(status: int, message: str) -> Answer:
    """Return a refusal in IAM's form."""
    titles = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
    title = titles.get(status, "Internal Server Error" if status >= 500 else "Error")
    return Answer(status, {"error": {"code": status, "message": message, "title": title}})


def documented_time(moment: datetime) -> str:
    """Write a time as IAM does: 2020-01-04T09:05:22.701000Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parts(request: Request) -> tuple[dict[str, Any] | None, Mapping[str, Any]]:
    """Return user, password and domain of a password authentication, and its scope."""
    body = request.document
    auth = _inner(body, "auth")
    identity = _inner(auth, "identity")
    user = _inner(_inner(identity, "password"), "user")
    scope = auth.get("scope", {})
    known = isinstance(scope, dict) and len(scope) < 2 and scope.keys() <= {"project", "domain"}
    if identity.get("methods") != ["password"] or not known:
        return None, {}
    if not all(isinstance(one, dict) for one in scope.values()):
        return None, {}
    if not all(isinstance(user.get(key), str) for key in ("name", "password")):
        return None, {}
    return {**user, "domain": _inner(user, "domain")}, scope


def _inner(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
