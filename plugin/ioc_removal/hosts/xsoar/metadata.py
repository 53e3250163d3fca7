"""What the pack says of itself."""

from collections.abc import Iterable, Iterator, Mapping
from re import findall
from typing import Any

from ... import __version__
from ...integration import Integration
from .pack import MARKETPLACES, PackFile, filled, json_text

CREATED = "2026-11-29T00:00:00Z"


def metadata_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the pack's metadata and README."""
    yield "pack_metadata.json", json_text(_metadata())
    rows = (
        f"- `{definition.name}`: {definition.title}."
        for definition in integration.definitions.values()
    )
    commands = "\n".join(rows)
    yield "README.md", filled("pack.md", commands=commands)
    yield ".pack-ignore", ""


def _metadata() -> Mapping[str, Any]:
    version = __version__ if not __version__.startswith("0.") else "1.0.0"
    return {
        "name": "IOC Removal",
        "description": "Removes indicators of compromise from Kaspersky CyberTrace, Huawei Cloud "
        "SecMaster and Huawei Cloud WAF, and tells what became of each.",
        "support": "community",
        "currentVersion": version,
        "author": "IOC Removal",
        "url": "",
        "email": "",
        "created": CREATED,
        "categories": ["Data Enrichment & Threat Intelligence"],
        "tags": ["Threat Intelligence", "Incident Response"],
        "useCases": ["Threat Intelligence Management"],
        "keywords": ["ioc", "false positive", "removal", "CyberTrace", "SecMaster", "WAF"],
        "githubUser": [],
        "marketplaces": list(MARKETPLACES),
    }


def secrets_ignored(files: Iterable[PackFile]) -> str:
    """Return .secrets-ignore: every address and host that the pack's files name."""
    found: set[str] = set()
    for _, content in files:
        if isinstance(content, str):
            found |= set(findall(r"https?://[^\s\"'`<>()\[\],;|]+", content))
            found |= set(findall(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", content))
            found |= set(findall(r"\b(?:[0-9a-f]{1,4}:){2,}[0-9a-f:]*", content))
    return "\n".join(sorted(found))
