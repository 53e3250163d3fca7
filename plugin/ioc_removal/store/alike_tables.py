"""The outcomes of batches, those that are alike in one row: of a store since version 7.

Most outcomes of a batch differ in nothing but their indicators. `outcomes` shows each as a row.
"""

SHARED = """
    target TEXT NOT NULL,            -- JSON
    outcome TEXT NOT NULL,
    reason TEXT,
    http_status INTEGER,
    request_id TEXT,
    attempts INTEGER NOT NULL,
    maybe_ours INTEGER NOT NULL,
    response TEXT NOT NULL,          -- JSON
    settled INTEGER NOT NULL,
    advice TEXT,
    verified INTEGER NOT NULL,
    not_restored TEXT,               -- JSON: what was there before and was not put back
"""
_NAMES = ", ".join(line.split()[0] for line in SHARED.strip().splitlines())
_OF_GROUP = ", ".join(f"a.{name}" for name in _NAMES.split(", "))

ALIKE = f"""
CREATE TABLE alike (
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    part INTEGER NOT NULL,           -- of the batch, from 0
    {SHARED.strip()}
    rows INTEGER NOT NULL,           -- how many outcomes these are
    own TEXT NOT NULL,               -- JSON: of each its position, value, id and snapshot
    hashes TEXT,                     -- of each, for the journal, one after the other
    PRIMARY KEY (run, call, batch, part)
);
CREATE VIEW outcomes AS
    SELECT a.run, a.call, a.batch, CAST(json_extract(own.value, '$[0]') AS INTEGER) AS position,
        json_extract(own.value, '$[1]') COLLATE BINARY AS value,
        json_extract(own.value, '$[2]') COLLATE BINARY AS id,
        {_OF_GROUP},
        json_extract(own.value, '$[3]') COLLATE BINARY AS snapshot,
        substr(a.hashes, 1 + 64 * own.key, 64) AS hash, a.part
    FROM alike a, json_each(a.own) own
"""  # noqa: S608  # our own names

# A hash that somebody cut must not move the others out of their places.
_HASH = f"substr(hash || '{'.' * 64}', 1, 64)"
FROM_ROWS = f"""
ALTER TABLE outcomes RENAME TO outcomes_one_by_one;
{ALIKE};
INSERT INTO alike SELECT run, call, batch,
    row_number() OVER (PARTITION BY run, call, batch ORDER BY min(position)) - 1, {_NAMES},
    count(*),
    '[' || group_concat(CAST(json_array(position, value, id, snapshot) AS text), ',\n') || ']',
    group_concat({_HASH}, '')
    FROM (SELECT * FROM outcomes_one_by_one ORDER BY run, call, batch, position) one
    GROUP BY run, call, batch, {_NAMES}, hash IS NULL;
DROP TABLE outcomes_one_by_one
"""  # noqa: S608  # our own names
