"""The indicators that measures are about, the same in each run."""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

WORDS = ("mail", "cdn", "login", "update", "static", "secure", "api", "files", "portal", "news")


# Of a hundred indicators, how many are of a type; others than these can be asked for.
USUAL: Mapping[str, int] = {
    "domain": 35, "ipv4": 20, "url": 20, "sha256": 15, "md5": 5, "ipv6": 5,
}  # fmt: skip
MAKE: Mapping[str, Callable[[int, str, Random], str]] = {
    "domain": lambda _, name, __: name,
    "ipv4": lambda n, _, __: f"{20 + n % 80}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
    "url": lambda n, name, chance: f"https://{name}/{chance.getrandbits(64):016x}?id={n}",
    "sha256": lambda n, _, chance: f"{chance.getrandbits(216):054x}{n:010x}",
    "md5": lambda n, _, chance: f"{chance.getrandbits(88):022x}{n:010x}",
    "ipv6": lambda n, _, __: f"2a00:1450::{n >> 16:x}:{n & 65535:x}",
    "port": lambda n, name, _: f"http://{name}:8080/{n}",
    "path": lambda n, name, _: f"{name}/pfad-ü/%20/{n}",
    "idn": lambda _, name, __: f"bücher.{name}",
}


def indicators(size: int, mix: Mapping[str, int] = USUAL) -> Iterator[str]:
    """Yield distinct indicators, one in twenty as reports defang them; mix: shares of types."""
    chance = Random(1)  # noqa: S311  # nothing secret
    makers, shares = [MAKE[kind] for kind in mix], [*mix.values()]
    for number in range(size):
        [maker] = chance.choices(makers, shares)
        name = f"{chance.choice(WORDS)}-{number:x}.{chance.choice(WORDS)}.example.com"
        text = maker(number, name, chance)
        if number % 20 == 0:
            text = text.replace("http", "hxxp", 1).replace(".", "[.]")
        yield text


def write_csv(path: Path, size: int, mix: Mapping[str, int] = USUAL) -> Path:
    """Write indicators to a CSV file, as an incident's export has them; mix: of indicators()."""
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("indicator", "source", "comment"))
        rows.writerows((text, "triage", "benign") for text in indicators(size, mix))
    return path


def ids(size: int) -> Iterator[str]:
    """Yield ids as SecMaster gives them."""
    chance = Random(2)  # noqa: S311  # nothing secret
    for _ in range(size):
        text = f"{chance.getrandbits(128):032x}"
        yield "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
