"""Compare every case: python -m stackstorm API_URL [WORDS], with tests/ on the path.

API_URL: of a StackStorm for tests, such as http://127.0.0.1:9101, on which the exported pack is
registered; $ST2_AUTH_TOKEN where it wants one. WORDS: only cases that hold them. The sandbox is on
loopback, so the StackStorm has to be on this machine.
"""

import sys
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from .compare import StackStorm, compared

CASES = Path(__file__).with_name("compared.yml")


def main(api: str, words: str = "") -> int:
    """Compare, print a line a case; return how many differ."""
    server, wrong = StackStorm(api, environ.get("ST2_AUTH_TOKEN")), 0
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    chosen = [case for case in cases if words in str(case)]
    for case in chosen:
        with TemporaryDirectory() as folder:
            found = list(compared(case, server, Path(folder)))
        wrong += bool(found)
        what = {key: value for key, value in case.items() if key != "expect"}
        print("differs" if found else "the same", what, *found, sep="\n  ", flush=True)
    print(f"{len(chosen)} cases, {wrong} differ")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
