"""The whole pack: every part, in one order, and what StackStorm does not give."""

from collections.abc import Callable, Iterator

from ...errors import DefinitionError
from ...integration import Integration
from .actions import action_files, playbook_files
from .configuration import configuration_files
from .metadata import metadata_files
from .pack import PackFile
from .triggers import trigger_files
from .vendored import vendored_files

PARTS: tuple[Callable[[Integration], Iterator[PackFile]], ...] = (
    metadata_files,
    configuration_files,
    action_files,
    playbook_files,
    trigger_files,
    vendored_files,
)
NOT_GIVEN = (
    "plans and their hashes: a playbook runs at once; dry_run is an input of each action, not of "
    "a playbook",
    "four eyes and approval: put core.ask, or a rule, before a playbook",
    "resume of a run, and max_per_run: with `store` in the pack's config each action is a run of "
    "its own in the journal, which `ioc-removal undo RUN` puts back",
    "without `store`, the journal, undo and max_per_hour: StackStorm's own history is the record; "
    "an outcome has the snapshot of what was there before",
    "unless `store` is in PostgreSQL, limits.in_flight and per_second over several actions, each "
    "of which is a process of its own",
)


def pack_files(integration: Integration) -> dict[str, bytes]:
    """Return the files of the pack by their path, below the folder that is exported to.

    Raises DefinitionError when two parts would write one file.
    """
    files: dict[str, bytes] = {}
    for part in PARTS:
        for path, content in part(integration):
            if path in files:
                raise DefinitionError(f"{path}: two parts of the pack would write it")
            files[path] = content.encode() if isinstance(content, str) else content
    return dict(sorted(files.items()))
