"""The stand-in for CyberTrace knows who asks, and for which tenant, supplier and path."""

import pytest
import requests
from requests.auth import HTTPBasicAuth

from asking import ANALYST, cybertrace, sandbox
from ioc_removal.sandbox import Sandbox

__all__ = ["sandbox"]


@pytest.mark.parametrize(
    "auth", [None, ("sandbox-operator", "wrong"), ("nobody", ""), ("a:b", "c")]
)
def test_wrong_credentials_are_401(sandbox: Sandbox, auth: tuple[str, str] | None) -> None:
    answer = cybertrace(sandbox, "GET", "1.3/suppliers", auth=auth)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "value", ["Basic", "Basic %%%", "Basic /w==", "Bearer x", "Basic dXNlcg=="]
)
def test_a_malformed_authorization_is_401(sandbox: Sandbox, value: str) -> None:
    answer = requests.get(
        sandbox.url + "/api/1.3/suppliers",
        headers={"Authorization": value, "Accept": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 401


def test_credentials_are_read_in_utf_8() -> None:
    user = {"name": "оператор", "password": "пароль", "role": "administrator"}
    with Sandbox({"cybertrace": {"users": [user]}}) as sandbox:
        answer = requests.get(
            sandbox.url + "/api/1.3/suppliers",
            auth=HTTPBasicAuth("оператор".encode(), "пароль".encode()),
            headers={"Accept": "application/json"},
            timeout=10,
        )
    assert answer.status_code == 200


def test_an_analyst_may_read_and_not_delete(sandbox: Sandbox) -> None:
    path = "1.3/suppliers/InternalTI/indicators"
    rows = [{"indicator": "192.0.2.10"}]
    assert cybertrace(sandbox, "GET", "1.3/suppliers", auth=ANALYST).status_code == 200
    assert cybertrace(sandbox, "DELETE", path, rows, auth=ANALYST).status_code == 403
    assert "192.0.2.10" in sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "8.0/suppliers", 404),
        ("POST", "1.0/login", 404),
        ("GET", "1.2/General/suppliers", 404),
        ("GET", "1.3/Nowhere/suppliers", 404),
        ("GET", "1.3", 404),
        ("GET", "", 404),
        ("GET", "1.3/suppliers/Nobody", 404),
        ("GET", "1.3/suppliers/Demo_Botnet_C2_URL_Data_Feed", 404),
        ("GET", "1.3/suppliers/InternalTI/indicators", 405),
        ("PATCH", "1.3/suppliers", 405),
        ("POST", "1.3/lookup", 404),
        ("GET", "1.3/General/lookup", 405),
        ("PUT", "1.3/suppliers/InternalTI", 501),
    ],
)
def test_other_paths_and_methods(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    assert cybertrace(sandbox, method, path).status_code == status


@pytest.mark.parametrize("name", ["Nobody", "Demo_Botnet_C2_URL_Data_Feed", "internalti"])
def test_deleting_from_a_supplier_that_rest_does_not_reach_is_404(
    sandbox: Sandbox, name: str
) -> None:
    rows = [{"indicator": "192.0.2.10"}]
    path = f"1.3/suppliers/{name}/indicators"
    assert cybertrace(sandbox, "DELETE", path, rows).status_code == 404


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.3/General"])
def test_suppliers_are_listed_in_every_version(sandbox: Sandbox, version: str) -> None:
    rows = cybertrace(sandbox, "GET", f"{version}/suppliers").json()
    assert {"name": "TriageFeed", "status": "enabled"} in rows
    assert {row["name"] for row in rows} >= {"InternalTI", "FalsePositive"}
    assert cybertrace(sandbox, "GET", f"{version}/suppliers/TriageFeed").json() == [
        {
            "name": "TriageFeed",
            "status": "enabled",
            "confidence": 70,
            "retention": 10080,
            "vendor": "Triage",
        }
    ]


def test_a_tenant_has_suppliers_of_its_own(sandbox: Sandbox) -> None:
    rows = [{"indicator": "192.0.2.10"}]
    path = "1.3/Branch/suppliers/InternalTI/indicators"
    assert cybertrace(sandbox, "DELETE", path, rows).status_code == 201
    state = sandbox.state()["cybertrace"]
    assert state["tenants"]["Branch"]["InternalTI"] == ["branch.example.org"]
    assert "192.0.2.10" in state["suppliers"]["InternalTI"]
    assert state["suppliers"] == state["tenants"]["General"]


def test_a_lost_segment_deletes_the_whole_supplier(sandbox: Sandbox) -> None:
    answer = cybertrace(sandbox, "DELETE", "1.3/suppliers/TriageFeed/")
    assert answer.status_code == 201
    assert "TriageFeed" not in sandbox.state()["cybertrace"]["suppliers"]
    assert cybertrace(sandbox, "DELETE", "1.3/suppliers/TriageFeed").status_code == 404
    assert cybertrace(sandbox, "DELETE", "1.3/suppliers/InternalTI").status_code == 400
