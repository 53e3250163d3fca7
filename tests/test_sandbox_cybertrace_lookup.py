"""The stand-in for CyberTrace looks up as the documents say, over real HTTP."""

from typing import Any

import pytest

from asking import ANALYST, cybertrace, sandbox
from ioc_removal.sandbox import Sandbox

__all__ = ["sandbox"]


def look_up(sandbox: Sandbox, *values: str, path: str = "1.2/lookup") -> list[dict[str, Any]]:
    answer = cybertrace(sandbox, "POST", path, [{"object": value} for value in values])
    assert answer.status_code == 200, answer.text
    return list(answer.json())


@pytest.mark.parametrize("path", ["1.0/lookup", "1.2/lookup", "1.3/General/lookup"])
@pytest.mark.parametrize(
    ("value", "category"),
    [
        ("192.0.2.10", "KL_InternalTI_IP"),
        ("2001:db8::bad:1", "KL_InternalTI_IP"),
        ("malware.example", "KL_InternalTI_URL"),
        ("https://c2.example.net/gate.php?id=7", "KL_InternalTI_URL"),
        ("0cc175b9c0f1b6a831c399e269772661", "KL_InternalTI_Hash_MD5"),
        (
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            "KL_InternalTI_Hash_SHA256",
        ),
        ("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "KL_TriageFeed_Hash_SHA1"),
    ],
)
def test_a_lookup_tells_what_is_detected(
    sandbox: Sandbox, path: str, value: str, category: str
) -> None:
    supplier = category.split("_")[1]
    assert look_up(sandbox, value, "nowhere.example", path=path) == [
        {
            "object": value,
            "result": "detected",
            "categories": [
                {
                    "category": category,
                    "detected_indicator": value,
                    "context": {"supplier_name": supplier},
                }
            ],
        },
        {"object": "nowhere.example", "result": "not detected"},
    ]


def test_a_lookup_knows_false_positives_and_tenants() -> None:
    suppliers = {
        "InternalTI": {"indicators": ["192.0.2.1"]},
        "FalsePositive": {"indicators": ["192.0.2.1", "192.0.2.2", "192.0.2.3"]},
        "Mine": {"indicators": ["192.0.2.1", "192.0.2.2", "192.0.2.4"]},
        "Off": {"status": "disabled", "indicators": ["192.0.2.5"]},
    }
    tenants = {"Branch": {"InternalTI": {"indicators": ["192.0.2.9"]}}}
    values = [f"192.0.2.{number}" for number in (1, 2, 3, 4, 5, 9)]
    with Sandbox({"cybertrace": {"suppliers": suppliers, "tenants": tenants}}) as sandbox:
        rows = look_up(sandbox, *values)
        assert [row["result"] == "detected" for row in rows] == [
            *(True, False, False, True, False),
            False,
        ]
        assert [row["category"] for row in rows[0]["categories"]] == ["KL_InternalTI_IP"]
        branch = look_up(sandbox, *values, path="1.3/Branch/lookup")
        assert [row["result"] for row in branch] == ["not detected"] * 5 + ["detected"]


def test_an_analyst_may_look_up_and_nothing_changes(sandbox: Sandbox) -> None:
    before = sandbox.state()
    rows = [{"object": "192.0.2.10"}]
    answer = cybertrace(sandbox, "POST", "1.3/General/lookup", rows, auth=ANALYST)
    assert answer.json()[0]["result"] == "detected"
    assert sandbox.state() == before


@pytest.mark.parametrize(
    "document", [b"", {}, [], ["192.0.2.10"], [{}], [{"object": 1}], [{"object": "x", "y": 1}]]
)
def test_a_malformed_lookup_is_400(sandbox: Sandbox, document: Any) -> None:
    answer = cybertrace(sandbox, "POST", "1.1/lookup", document)
    assert answer.status_code == 400
    assert answer.json()[0]["status"].startswith("The request has an incorrect format: ")
