"""Delete one indicator as a script with requests does: requests_delete.py ADDRESS INDICATOR."""

import sys

import requests

address, indicator = sys.argv[1:]
answer = requests.delete(
    f"{address}/api/1.3/suppliers/InternalTI/indicators",
    json=[{"indicator": indicator}],
    auth=("soc", "example"),
    timeout=(10, 120),
)
answer.raise_for_status()
sys.stdout.write(f"{answer.json()[0]['status']}\n")
