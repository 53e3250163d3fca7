"""Huawei's official SDK, imported so that the home of the user stays clean, and how it signs."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

# At import the SDK writes a lasting id of the machine below HOME; that of the user stays clean.
with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patched:
    patched.setenv("HOME", home)
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.auth.endpoint import get_iam_endpoint_by_id
    from huaweicloudsdkcore.auth.internal import IamHelper
    from huaweicloudsdkcore.auth.provider import (
        CredentialProviderChain,
        EnvCredentialProvider,
        ProfileCredentialProvider,
    )
    from huaweicloudsdkcore.region.cache import EnvRegionCache, ProfileRegionCache
    from huaweicloudsdkcore.region.provider import RegionProviderChain
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer
    from huaweicloudsdkcore.utils.six_utils import SingletonMeta
    from huaweicloudsdksecmaster import v1 as secmaster
    from huaweicloudsdksecmaster.v1.region.secmaster_region import SecMasterRegion
    from huaweicloudsdkwaf import v1 as waf
    from huaweicloudsdkwaf.v1.region.waf_region import WafRegion

    WRITTEN = [str(path.relative_to(home)) for path in Path(home).rglob("*") if path.is_file()]

__all__ = [
    "BasicCredentials",
    "CredentialProviderChain",
    "EnvCredentialProvider",
    "EnvRegionCache",
    "IamHelper",
    "ProfileCredentialProvider",
    "ProfileRegionCache",
    "RegionProviderChain",
    "SdkRequest",
    "SecMasterRegion",
    "SingletonMeta",
    "WafRegion",
    "get_iam_endpoint_by_id",
    "secmaster",
    "waf",
]
# The SDK asks for the time in a way that Python 3.12 discourages.
asks_for_the_time = pytest.mark.filterwarnings(
    r"ignore:datetime\.datetime\.utcnow:DeprecationWarning:huaweicloudsdkcore"
)
ACCESS_KEY, SECRET_KEY, TOKEN = "AKEXAMPLE00000000000", "SKexample/+=", "made-up+token/=="
PROJECT = "0123456789abcdef0123456789abcdef"


def sdk_signature(access_key: str, secret_key: str, request: Any) -> str:
    signer = Signer(BasicCredentials(access_key, secret_key, PROJECT))
    return str(signer.sign(request).header_params["Authorization"])
