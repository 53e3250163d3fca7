"""The whole pack: every part, in one order."""

from collections.abc import Callable, Iterator

from ...errors import DefinitionError
from ...integration import Integration
from .incident import incident_files
from .integrations import integration_files
from .metadata import metadata_files, secrets_ignored
from .pack import PACK, PackFile
from .playbooks import playbook_files
from .scripts import script_files

PARTS: tuple[Callable[[Integration], Iterator[PackFile]], ...] = (
    metadata_files,
    integration_files,
    script_files,
    playbook_files,
    incident_files,
)


def pack_files(integration: Integration) -> dict[str, bytes]:
    """Return the files of the pack by their path, below the folder that is exported to.

    Raises DefinitionError when two parts would write one file.
    """
    found: list[PackFile] = [file for part in PARTS for file in part(integration)]
    found.append((".secrets-ignore", secrets_ignored(found)))
    files: dict[str, bytes] = {}
    for path, content in found:
        whole = f"Packs/{PACK}/{path}"
        if whole in files:
            raise DefinitionError(f"{whole}: two parts of the pack would write it")
        files[whole] = content.encode() if isinstance(content, str) else content
    return dict(sorted(files.items()))
