"""Export the pack, and tell what XSOAR's own tools say of it; exit status 1 if one refuses it."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ioc_removal.hosts.folder import write_export
from ioc_removal.hosts.xsoar.export import pack_files
from ioc_removal.hosts.xsoar.pack import PACK
from ioc_removal.integration import load_integration

from .content import content_with
from .steps import STEPS


def main(tools: Path) -> int:
    refused = 0
    with TemporaryDirectory() as folder:
        out = Path(folder) / "content"
        write_export(out, "xsoar", pack_files(load_integration()))
        with content_with(out / "Packs" / PACK, tools) as content:
            for name, step in STEPS.items():
                found = step(content)
                refused += not found.ok
                word = "skipped" if found.skipped else "ok" if found.ok else "REFUSED"
                print(f"{word:8} {name}", flush=True)
                if found.skipped or not found.ok:
                    print(found.told)
    return 1 if refused else 0


sys.exit(main(Path(sys.argv[1])))
