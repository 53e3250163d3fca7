"""The indicators that measures are about, the same in each run."""

import csv
from collections.abc import Iterator
from pathlib import Path
from random import Random

WORDS = ("mail", "cdn", "login", "update", "static", "secure", "api", "files", "portal", "news")


def indicators(size: int) -> Iterator[str]:
    """Yield distinct indicators of all types, one in twenty as reports defang them."""
    chance = Random(1)  # noqa: S311  # nothing secret
    for number in range(size):
        kind, word = chance.randrange(100), chance.choice(WORDS)
        name = f"{word}-{number:x}.{chance.choice(WORDS)}.example.com"
        if kind < 35:
            text = name
        elif kind < 55:
            text = f"{20 + number % 80}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        elif kind < 75:
            text = f"https://{name}/{word}/{chance.getrandbits(64):016x}?id={number}"
        elif kind < 90:
            text = f"{chance.getrandbits(216):054x}{number:010x}"
        elif kind < 95:
            text = f"{chance.getrandbits(88):022x}{number:010x}"
        else:
            text = f"2a00:1450::{number >> 16:x}:{number & 65535:x}"
        if number % 20 == 0:
            text = text.replace("https", "hxxps", 1).replace(".", "[.]")
        yield text


def write_csv(path: Path, size: int) -> Path:
    """Write indicators to a CSV file, as an incident's export has them."""
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("indicator", "source", "comment"))
        rows.writerows((text, "triage", "benign") for text in indicators(size))
    return path


def ids(size: int) -> Iterator[str]:
    """Yield ids as SecMaster gives them."""
    chance = Random(2)  # noqa: S311  # nothing secret
    for _ in range(size):
        text = f"{chance.getrandbits(128):032x}"
        yield "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
