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
    "ipv4": lambda n, _, __: f"{20 + n % 80}.{'.'.join(map(str, _spread(n).to_bytes(3, 'big')))}",
    "url": lambda n, name, chance: f"https://{name}/{chance.getrandbits(64):016x}?id={n:08}",
    "sha256": lambda n, _, chance: f"{chance.getrandbits(216):054x}{n:010x}",
    "md5": lambda n, _, chance: f"{chance.getrandbits(88):022x}{n:010x}",
    "ipv6": lambda n, _, __: f"2a00:1450:{n >> 24:x}::{_spread(n) >> 12:x}:{_spread(n) & 4095:x}",
    "port": lambda n, name, _: f"http://{name}:8080/{n:08}",
    "path": lambda n, name, _: f"{name}/pfad-ü/%20/{n:08}",
    "idn": lambda _, name, __: f"bücher.{name}",
}


def _spread(number: int) -> int:
    """Return another number of 24 bits for each, none of which is mostly smaller."""
    return number * 0x9E3779B1 & (1 << 24) - 1


def indicators(size: int, mix: Mapping[str, int] = USUAL) -> Iterator[str]:
    """Yield distinct indicators, one in twenty as reports defang them; mix: shares of types.

    They are as long in the mean, however many there are: what grows is their number alone.
    """
    chance = Random(1)  # noqa: S311  # nothing secret
    makers, shares = [MAKE[kind] for kind in mix], [*mix.values()]
    for number in range(size):
        [maker] = chance.choices(makers, shares)
        name = f"{chance.choice(WORDS)}-{number:06x}.{chance.choice(WORDS)}.example.com"
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
