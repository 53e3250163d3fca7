"""Huawei's official SDK and this plugin find the same credentials and addresses."""

import os
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest

from ioc_removal.errors import SettingsError
from ioc_removal.huawei_sdk import HuaweiSdk
from ioc_removal.integration import load_integration
from ioc_removal.regions import address_of, iam_address
from ioc_removal.system import Service, System
from official_sdk import (
    CredentialProviderChain,
    EnvCredentialProvider,
    EnvRegionCache,
    IamHelper,
    ProfileCredentialProvider,
    ProfileRegionCache,
    RegionProviderChain,
    SecMasterRegion,
    SingletonMeta,
    WafRegion,
    get_iam_endpoint_by_id,
)

SYSTEMS = load_integration().systems
PROFILES = (
    None,
    "",
    "[basic]\nak = a\nsk = s\n",
    "[basic]\nak = a\n",
    "[basic]\nak = a\nsk =\n",
    "[BASIC]\nak = a\nsk = s\n",
    "[basic]\nAK: a\nSK = s ; c\n",
    "[DEFAULT]\nsk = d\n[basic]\nak = a\n",
    '[basic]\nak = "a"\nsk = s%%x\n',
    "[basic]\nak = a\nsk = s\nsecurity_token = t\nproject_id = p\niam_endpoint = e\n",
    "[basic]\nak = a\nsk = s\nsecurity_token =\n",
    "# c\n[basic]\nak = a\nsk = s\n  more\n",
    "[basic]\nak\nsk = s\n",
    "[global]\nak = a\nsk = s\n",
    "[basic]\nak = a\nsk = %(ak)sx\n",
    "[basic]\nak = a\nsk = %x\n",
    "ak = a\nsk = s\n",
)
Key = tuple[str, str, str | None] | None


def set_only(environment: Mapping[str, str], patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HUAWEICLOUD_")]:
        patch.delenv(name)
    for name, text in environment.items():
        patch.setenv(name, text)


def theirs() -> Key:
    providers = (EnvCredentialProvider.get_basic(), ProfileCredentialProvider.get_basic())
    try:
        found = CredentialProviderChain(providers).get_credentials()
    except Exception:  # noqa: BLE001  # the parser's own errors leave the SDK as they are
        return None
    return found.ak, found.sk, found.security_token or None


def ours(environment: Mapping[str, str]) -> Key:
    try:
        auth, _ = HuaweiSdk(environment).credentials()
    except SettingsError:
        return None
    token = auth.get("security_token")
    return auth["access_key"], auth["secret_key"].reveal(), token.reveal() if token else None


@pytest.mark.parametrize("profile", PROFILES)
def test_both_find_the_same_credentials(
    profile: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if profile is not None:
        (tmp_path / ".huaweicloud").mkdir()
        (tmp_path / ".huaweicloud" / "credentials").write_text(profile)
    for ak, sk, token in product((None, "", "A"), (None, "", "S"), (None, "", "T")):
        named = {"AK": ak, "SK": sk, "SECURITY_TOKEN": token}
        environment = {f"HUAWEICLOUD_SDK_{name}": text for name, text in named.items() if text}
        environment["HOME"] = str(tmp_path)
        set_only(environment, monkeypatch)
        assert ours(environment) == theirs(), environment


REGIONS_FILES = (
    "WAF:\n- {id: r-1, endpoint: https://a}\n",
    "waf:\n- {id: r-1, endpoint: https://a, endpoints: [https://b]}\n",
    "Waf:\n- {id: r-1}\n- {id: r-1, endpoint: https://c}\n",
    "SECMASTER:\n- {id: r-1, endpoint: https://d}\n- {id: r-1, endpoint: https://e}\n",
    "WAF:\n- {endpoint: https://a}\n- {id: r-2, endpoint: https://f}\n",
)


@pytest.mark.parametrize("text", REGIONS_FILES)
@pytest.mark.parametrize("said", ["", "https://x", "https://x,https://y"])
def test_both_find_the_same_address(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "regions"
    file.write_text(text)
    environment = {
        "HUAWEICLOUD_SDK_REGIONS_FILE": str(file),
        "HUAWEICLOUD_SDK_REGION_WAF_R_1": said,
    }
    set_only(environment, monkeypatch)
    for cache in (ProfileRegionCache, EnvRegionCache):
        SingletonMeta._instances.pop(cache, None)
    for service in ("WAF", "SECMASTER"):
        for region in ("r-1", "r-2"):
            chain = RegionProviderChain.get_default_region_provider_chain(service)
            their = chain.get_region(region)
            our = HuaweiSdk(environment).endpoint(service.lower(), region)
            assert (our and our[0]) == (their and their.endpoints[0])


def addresses(service: Service | System) -> dict[str, str]:
    return {region: address_of(service, region, HuaweiSdk({})) for region in service.regions}


def test_the_regions_are_those_of_the_sdk() -> None:
    for name, theirs in (("secmaster", SecMasterRegion), ("waf", WafRegion)):
        assert addresses(SYSTEMS[name]) == {
            region: found.endpoints[0] for region, found in theirs.static_fields.items()
        }
    iam = SYSTEMS["waf"].iam
    assert iam is not None
    assert all(get_iam_endpoint_by_id(region) == url for region, url in addresses(iam).items())
    for region in SYSTEMS["waf"].regions:
        if region != "eu-west-101":  # has a host of its own, in another domain
            assert iam_address(iam, None, region, HuaweiSdk({})) == get_iam_endpoint_by_id(
                region, IamHelper.DEFAULT_ENDPOINT
            )
