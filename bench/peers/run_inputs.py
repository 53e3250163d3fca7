"""Run a playbook with inputs that are too long for a command line, as the command would.

run_inputs.py PLAYBOOK INPUTS SETTINGS STORE [detach]; INPUTS a JSON file
"""

import gc
import json
import sys
from pathlib import Path


def run(playbook: str, given: str, settings: str, store: str, *how: str) -> int:
    """Run it, and return the exit status; garbage is collected as in ioc_removal.__main__."""
    gc.disable()
    from ioc_removal.__main__ import OFTEN
    from ioc_removal.integration import load_integration
    from ioc_removal.operations.run import run_playbook
    from ioc_removal.settings import load_settings
    from ioc_removal.store.database import Database
    from ioc_removal.store.location import store_location

    gc.freeze()
    gc.enable()
    gc.set_threshold(OFTEN)
    record, _ = run_playbook(
        Database(store_location(store)),
        load_integration(),
        load_settings(settings),
        playbook,
        json.loads(Path(given).read_text(encoding="utf-8")),
        detach=bool(how),
    )
    sys.stdout.write(json.dumps([record["result"], record["counts"], record["errors"]]))
    gc.freeze()
    return int(not how and record["result"] != "succeeded")


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
