"""The tables of the store, and what brings those of an older one to its version.

A row of `batches` is the intent to send; its `finished` is set together with its outcomes, so a
batch without it may have been sent by a process that did not live to see the answer.

Tables with long texts (`batches`, `alike`, `pieces`) have row ids. Without, SQLite reads each row
whole, text and all, that it compares with a key on its way to another.
"""

from .alike_tables import ALIKE, FROM_ROWS, SINCE_BATCHES
from .keeping_tables import KEEPING
from .listing_tables import LISTING
from .piece_tables import INTO_PIECES, PIECES
from .sharing_tables import LET_THROUGH, SHARING
from .summing_tables import SUMMING
from .trust_tables import TRUST

# What turns a file of a version into one of the next.
MIGRATIONS = {
    1: (
        "ALTER TABLE outcomes ADD COLUMN settled INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE outcomes ADD COLUMN advice TEXT",
    ),
    2: (
        "ALTER TABLE outcomes ADD COLUMN verified INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE outcomes ADD COLUMN snapshot TEXT",
        "ALTER TABLE outcomes ADD COLUMN not_restored TEXT",
        "ALTER TABLE outcomes ADD COLUMN hash TEXT",
        "ALTER TABLE calls ADD COLUMN assumed INTEGER NOT NULL DEFAULT 0",
        *TRUST.split(";\n"),
    ),
    3: ("ALTER TABLE batches ADD COLUMN at INTEGER NOT NULL DEFAULT 0", *SHARING.split(";\n")),
    4: (
        "DROP INDEX runs_started",
        *LET_THROUGH.split(";\n"),
        *LISTING.split(";\n"),
        *KEEPING.split(";\n"),
    ),
    5: (
        "DROP INDEX IF EXISTS reserved_place",
        "DROP INDEX IF EXISTS sent_place",
        *SUMMING.split(";\n"),
    ),
    6: (*FROM_ROWS.split(";\n"), *INTO_PIECES),
    7: SINCE_BATCHES,
}

TABLES = f"""
CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    kind TEXT NOT NULL,              -- call, playbook, undo or prune
    name TEXT NOT NULL,
    status TEXT NOT NULL,            -- running, interrupted, waiting, ended
    result TEXT,                     -- succeeded, partial, failed; null until it ended
    requester TEXT NOT NULL,
    dry_run INTEGER NOT NULL,
    started TEXT NOT NULL,           -- ISO 8601, UTC
    ended TEXT,
    details TEXT NOT NULL            -- JSON: inputs, text of the playbook, settings by name, ...
);

CREATE TABLE sets (
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

CREATE TABLE unused (
    run TEXT NOT NULL,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run, position)
) WITHOUT ROWID;

CREATE TABLE calls (
    run TEXT NOT NULL,
    call TEXT NOT NULL,              -- "call", or the path of the task in the playbook
    action TEXT NOT NULL,
    connection TEXT,
    target TEXT NOT NULL,            -- JSON
    arguments TEXT NOT NULL,         -- JSON, sets by reference
    duplicates INTEGER NOT NULL,
    filled TEXT NOT NULL,            -- JSON: arguments taken from the connection's defaults
    assumed INTEGER NOT NULL DEFAULT 0,  -- of a dry run: it depends on what is only assumed
    PRIMARY KEY (run, call)
) WITHOUT ROWID;

CREATE TABLE batches (
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    items TEXT NOT NULL,             -- JSON: values or ids
    tries INTEGER NOT NULL,          -- how often a process was about to send it
    finished INTEGER NOT NULL,
    at INTEGER NOT NULL DEFAULT 0,   -- when it was cut, or last about to be sent: since 1970
    PRIMARY KEY (run, call, batch)
);

CREATE TABLE outputs (
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    row TEXT NOT NULL,               -- JSON
    PRIMARY KEY (run, call, batch, position)
) WITHOUT ROWID;

CREATE TABLE resolved (              -- the values, as asked for, of each id that a search found
    run TEXT NOT NULL,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, id, value)
) WITHOUT ROWID;
{TRUST};
{SHARING};
{LET_THROUGH};
{LISTING};
{KEEPING};
{SUMMING};
{ALIKE};
{PIECES}"""
