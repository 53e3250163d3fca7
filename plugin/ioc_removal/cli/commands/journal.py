"""The commands of the journal."""

from .options import Add

ON_JOURNAL = """
The newest runs come first; values are found as they are, refanged and normalised.

`journal verify` says whether the journal is as it was written, names each row that is
not, and tells a hash to keep elsewhere, which --expect compares.

--format jsonl gives every column as it is stored, with its hash (docs/journal.md);
csv has an apostrophe before what a spreadsheet would take for a formula."""


def add_journal(add: Add) -> None:
    """Add the command of the journal."""
    journal = add(
        "journal",
        "journal.journal",
        "Show what became of an indicator, who wanted it and why; verify or export it",
        "ioc-removal journal --indicator 192.0.2.57",
        "ioc-removal journal --since 7d --format csv --out journal.csv",
        "ioc-removal journal --run 20240502-0915 --format jsonl --out journal.jsonl",
        "ioc-removal journal verify --expect 9c1e...",
        more=ON_JOURNAL,
    )
    journal.add_argument("what", metavar="verify", nargs="?", help="verify the journal")
    journal.add_argument("--indicator", metavar="VALUE", help="only this value or id")
    journal.add_argument("--run", metavar="RUN", dest="only_run", help="only this run")
    journal.add_argument("--since", metavar="TIME", help="2024-05-01 (UTC), or 7d, 12h, 90m ago")
    journal.add_argument("--format", choices=("jsonl", "csv"), help="export all of it")
    journal.add_argument("--out", metavar="FILE", help="export to a file that is not there yet")
    journal.add_argument("--expect", metavar="HASH", help="of verify: a hash that was kept")
