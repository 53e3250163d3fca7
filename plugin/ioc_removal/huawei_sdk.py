"""What the official SDK of Huawei Cloud finds: its environment, its profile, its regions file.

Source: huaweicloudsdkcore 3.1.219, auth/provider.py, auth/internal.py, region/.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import DefinitionError, SettingsError
from .loader import parse
from .secret import Secret

SDK_PREFIX = "HUAWEICLOUD_SDK_"
SECTION = "basic"
FOLDER = ".huaweicloud"


class HuaweiSdk:
    """What the SDK would find in an environment, and in the files that it names.

    An empty value is none, as for the SDK; no error quotes a value.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        known = {name: text for name, text in environment.items() if name.startswith(SDK_PREFIX)}
        self._environment = {name: Secret(text) for name, text in known.items() if text}
        self._home = environment.get("HOME", "")

    def credentials(self) -> tuple[dict[str, Any], str]:
        """Return the access key that the SDK would use, as an auth, and where it stands.

        One half of a key in the environment is passed over for the profile, as by the SDK.
        Raises SettingsError when there is none, which says what was looked at.
        """
        half = [name for name in ("AK", "SK") if self._said(name)]
        if len(half) == 2:
            token = self._said("SECURITY_TOKEN")
            auth = _access_key(self._said("AK"), self._said("SK"), token)
            return auth, f"{SDK_PREFIX}AK and {SDK_PREFIX}SK in the environment"
        told = f"{SDK_PREFIX}{half[0]} is set without its other half; " if half else ""
        try:
            profile = self._profile
        except SettingsError as error:
            raise SettingsError(f"{told}{error}") from error
        missing = [name for name in ("ak", "sk") if not profile.get(name)]
        if missing:
            raise SettingsError(
                f"{told}{self._profile_path} [{SECTION}] has no {' and no '.join(missing)}"
            )
        auth = _access_key(profile["ak"], profile["sk"], profile.get("security_token"))
        return auth, f"[{SECTION}] of {self._profile_path}"

    def project_id(self) -> str | None:
        """Return the project of the environment, else of the profile, if that can be read."""
        said = self._said("PROJECT_ID") or self._of_profile("project_id")
        return said.reveal() if said else None

    def endpoint(self, service: str, region: str) -> tuple[str, str] | None:
        """Return the address that was set for a service in a region, and where it was set.

        Of several the first. Raises SettingsError for a regions file that cannot be used.
        """
        name = f"{SDK_PREFIX}REGION_{service.upper()}_{region.upper().replace('-', '_')}"
        if said := self._environment.get(name):
            return _with_scheme(said.reveal().split(",")[0]), name
        if address := self._regions.get((service.upper(), region)):
            return _with_scheme(address), str(self._regions_path)
        return None

    def iam_endpoint(self) -> tuple[str, str] | None:
        """Return the address of IAM of the environment, else of the profile, and where it is."""
        if said := self._said("IAM_ENDPOINT"):
            return _with_scheme(said.reveal()), f"{SDK_PREFIX}IAM_ENDPOINT"
        if said := self._of_profile("iam_endpoint"):
            return _with_scheme(said.reveal()), f"iam_endpoint of {self._profile_path}"
        return None

    def _said(self, name: str) -> Secret | None:
        return self._environment.get(f"{SDK_PREFIX}{name}")

    def _of_profile(self, key: str) -> Secret | None:
        try:
            return self._profile.get(key)
        except SettingsError:
            return None  # told where its credentials are needed

    def _path(self, variable: str, name: str) -> Path | None:
        if said := self._said(variable):
            return Path(said.reveal())
        return Path(self._home, FOLDER, name) if self._home else None

    @property
    def _profile_path(self) -> Path | None:
        return self._path("CREDENTIALS_FILE", "credentials")

    @property
    def _regions_path(self) -> Path | None:
        return self._path("REGIONS_FILE", "regions.yaml")

    @cached_property
    def _profile(self) -> dict[str, Secret]:
        """The section of the profile, without what is empty."""
        from configparser import ConfigParser, Error, InterpolationError  # for few only

        path, parser = self._profile_path, ConfigParser()
        if path is None or not _exists(path):
            raise SettingsError(f"there is no {path or f'~/{FOLDER}/credentials'}")
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
            if not parser.has_section(SECTION):
                raise SettingsError(f"{path} has no section [{SECTION}]")
            return {key: Secret(text) for key, text in parser.items(SECTION) if text}
        except InterpolationError as error:
            raise SettingsError(f"{path}: {error.option}: write %% for each %") from error
        except (Error, UnicodeDecodeError) as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}" if line else ""
            raise SettingsError(
                f"{path}{where}: not an INI file with [{SECTION}] and NAME = VALUE"
            ) from None  # an error of the parser quotes the line, which may hold a key
        except OSError as error:
            raise SettingsError(f"cannot read {path}: {error.strerror}") from error

    @cached_property
    def _regions(self) -> dict[tuple[str, str], str]:
        """The first address of each service and region of the regions file."""
        path = self._regions_path
        if path is None or not _exists(path):
            return {}
        try:
            return dict(_endpoints(parse(path.read_text(encoding="utf-8"), str(path))))
        except DefinitionError as error:
            raise SettingsError(str(error)) from error
        except OSError as error:
            raise SettingsError(f"cannot read {path}: {error.strerror}") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise SettingsError(
                f"{path}: must hold, by service, a list of regions with id and endpoint"
            ) from error


def _access_key(ak: Secret | None, sk: Secret | None, token: Secret | None) -> dict[str, Any]:
    assert ak is not None  # noqa: S101  # the callers have looked
    auth = {"type": "aksk", "access_key": ak.reveal(), "secret_key": sk}
    return {**auth, "security_token": token} if token else auth


def _endpoints(document: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for service, regions in ({} if document is None else document).items():
        for region in regions:
            addresses = [*(region.get("endpoints") or ()), region.get("endpoint")]
            first = next(filter(None, addresses), None)
            if region.get("id") and first:
                yield (service.upper(), region["id"]), str(first)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a folder that is closed to us, which the SDK passes over
        return False


def _with_scheme(address: str) -> str:
    address = address.strip()
    return address if address.startswith("http") else f"https://{address}"
