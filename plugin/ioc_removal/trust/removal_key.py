"""What makes two removals the same: the key by which a plan knows each of them."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from ..connection import Connection
from ..settings import Settings


def canonical(value: Any) -> str:
    """Return the one JSON text of a value, whatever the order of its keys was; sets as lists."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=list)


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal digits."""
    return sha256(canonical(value).encode()).hexdigest()


def connection_facts(connection: Connection, settings: Settings) -> dict[str, Any]:
    """Return what tells where a connection leads, and what it fills in; nothing secret.

    Left out is what does not change what is removed: timeouts, limits, proxies, credentials.
    """
    own = settings.connections[connection.name]
    return {
        "system": connection.system.name,
        "url": sorted(node.url for node in connection.nodes),
        "tenant": connection.tenant,
        "api_version": own.get("api_version"),
        "defaults": dict(own.get("defaults", {})),
    }


def removal_key(
    action: str,
    fingerprint: str,
    arguments: Mapping[str, Any],
    target: Mapping[str, str],
    item: str,
) -> str:
    """Return the key of one removal, or of anything else that an action does to one item.

    fingerprint: the digest of the connection's facts; arguments: all but the batch argument;
    target: of the outcome, with tenant and node; item: the value or id.
    """
    return digest([action, fingerprint, dict(arguments), dict(target), item])
