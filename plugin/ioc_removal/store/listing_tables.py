"""What finds runs, and tells what they wait for: of a store since version 5."""

LISTING = """
CREATE INDEX runs_order ON runs (started, run);
CREATE INDEX runs_status ON runs (status, started, run);
CREATE INDEX runs_result ON runs (result, started, run);
CREATE INDEX runs_name ON runs (name, started, run);
CREATE INDEX runs_requester ON runs (requester, started, run);
CREATE TABLE pauses (                -- in which a run waits before it tries again
    run TEXT NOT NULL,
    what TEXT NOT NULL,              -- a connection, or a pause of the playbook
    until INTEGER NOT NULL,          -- seconds since 1970; over when its process dies before
    why TEXT NOT NULL,
    PRIMARY KEY (run, what)
) WITHOUT ROWID;
CREATE INDEX links_cancel ON links (run) WHERE kind = 'cancel'
"""
