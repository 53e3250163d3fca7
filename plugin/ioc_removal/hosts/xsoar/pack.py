"""What every part of the pack is made of: files, ids, and texts as XSOAR's formatter keeps them.

A part of the pack is a function that takes the integration and yields files. Nothing here depends
on the moment or on chance: an export of the same catalogue is the same, byte for byte.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any
from uuid import NAMESPACE_URL, uuid5

PACK = "IOCRemoval"
FROM_VERSION = "6.10.0"  # the lowest that demisto-sdk's rule BA106 accepts
MARKETPLACES = ("xsoar",)
# Below the pack's folder, with slashes, such as "Scripts/X/X.yml"; text is written as UTF-8.
PackFile = tuple[str, str | bytes]
_NAMESPACE = uuid5(NAMESPACE_URL, "https://xsoar.example/ioc-removal")


def item_id(*names: str) -> str:
    """Return the UUID of a part that has no name of its own, such as a task, from what it is in.

    names: from the outside to the inside, such as ("playbook", "unmark-false-positives", "report").
    """
    return str(uuid5(_NAMESPACE, "\x1f".join(names)))


def camel(text: str) -> str:
    """Return words as a name: "Huawei Cloud WAF" is HuaweiCloudWAF."""
    words = text.replace("-", " ").replace("_", " ").split()
    return "".join(word[0].upper() + word[1:] for word in words)


def integration_id(title: str) -> str:
    """Return the id, name and folder of a system's integration: KasperskyCyberTrace."""
    return camel(title)


def script_id(action: str) -> str:
    """Return the id, name and folder of the script that a local action is.

    A local action needs no instance: indicators-select is the script IOCRemovalIndicatorsSelect.
    The actions of a system are commands of its integration, named as in the catalogue.
    """
    return PACK + camel(action)


def json_text(document: Mapping[str, Any]) -> str:
    """Return JSON as `demisto-sdk format` keeps it: indented by four, without a last newline."""
    return json.dumps(document, indent=4, ensure_ascii=False)


def filled(name: str, /, **places: str) -> str:
    """Return a text of texts/ with what goes in the place of each $name."""
    text = files(__package__).joinpath("texts", name).read_text(encoding="utf-8")
    return Template(text).substitute(places)
