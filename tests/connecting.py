"""A connection of settings that say no more than they must: opened, used once, or refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord

INTEGRATION = load_integration()
BASIC = {"type": "basic", "username": "user", "password": "password"}
CYBERTRACE = {
    "system": "cybertrace",
    "url": "https://cybertrace.example.com",
    "auth": BASIC,
    "api_version": "1.2",
}
WAF = {"system": "waf", "region": "eu-west-101", "auth": {"type": "iam_token", "token": "t"}}


def opened(own: Mapping[str, Any], **more: Any) -> Connection:
    settings = settings_from({"connections": {"one": {**own, **more}}}, "settings.yml")
    return Connection("one", settings, INTEGRATION.systems[own["system"]])


def opened_at(address: str, **more: Any) -> Connection:
    """Open a connection to a server that answers as CyberTrace."""
    return opened({**CYBERTRACE, "url": address, "api_version": "1.3"}, **more)


def removal_by(connection: Connection) -> dict[str, Any]:
    """Delete one indicator and return the row of its outcome."""
    action = INTEGRATION.bind("cybertrace-indicators-delete", connection)
    prepared = action.prepare({"supplier": "InternalTI", "indicators": ["192.0.2.1"]})
    [finished] = perform(action, prepared, NoRecord())
    return finished.outcomes[0].row()


def refusal(own: Mapping[str, Any], **more: Any) -> str:
    """Return the one line that a person reads."""
    with pytest.raises(SettingsError) as refused:
        opened(own, **more)
    assert "\n" not in str(refused.value)
    return str(refused.value)
