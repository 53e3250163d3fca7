"""The tables of what processes share: of a store since version 4, and since version 5."""

SHARING = """
CREATE TABLE chunks (                -- parts of removals, for whichever process performs them
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    first INTEGER NOT NULL,          -- batch
    stop INTEGER NOT NULL,
    action TEXT NOT NULL,
    queue TEXT NOT NULL,             -- SHA-256 of where the connection leads
    errors TEXT,                     -- JSON; null until it is done
    PRIMARY KEY (run, call, first)
) WITHOUT ROWID;
CREATE INDEX chunks_open ON chunks (queue) WHERE errors IS NULL;

CREATE TABLE requests (              -- by which a caller names a run
    request TEXT PRIMARY KEY,
    run TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE paces (                 -- of connections with a rate
    place TEXT PRIMARY KEY,
    next DOUBLE PRECISION NOT NULL   -- when the next request may start, seconds since 1970
) WITHOUT ROWID
"""

LET_THROUGH = """
CREATE TABLE let_through (           -- batches that a plan let through, in their order in the run
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,         -- from 1
    PRIMARY KEY (run, call, batch)
) WITHOUT ROWID;
CREATE UNIQUE INDEX let_through_number ON let_through (run, number)
"""
