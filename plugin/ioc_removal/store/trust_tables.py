"""The tables of the journal, guards, plans, approvals and undos: of a store since version 3."""

TRUST = """
CREATE TABLE snapshots (             -- of a batch that is about to be sent, until it is finished
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    item TEXT NOT NULL,
    raw TEXT NOT NULL,               -- JSON
    PRIMARY KEY (run, call, batch, item)
) WITHOUT ROWID;

CREATE TABLE links (                 -- the hash chain of a run: one a batch, and what else happened
    run TEXT NOT NULL,
    link INTEGER NOT NULL,           -- from 0
    kind TEXT NOT NULL,              -- begin, call, batch, approval, override, cancel, end, ...
    call TEXT,
    batch INTEGER,
    rows INTEGER NOT NULL,           -- of the batch
    marks TEXT NOT NULL,             -- the first digits of their hashes
    facts TEXT NOT NULL,             -- JSON: what is constant in the run, or was decided
    at TEXT NOT NULL,                -- ISO 8601, UTC
    key TEXT,                        -- name of the key of the hash, null without one
    hash TEXT NOT NULL,              -- of the link before, this one and its rows
    PRIMARY KEY (run, link)
) WITHOUT ROWID;
CREATE UNIQUE INDEX links_batch ON links (run, call, batch) WHERE kind = 'batch';
CREATE INDEX links_approval ON links (run, link) WHERE kind = 'approval';

CREATE TABLE heads (                 -- the global chain: how far the chain of a run was
    head INTEGER PRIMARY KEY,        -- from 0
    run TEXT NOT NULL,
    links INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    last TEXT NOT NULL,              -- hash of the run's last link
    key TEXT,
    hash TEXT NOT NULL               -- of the head before and this one
);
CREATE INDEX heads_run ON heads (run, links);
CREATE INDEX runs_open ON runs (run) WHERE status != 'ended';

CREATE TABLE found (                 -- where an indicator stands in runs that ended
    indicator TEXT NOT NULL,         -- normalised
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (indicator, run, call, batch, position)
) WITHOUT ROWID;

CREATE TABLE indexed (               -- the runs whose rows are all in `found`
    run TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE reserved (              -- what a call may still send, for the caps of the guards
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    place TEXT,                      -- where its connection leads; null for a dry run
    at INTEGER NOT NULL,             -- of the last request, seconds since 1970
    items INTEGER NOT NULL,
    cap TEXT,                        -- that it does not keep: then nothing is sent
    before INTEGER NOT NULL,         -- what counted already
    PRIMARY KEY (run, call)
) WITHOUT ROWID;

CREATE TABLE sent (                  -- what a call sent, minute by minute
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    at INTEGER NOT NULL,             -- the minute's begin, seconds since 1970
    place TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (run, call, at)
) WITHOUT ROWID;

CREATE TABLE going (                 -- rules that a call may have taken from a policy
    policy TEXT NOT NULL,            -- where its connection leads, and its target
    rule TEXT NOT NULL,
    at INTEGER NOT NULL,             -- seconds since 1970
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    PRIMARY KEY (policy, rule)
) WITHOUT ROWID;

CREATE TABLE plans (
    plan TEXT PRIMARY KEY,           -- the dry run that made it, here or in another store
    hash TEXT NOT NULL,              -- SHA-256 of what it would do
    created TEXT NOT NULL,           -- ISO 8601, UTC
    expires TEXT NOT NULL,
    header TEXT NOT NULL             -- JSON
);

CREATE TABLE planned (               -- what a plan would do, and what it found that it would not
    plan TEXT NOT NULL,
    key TEXT NOT NULL,               -- SHA-256; of what would not be done, after its outcome
    section INTEGER NOT NULL,        -- of the header: action, connection, arguments and target
    outcome TEXT NOT NULL,
    assumed INTEGER NOT NULL,        -- whether it depends on what is only assumed
    times INTEGER NOT NULL,          -- how often the playbook came to it
    line TEXT NOT NULL,              -- JSON: value, id and what is known of it
    PRIMARY KEY (plan, key)
) WITHOUT ROWID;
CREATE INDEX planned_lines ON planned (plan, section, line);

CREATE TABLE uses (                  -- what was done of a plan
    plan TEXT NOT NULL,
    key TEXT NOT NULL,
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (plan, key)
) WITHOUT ROWID;
CREATE INDEX uses_run ON uses (run);

CREATE TABLE approvals (
    run TEXT NOT NULL,
    ask TEXT NOT NULL,               -- "plan", or the path of the task that asks
    plan TEXT,                       -- SHA-256 of what is approved
    question TEXT NOT NULL,          -- JSON: text, route, users, schema, counts
    asked TEXT NOT NULL,             -- ISO 8601, UTC
    expires TEXT NOT NULL,
    decision TEXT,                   -- approved, rejected or expired; null until then
    decider TEXT,                    -- JSON: actor, user, ticket, reason
    decided TEXT,
    response TEXT,                   -- JSON: the answer
    used TEXT,                       -- when the run went on by it
    PRIMARY KEY (run, ask)
) WITHOUT ROWID;

CREATE TABLE steps (                 -- of a run that asks: what its playbook has seen so far
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    result TEXT NOT NULL,            -- JSON, sets by reference
    PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE undone (                -- the rows that an undo has put back, or tried to
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    undo TEXT NOT NULL,              -- the run that does it
    undo_call TEXT NOT NULL,         -- of that run
    undo_item TEXT,                  -- of that call; null when it has but one
    before TEXT,                     -- JSON: run and call of an earlier undo that may have done it
    PRIMARY KEY (run, call, batch, position)
) WITHOUT ROWID;
CREATE INDEX undone_by ON undone (undo)
"""

# What the journal covers is only ever added to: its tables, and the columns that never change where
# others do.
ONLY_ADDED = {
    "runs": "run, kind, name, requester, dry_run, started",
    "calls": "",
    "batches": "run, call, batch, items",
    "alike": "",
    "links": "",
    "heads": "",
}
# Of these rows may be taken away with runs that are old; never of the global chain.
TAKEN_FROM = ("runs", "calls", "batches", "alike", "links")
