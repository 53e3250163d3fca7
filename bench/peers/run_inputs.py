"""Run a playbook with inputs that are too long for a command line.

run_inputs.py PLAYBOOK INPUTS SETTINGS STORE [detach]; INPUTS a JSON file
"""

import json
import sys
from pathlib import Path

from ioc_removal.integration import load_integration
from ioc_removal.operations.run import run_playbook
from ioc_removal.settings import load_settings
from ioc_removal.store.database import Database
from ioc_removal.store.location import store_location

playbook, given, settings, store, *how = sys.argv[1:]
inputs = json.loads(Path(given).read_text(encoding="utf-8"))
record, _ = run_playbook(
    Database(store_location(store)),
    load_integration(),
    load_settings(settings),
    playbook,
    inputs,
    detach=bool(how),
)
sys.stdout.write(json.dumps([record["result"], record["counts"], record["errors"]]))
sys.exit(not how and record["result"] != "succeeded")
