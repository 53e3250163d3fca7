"""Credentials, projects and addresses as the official SDK of Huawei Cloud is told of them."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import SettingsError
from ioc_removal.huawei_sdk import HuaweiSdk
from ioc_removal.integration import load_integration
from ioc_removal.regions import address_of, iam_address
from ioc_removal.settings import Settings, settings_from

INTEGRATION = load_integration()
WAF, SECMASTER = INTEGRATION.systems["waf"], INTEGRATION.systems["secmaster"]
IAM = WAF.iam
REGION = {"system": "waf", "region": "eu-west-101"}
KEYS = {"HUAWEICLOUD_SDK_AK": "AK-of-environment", "HUAWEICLOUD_SDK_SK": "SK-of-environment"}
PROFILE = """
[basic]
ak = AK-of-profile
sk = SK-of-profile
project_id = project-of-profile
iam_endpoint = https://iam.profile.example
"""


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    (tmp_path / ".huaweicloud").mkdir()
    return tmp_path


def profile(home: Path, text: str = PROFILE) -> Path:
    file = home / ".huaweicloud" / "credentials"
    file.write_text(text, encoding="utf-8")
    return file


def settings(own: Mapping[str, Any], home: Path | None = None, **environment: str) -> Settings:
    known = {**environment, "HOME": str(home or "")}
    return settings_from({"connections": {"waf": own}}, "settings.yml", known)


def refusal(found: Settings) -> str:
    with pytest.raises(SettingsError) as refused:
        Connection("waf", found, WAF)
    assert "\n" not in str(refused.value)
    assert "SK-of" not in str(refused.value)
    return str(refused.value)


# Credentials


def test_the_environment_comes_before_the_profile(home: Path) -> None:
    found = settings(REGION, home, **KEYS).connections["waf"]
    assert found["auth"]["access_key"] == "AK-of-environment"
    assert found["auth"]["secret_key"].reveal() == "SK-of-environment"
    assert found["auth_from"] == "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK in the environment"
    file = profile(home)
    assert settings(REGION, home, **KEYS).connections["waf"]["auth"] != {}
    found = settings(REGION, home).connections["waf"]
    assert found["auth"]["access_key"] == "AK-of-profile"
    assert found["auth_from"] == f"[basic] of {file}"
    assert Connection("waf", settings(REGION, home), WAF).wire.address


def test_the_settings_come_before_both(home: Path) -> None:
    profile(home)
    own = {**REGION, "auth": {"type": "iam_token", "token": "t"}}
    found = settings(own, home, **KEYS).connections["waf"]
    assert found["auth"]["type"] == "iam_token"
    assert found["auth_from"] == "connections.waf.auth of settings.yml"
    found = settings(REGION, home, **KEYS, IOC_REMOVAL_WAF_TOKEN="t").connections["waf"]
    assert found["auth"]["type"] == "iam_token"
    assert found["auth_from"] == "IOC_REMOVAL_WAF_TOKEN"


def test_a_security_token_goes_with_its_own_key(home: Path) -> None:
    profile(home, f"{PROFILE}security_token = of-profile\n")
    token = {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "of-environment"}
    auth = settings(REGION, home, **KEYS, **token).connections["waf"]["auth"]
    assert auth["security_token"].reveal() == "of-environment"
    assert "security_token" not in settings(REGION, home, **KEYS).connections["waf"]["auth"]
    auth = settings(REGION, home, **token).connections["waf"]["auth"]
    assert auth["security_token"].reveal() == "of-profile"


def test_half_a_key_in_the_environment_is_passed_over(home: Path) -> None:
    half = {"HUAWEICLOUD_SDK_AK": "AK-of-environment", "HUAWEICLOUD_SDK_SK": ""}
    message = refusal(settings(REGION, home, **half))
    assert "HUAWEICLOUD_SDK_AK is set without its other half" in message
    profile(home)
    found = settings(REGION, home, **half).connections["waf"]
    assert found["auth"]["access_key"] == "AK-of-profile"


def test_a_profile_elsewhere(home: Path) -> None:
    profile(home)
    other = home / "other"
    other.write_text(PROFILE.replace("of-profile", "of-other"))
    named = {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(other)}
    assert settings(REGION, home, **named).connections["waf"]["auth"]["access_key"] == "AK-of-other"
    other.unlink()
    assert f"there is no {other}" in refusal(settings(REGION, home, **named))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no section [basic]"),
        ("[global]\nak = a\nsk = SK-of-x\n", "has no section [basic]"),
        ("[basic]\nak = a\n", "[basic] has no sk"),
        ("[basic]\nak =\nsk = SK-of-x\n", "[basic] has no ak"),
        ("[basic]\nproject_id = p\n", "[basic] has no ak and no sk"),
        ("ak = a\nsk = SK-of-x\n", "line 1: not an INI file"),
        ("[basic]\nak = a\nSK-of-x\n", "not an INI file"),
        ("[basic]\nak = a\nsk = SK-of-x\nsk = SK-of-y\n", "line 4: not an INI file"),
        ("[basic]\nak = a\nsk = SK-of-%x\n", "sk: write %% for each %"),
        ("[basic]\nak = \xe9\nsk = SK-of-x\n", "holds what no header can carry"),
    ],
)
def test_a_profile_that_cannot_be_used_is_told_where_it_would_be(
    text: str, told: str, home: Path
) -> None:
    file = profile(home, text)
    message = refusal(settings(REGION, home))
    assert told in message
    if "header" not in told:
        assert message.startswith("connection waf: auth is missing; set connections.waf.auth")
        assert str(file) in message
    assert Connection("waf", settings(REGION, home, **KEYS), WAF).wire.address
    own = {**REGION, "auth": {"type": "iam_token", "token": "t"}}
    assert Connection("waf", settings(own, home), WAF).wire.address


def test_a_profile_that_cannot_be_read(home: Path) -> None:
    profile(home).unlink()
    (home / ".huaweicloud" / "credentials").mkdir()
    assert "cannot read" in refusal(settings(REGION, home))


def test_variables_that_the_sdk_does_not_know_are_not_read(home: Path) -> None:
    message = refusal(settings(REGION, home, CLOUD_SDK_AK="a", CLOUD_SDK_SK="SK-of-x"))
    assert f"there is no {home}/.huaweicloud/credentials" in message
    assert "there is no ~/.huaweicloud/credentials" in refusal(settings(REGION))


def test_no_object_of_the_sdk_shows_a_secret(home: Path) -> None:
    profile(home)
    sdk = HuaweiSdk({**KEYS, "HOME": str(home)})
    auth, _ = sdk.credentials()
    assert "SK-of" not in repr((vars(sdk), auth, HuaweiSdk({"HOME": str(home)}).credentials()))


# The project, from every place that may name it, the first before the second, and so on


def projects(home: Path, places: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    own: dict[str, Any] = dict(REGION)
    environment = {"HOME": str(home)}
    for place in places:
        if place == "variable":
            environment["IOC_REMOVAL_WAF_PROJECT_ID"] = place
        elif place == "file":
            own["defaults"] = {"project_id": place}
        elif place == "scope":
            auth = {"type": "iam_password", "username": "u", "password": "p", "domain": "d"}
            own["auth"] = {**auth, "project_id": place}
        elif place == "sdk":
            environment["HUAWEICLOUD_SDK_PROJECT_ID"] = place
        elif place == "profile":
            profile(home, PROFILE.replace("project-of-profile", place))
    return own, environment


PLACES = ("variable", "file", "scope", "sdk", "profile")


@pytest.mark.parametrize("places", [*combinations(PLACES, 2), *((place,) for place in PLACES)])
def test_the_project_of_the_first_place_prevails(places: tuple[str, ...], home: Path) -> None:
    own, environment = projects(home, places)
    found = settings_from({"connections": {"waf": own}}, "settings.yml", environment)
    assert found.connections["waf"]["defaults"] == {"project_id": places[0]}


def test_without_any_place_there_is_no_project(home: Path) -> None:
    assert "defaults" not in settings(REGION, home, **KEYS).connections["waf"]
    cybertrace = {"system": "cybertrace", "url": "https://c.example"}
    environment = {"HUAWEICLOUD_SDK_PROJECT_ID": "p", **KEYS}
    found = settings_from({"connections": {"c": cybertrace}}, "settings.yml", environment)
    assert found.connections["c"] == cybertrace


# Regions and addresses


@pytest.fixture(name="sdk")
def _sdk() -> HuaweiSdk:
    return HuaweiSdk({})


def test_every_region_has_its_address(sdk: HuaweiSdk) -> None:
    assert (len(SECMASTER.regions), len(WAF.regions)) == (28, 34)
    assert IAM is not None
    assert len(IAM.regions) == 27
    for region in WAF.regions:
        domain = "cn" if region == "cn-north-9" else "com"
        assert address_of(WAF, region, sdk) == f"https://waf.{region}.myhuaweicloud.{domain}"
        own = region in IAM.regions or region == "eu-west-101"
        domain = "eu" if region == "eu-west-101" else "com"
        host = f"iam.{region}" if own else "iam"
        assert iam_address(IAM, None, region, sdk) == f"https://{host}.myhuaweicloud.{domain}"
    for region in SECMASTER.regions:
        assert address_of(SECMASTER, region, sdk) == f"https://secmaster.{region}.myhuaweicloud.com"


def test_an_unknown_region_is_told_with_the_near_one(home: Path) -> None:
    message = refusal(settings({**REGION, "region": "eu-west-100"}, home, **KEYS))
    assert message == (
        "region: Huawei Cloud WAF has no region 'eu-west-100'; did you mean 'eu-west-101'?; "
        "where it is right, set url too"
    )
    assert IAM is not None
    with pytest.raises(SettingsError, match="set iam_url too"):
        iam_address(IAM, None, "xx-nowhere-1", HuaweiSdk({}))


def test_a_url_needs_no_region(home: Path) -> None:
    own = {**REGION, "region": "private-1", "url": "https://waf.private.example"}
    assert Connection("waf", settings(own, home, **KEYS), WAF).wire.address == own["url"]


ADDRESSES = """
WAF:
  - {id: eu-west-101, endpoint: https://waf.file.example}
  - {id: private-1, endpoints: [waf.first.example, https://waf.second.example]}
  - {endpoint: https://nameless.example}
iam:
  - {id: eu-west-101, endpoint: https://iam.file.example}
"""


def test_the_addresses_of_the_sdk_prevail_over_the_catalogue(home: Path) -> None:
    (home / ".huaweicloud" / "regions.yaml").write_text(ADDRESSES)
    sdk = HuaweiSdk({"HOME": str(home)})
    assert address_of(WAF, "eu-west-101", sdk) == "https://waf.file.example"
    assert address_of(WAF, "private-1", sdk) == "https://waf.first.example"
    assert address_of(WAF, "cn-north-4", sdk) == "https://waf.cn-north-4.myhuaweicloud.com"
    assert address_of(SECMASTER, "eu-west-101", sdk).startswith("https://secmaster.eu-west-101.")
    other = home / "other.yaml"
    other.write_text(ADDRESSES.replace("file.example", "other.example"))
    named = {"HUAWEICLOUD_SDK_REGIONS_FILE": str(other), "HOME": str(home)}
    assert address_of(WAF, "eu-west-101", HuaweiSdk(named)) == "https://waf.other.example"
    variable = {"HUAWEICLOUD_SDK_REGION_WAF_EU_WEST_101": "waf.variable.example,second"}
    sdk = HuaweiSdk({**named, **variable})
    assert address_of(WAF, "eu-west-101", sdk) == "https://waf.variable.example"
    own = {**REGION, "url": "https://waf.own.example"}
    found = settings(own, home, **KEYS, **variable)
    assert Connection("waf", found, WAF).wire.address == "https://waf.own.example"
    assert Connection("waf", settings(REGION, home, **KEYS, **variable), WAF).wire.address == (
        "https://waf.variable.example"
    )


def test_each_place_of_iam_prevails_over_the_next(home: Path) -> None:
    assert IAM is not None
    (home / ".huaweicloud" / "regions.yaml").write_text(ADDRESSES)
    profile(home)
    variable = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "iam.variable.example"}
    everywhere, at_home = HuaweiSdk({"HOME": str(home), **variable}), HuaweiSdk({"HOME": str(home)})
    given = "https://iam.given.example"
    region = "eu-west-101"
    assert iam_address(IAM, given, region, everywhere) == given
    assert iam_address(IAM, None, region, everywhere) == "https://iam.variable.example"
    assert iam_address(IAM, None, region, at_home) == "https://iam.profile.example"
    profile(home).unlink()
    at_home = HuaweiSdk({"HOME": str(home)})
    assert iam_address(IAM, None, region, at_home) == "https://iam.file.example"
    assert iam_address(IAM, None, None, HuaweiSdk({})) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("WAF: [", "regions.yaml: "),
        ("[]", "must hold, by service, a list of regions"),
        ("WAF: 7", "must hold, by service, a list of regions"),
        ("WAF: [a]", "must hold, by service, a list of regions"),
        ("WAF: [{id: eu-west-101, endpoint: 'https://u:SK-of-x@h'}]", "must look like https://"),
    ],
)
def test_a_wrong_regions_file(text: str, told: str, home: Path) -> None:
    (home / ".huaweicloud" / "regions.yaml").write_text(text)
    message = refusal(settings(REGION, home, **KEYS))
    assert "regions.yaml" in message
    assert told in message


def test_a_wrong_address_in_the_environment(home: Path) -> None:
    variable = {"HUAWEICLOUD_SDK_REGION_WAF_EU_WEST_101": "https://u:SK-of-x@h"}
    message = refusal(settings(REGION, home, **KEYS, **variable))
    assert message.startswith("HUAWEICLOUD_SDK_REGION_WAF_EU_WEST_101: must look like")
