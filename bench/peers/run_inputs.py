"""Run a playbook with inputs that are too long for a command line.

run_inputs.py PLAYBOOK INPUTS SETTINGS STORE; INPUTS a JSON file
"""

import json
import sys
from pathlib import Path

from ioc_removal.integration import load_integration
from ioc_removal.operations.run import run_playbook
from ioc_removal.settings import load_settings
from ioc_removal.store.database import Database

playbook, given, settings, store = sys.argv[1:]
inputs = json.loads(Path(given).read_text(encoding="utf-8"))
record, _ = run_playbook(
    Database(Path(store)), load_integration(), load_settings(settings), playbook, inputs
)
sys.stdout.write(json.dumps([record["result"], record["counts"], record["errors"]]))
sys.exit(record["result"] != "succeeded")
