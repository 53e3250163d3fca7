"""`export`: the catalogue as a platform's native package."""

from importlib import import_module
from pathlib import Path

from ..hosts.folder import write_export
from .extras import needed_by
from .session import Session


def export(session: Session) -> int:
    """Write the package of a platform into a folder, and tell what the platform does not give."""
    options, output = session.options, session.output
    host, folder = options.given("host"), Path(options.given("out"))
    with needed_by("export"):
        exporter = import_module(f"..hosts.{host}.export", __package__)
    files: dict[str, bytes] = exporter.pack_files(session.integration)
    not_given: tuple[str, ...] = getattr(exporter, "NOT_GIVEN", ())
    write_export(folder, host, files)
    if output.json:
        told = {"host": host, "out": str(folder), "files": list(files)}
        output.print_json({**told, "not_given": list(not_given)})
    else:
        output.say(f"{folder}: {len(files)} files for {host}")
        for line in not_given:
            output.note(f"not on {host}: {line}")
    return 0
