"""Whatever settings and the environment hold, they are used, or refused in one line."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import altered, examples
from ioc_removal.settings import settings_from
from refused import home, taken

__all__ = ["home"]

SETTINGS: list[Any] = [
    {
        "connections": {
            "cybertrace": {
                "system": "cybertrace",
                "url": "https://cybertrace.example",
                "tenant": "t",
                "auth": {"type": "basic", "username": "u", "password": {"env": "HOME"}},
                "api_version": "1.3",
                "ca_bundle": "/etc/ca.pem",
                "verify": True,
                "client_certificate": "~/client.pem",
                "proxy": "http://u:made-up@proxy.example",
                "connect_timeout": 1,
                "total_timeout": 2.5,
                "fingerprint": "ab" * 32,
                "defaults": {"supplier": "InternalTI"},
                "limits": {"items": 5, "per_second": 0.5},
            },
            "secmaster": {
                "system": "secmaster",
                "region": "eu-west-101",
                "auth": "huawei",
                "defaults": {"project_id": "p", "workspace_id": "w"},
            },
            "waf": {"system": "waf", "url": "https://waf.example", "auth": "huawei"},
        },
        "credentials": {
            "huawei": {
                "type": "aksk",
                "access_key": "AK",
                "secret_key": {"file": "/no/file"},
                "security_token": "made-up-token",
            },
        },
    },
    {
        "connections": {
            "secmaster": {
                "system": "secmaster",
                "region": "eu-west-101",
                "auth": {
                    "type": "iam_password",
                    "username": "u",
                    "password": "made-up",
                    "domain": "d",
                    "project_id": "p",
                    "iam_url": "https://iam.example",
                    "token_cache": "~/tokens.json",
                },
            },
            "cybertrace": {
                "system": "cybertrace",
                "nodes": ["https://a.example", "http://b.example"],
                "auth": {"type": "basic", "username": "u", "password": "made-up"},
            },
        },
    },
]
NUL_AND_NO_HOME = ("~nobody-of-that-name/x", "a\x00b", "", "\x00", "/dev", "~")
KEYS = (
    "URL",
    "NODES",
    "AUTH",
    "AUTH_TYPE",
    "USERNAME",
    "PASSWORD",
    "TOKEN",
    "ACCESS_KEY",
    "TENANT",
    "API_VERSION",
    "VERIFY",
    "CA_BUNDLE",
    "PROXY",
    "ITEMS",
    "BYTES",
    "PER_SECOND",
    "SUPPLIER",
    "TOTAL_TIMEOUT",
    "IAM_URL",
    "TOKEN_CACHE",
    "REGION",
    "TYPE",
    "",
    "NONE",
)
VARIABLES = [
    *(
        f"IOC_REMOVAL_{owner}_{key}"
        for owner in ("CYBERTRACE", "SECMASTER", "OTHER")
        for key in KEYS
    ),
    *(
        f"HUAWEICLOUD_SDK_{key}"
        for key in (
            "AK",
            "SK",
            "SECURITY_TOKEN",
            "PROJECT_ID",
            "IAM_ENDPOINT",
            "CREDENTIALS_FILE",
            "REGIONS_FILE",
            "REGION_SECMASTER_EU_WEST_101",
        )
    ),
    "HOME",
    "XDG_CACHE_HOME",
]
# As the environment of a process can be: no null character, and bytes that are no UTF-8 as halves.
words = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12
) | st.sampled_from(
    [
        "true",
        "0",
        "1e999",
        "9" * 5_000,
        "https://[::1",
        "http://a:99999",
        "https://x",
        "~no-one/x",
        "basic",
        "iam_password",
        "aksk",
        "eu-west-101",
        "huawei",
        "a,b",
        "\udcff",
        "1.3",
        "nan",
        "/dev",
    ]
)


def test_settings_are_taken_or_refused(home: Path) -> None:
    wrong = st.sampled_from(
        [*NUL_AND_NO_HOME, "https://[::1", "https://a:b", "http://", "\ud800", 2**70]
    )

    @examples(50)
    @given(
        altered(SETTINGS), st.sampled_from(["url", "proxy", "ca_bundle", "tenant", "region"]), wrong
    )
    def holds(document: Any, key: str, value: Any) -> None:
        taken(lambda: settings_from(document, "file", {"HOME": str(home)}))
        if isinstance(document, dict) and isinstance(document.get("connections"), dict):
            document = deepcopy(document)
            for own in document["connections"].values():
                if isinstance(own, dict):
                    own[key] = value
            taken(lambda: settings_from(document, "file", {"HOME": str(home)}))

    holds()


@pytest.mark.parametrize("key", ["ca_bundle", "client_certificate", "token_cache", "password"])
@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "a\x00b", "\ud800", "/dev/x"])
def test_a_path_that_cannot_be_is_refused(key: str, path: str, home: Path) -> None:
    own = deepcopy(SETTINGS[1]["connections"]["secmaster"])
    place = own if key in {"ca_bundle", "client_certificate"} else own["auth"]
    place[key] = {"file": path} if key == "password" else path
    taken(lambda: settings_from({"connections": {"s": own}}, "file", {"HOME": str(home)}))


def test_the_environment_is_taken_or_refused(home: Path) -> None:
    @examples(50)
    @given(
        st.dictionaries(st.sampled_from(VARIABLES), words, max_size=6),
        st.sampled_from([{}, *SETTINGS]),
    )
    def holds(variables: Mapping[str, str], document: Any) -> None:
        taken(lambda: settings_from(document, "file", {"HOME": str(home), **variables}))

    holds()
