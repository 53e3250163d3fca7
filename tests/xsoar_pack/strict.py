"""Hold the files of a pack against XSOAR's strict models; runs in the environment of its tools.

Usage: python strict.py PACK. Prints a line a mistake, then how many files there were.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import yaml
from pydantic import ValidationError

MODELS = {
    "pack_metadata.json": ("pack_meta_data", "StrictPackMetadata"),
    "Integrations/*/*.yml": ("integration", "StrictIntegration"),
    "Scripts/*/*.yml": ("script", "StrictScript"),
    "Playbooks/*.yml": ("playbook", "StrictPlaybook"),
    "TestPlaybooks/*.yml": ("playbook", "StrictPlaybook"),
    "Layouts/layoutscontainer-*.json": ("layout", "StrictLayout"),
    "IncidentTypes/*.json": ("incident_type", "StrictIncidentType"),
    "IncidentFields/*.json": ("incident_field", "StrictIncidentField"),
    "IndicatorFields/*.json": ("indicator_field", "StrictIndicatorField"),
}


def main(pack: Path) -> int:
    files = mistakes = 0
    for pattern, (module, name) in MODELS.items():
        model = getattr(
            import_module(f"demisto_sdk.commands.content_graph.strict_objects.{module}"), name
        )
        for file in sorted(pack.glob(pattern)):
            text = file.read_text(encoding="utf-8")
            files += 1
            try:
                model(**(json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)))
            except ValidationError as error:
                for row in error.errors():
                    mistakes += 1
                    print(
                        f"{file.relative_to(pack)}: {'.'.join(map(str, row['loc']))}: {row['msg']}"
                    )
    print(f"{files} files")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
