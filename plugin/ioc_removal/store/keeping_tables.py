"""The tables of retries and schedules: of a store since version 5."""

KEEPING = """
CREATE TABLE retries (               -- which run tries again what another one did not do
    run TEXT PRIMARY KEY,
    retried TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX retries_of ON retries (retried)
"""
