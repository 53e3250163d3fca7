"""Load the catalogue, as JSON where this text of it was read and checked before.

To read its YAML and to check it would be a tenth of the time of a short call.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from ..integration import Integration, integration_of, read_catalogue
from ..loader import read_text
from ..private_file import Entries, PrivateFile
from ..settings import cache_folder_of

KEPT = "ioc-removal/catalogue.json"
FOREVER = 1e12  # seconds since 1970: it stays until there is another text
SOURCES = ("integration.yml", "schemas/integration.json")


def load_catalogue() -> Integration:
    """Return the catalogue of integration.yml; raises DefinitionError."""
    folder = cache_folder_of(os.environ)
    if folder is None:
        return integration_of(read_catalogue())
    key = sha256("\0".join(map(read_text, SOURCES)).encode()).hexdigest()
    file = PrivateFile(folder / KEPT, "catalogues", _whole)
    if entry := file.entries().get(key):
        return integration_of(entry["document"])
    document = read_catalogue()
    if _is_json(document):
        file.change(lambda entries: _replace(entries, key, document))
    return integration_of(document)


def _is_json(document: Any) -> bool:
    """Tell whether JSON gives back all that is there: it has no keys but texts, and no dates."""
    with suppress(TypeError):
        return bool(json.loads(json.dumps(document)) == document)
    return False


def _replace(entries: Entries, key: str, document: Any) -> None:
    entries.clear()
    entries[key] = {"document": document, "expires": FOREVER}


def _whole(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("document"), dict)
