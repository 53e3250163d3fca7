"""Measure, print a table of ratios, and write bench.json."""

import argparse
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from os import cpu_count, getloadavg
from pathlib import Path
from tempfile import TemporaryDirectory

from .given import MAKE, USUAL
from .line import Line, table
from .place import Place
from .processes import ROOT

sys.path.append(str(ROOT / "tests"))  # where a server of PostgreSQL is run

MEASURES = ("cold", "warm", "bulk", "growth", "run", "checking", "ids", "rules", "workers", "noop")


def measured(name: str, scale: float, latency: float | None, mix: Mapping[str, int]) -> list[Line]:
    """Return the lines of a measure."""
    with TemporaryDirectory(prefix="bench-") as folder:
        place = Place(Path(folder), scale, latency, mix)
        return list(import_module(f".measures.{name}", __package__).lines(place))


def main(words: Sequence[str]) -> int:
    """Measure what is asked for; the exit status is 1 when a line misses its bound."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=MEASURES, default=MEASURES)
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes; 0.01 is quick")
    parser.add_argument(
        "--latency", type=milliseconds, metavar="MS", help="of the server, each request"
    )
    parser.add_argument(
        "--mix", nargs="+", type=share, metavar="TYPE=SHARE", help=f"types: {', '.join(MAKE)}"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    asked = parser.parse_args(words)
    lines: list[Line] = []
    for name in asked.only or MEASURES:
        found = measured(name, asked.scale, asked.latency, dict(asked.mix or USUAL.items()))
        lines += found
        sys.stderr.write(table(found))
    whole = {
        "python": platform.python_version(),
        "processors": cpu_count(),
        "load": getloadavg()[0],
        "scale": asked.scale,
        "latency": asked.latency,
        "mix": asked.mix,
        "lines": [line.row() for line in lines],
    }
    asked.json.write_text(json.dumps(whole, indent=2) + "\n")
    missed = sum(not line.kept for line in lines)
    usual = asked.scale == 1 and asked.latency is None and asked.mix is None
    other = (
        "" if usual else "; the bounds are of scale 1, and of the usual latencies and indicators"
    )
    sys.stdout.write(f"\n{table(lines)}{len(lines) - missed} of {len(lines)} kept{other}\n")
    return 1 if missed else 0


def milliseconds(text: str) -> float:
    """Return the seconds that some milliseconds are."""
    return float(text) / 1_000


def share(text: str) -> tuple[str, int]:
    """Return a type of indicators and its share, of TYPE=SHARE; 1 where there is none."""
    kind, _, part = text.partition("=")
    if kind not in MAKE or not (part or "1").isdigit() or not int(part or 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no TYPE=SHARE of {', '.join(MAKE)}")
    return kind, int(part or 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
