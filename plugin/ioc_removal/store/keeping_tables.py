"""The tables of retries and schedules: of a store since version 5."""

KEEPING = """
CREATE TABLE retries (               -- which run tries again what another one did not do
    run TEXT PRIMARY KEY,
    retried TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX retries_of ON retries (retried);
CREATE INDEX links_pruned ON links (call) WHERE kind = 'pruned';

CREATE TABLE schedules (             -- runs that workers begin by the clock
    name TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,          -- IANA
    what TEXT NOT NULL,              -- JSON: playbook, inputs, file, connections, requester
    since TEXT NOT NULL,             -- ticks up to then are not its; ISO 8601, UTC
    paused TEXT,
    tick TEXT,                       -- the newest that was begun, or skipped
    run TEXT,                        -- that it began, null when it was skipped
    said TEXT                        -- why it was skipped
) WITHOUT ROWID
"""
