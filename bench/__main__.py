"""Measure, print a table, and write bench.json: python -m bench [--only NAME] [--scale SIZE]."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from os import cpu_count, getloadavg
from pathlib import Path
from tempfile import TemporaryDirectory

from .line import Line, table
from .place import Place
from .processes import ROOT

sys.path.append(str(ROOT / "tests"))  # where a server of PostgreSQL is run

MEASURES = ("cold", "warm", "bulk", "growth", "run", "checking", "ids", "rules", "workers", "noop")


def measured(name: str, scale: float) -> list[Line]:
    """Return the lines of a measure."""
    with TemporaryDirectory(prefix="bench-") as folder:
        place = Place(Path(folder), scale)
        return list(import_module(f".measures.{name}", __package__).lines(place))


def main(words: Sequence[str]) -> int:
    """Measure what is asked for; the exit status is 1 when a line misses its bound."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=MEASURES, default=MEASURES)
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes; 0.01 is quick")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    asked = parser.parse_args(words)
    lines: list[Line] = []
    for name in asked.only or MEASURES:
        found = measured(name, asked.scale)
        lines += found
        sys.stderr.write(table(found))
    whole = {
        "python": platform.python_version(),
        "processors": cpu_count(),
        "load": getloadavg()[0],
        "scale": asked.scale,
        "lines": [line.row() for line in lines],
    }
    asked.json.write_text(json.dumps(whole, indent=2) + "\n")
    missed = sum(not line.kept for line in lines)
    quick = "" if asked.scale == 1 else f"; the bounds are of scale 1, and this is {asked.scale:g}"
    sys.stdout.write(f"\n{table(lines)}{len(lines) - missed} of {len(lines)} kept{quick}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
