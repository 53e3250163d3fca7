"""Where a service of Huawei Cloud is in each region."""

from re import fullmatch

from .errors import SettingsError
from .huawei_sdk import HuaweiSdk
from .places import is_address
from .system import Service, System
from .wording import hint

ADDRESS = r"https?://[^/?#@\s]+(/[^?#@\s]*)?"


def address_of(service: Service | System, region: str, sdk: HuaweiSdk, key: str = "url") -> str:
    """Return the address of a service in a region.

    sdk: the environment and regions file of the official SDK prevail over the catalogue; key: the
    setting that gives the address instead. Raises SettingsError.
    """
    if found := sdk.endpoint(service.name, region):
        return _checked(*found)
    if region in service.region_urls:
        return service.region_urls[region]
    if region not in service.regions:
        raise SettingsError(
            f"region: {service.title} has no region {region!r}{hint(region, service.regions)}; "
            f"where it is right, set {key} too"
        )
    return str(service.region_url).format(region=region)


def iam_address(
    service: Service, given: str | None, region: str | None, sdk: HuaweiSdk
) -> str | None:
    """Return the address of IAM: iam_url, else the SDK's, else that of the region, if any.

    given: iam_url of the credentials. Raises SettingsError.
    """
    if given:
        return _checked(given, "auth.iam_url")
    if found := sdk.iam_endpoint():
        return _checked(*found)
    return address_of(service, region, sdk, "iam_url") if region else None


def _checked(address: str, where: str) -> str:
    if not fullmatch(ADDRESS, address) or not is_address(address):
        raise SettingsError(
            f"{where}: must look like https://HOST[:PORT], without user, query or fragment"
        )
    return address
