"""Check indicators and dump them as JSON: checking.py KIND SIZE, KIND texts or objects.

Prints CPU microseconds of one, and whether jsonschema-rs is there.
"""

import json
import sys
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[2]))
from bench.given import ids, indicators

from ioc_removal.checking import check_arguments
from ioc_removal.integration import load_integration
from ioc_removal.schema import Schema

kind, size = sys.argv[1], int(sys.argv[2])
PORTION = 10_000
if kind == "strings":
    definition = load_integration().definitions["cybertrace-indicators-delete"]
    items: list[object] = list(indicators(size))
    given = {"supplier": "InternalTI"}

    def check() -> None:
        """Check as a call does, portion by portion."""
        check_arguments(definition, given, {"api_version": "1.3"}, items, "indicators")

else:
    schema = Schema(
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {
                        "type": "string",
                        "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
                    },
                    "value": {"type": "string", "minLength": 1, "maxLength": 2048},
                    "verdict": {"enum": ["Black", "White", "Gray"]},
                },
                "required": ["id", "value"],
                "additionalProperties": False,
            },
        }
    )
    pairs = zip(ids(size), indicators(size), strict=True)
    items = [{"id": id_, "value": value, "verdict": "Black"} for id_, value in pairs]

    def check() -> None:
        """Check portion by portion."""
        for start in range(0, size, PORTION):
            for problem in schema.problems(items[start : start + PORTION]):
                raise AssertionError(problem)


check()
begun = process_time()
check()
checked = process_time() - begun
begun = process_time()
for start in range(0, size, PORTION):
    json.dumps(items[start : start + PORTION])
dumped = process_time() - begun
sys.stdout.write(
    json.dumps([checked / size * 1e6, dumped / size * 1e6, "jsonschema_rs" in sys.modules])
)
