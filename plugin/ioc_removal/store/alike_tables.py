"""The outcomes of batches, those that are alike in one row: of a store since version 7.

Most outcomes of a batch differ in nothing but their indicators, and most batches have one outcome:
since version 8 its indicators are those that the batch has. `outcomes` shows each as a row.
"""

# What `own` is where outcomes are those of the items of their batch, in order: what an item is.
AS_BATCH = VALUE, ID = ("value", "id")

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


def own_of(alike: str) -> str:
    """Return what in a statement is the JSON of what outcomes differ in; alike: its name there."""
    of_batch = " AND ".join(f"b.{name} = {alike}.{name}" for name in ("run", "call", "batch"))
    return (
        f"CASE WHEN {alike}.own IN {AS_BATCH}"  # noqa: S608  # our own names
        f" THEN coalesce((SELECT b.items FROM batches b WHERE {of_batch}), '[]')"
        f" ELSE {alike}.own END"
    )


_OWN = [f"json_extract(own.value, '$[{at}]')" for at in range(4)]
_NAMES = ", ".join(line.split()[0] for line in SHARED.strip().splitlines())
_OF_GROUP = ", ".join(f"a.{name}" for name in _NAMES.split(", "))

TABLE = f"""
CREATE TABLE alike (
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    part INTEGER NOT NULL,           -- of the batch, from 0
    {SHARED.strip()}
    rows INTEGER NOT NULL,           -- how many outcomes these are
    own TEXT NOT NULL,               -- JSON: of each its position, value, id and snapshot; or what
                                     -- the items of the batch are, value or id, whose they are
    hashes TEXT,                     -- of each, for the journal, one after the other
    PRIMARY KEY (run, call, batch, part)
)
"""
_WHOLE = f"a.own IN {AS_BATCH}"
VIEW = f"""
CREATE VIEW outcomes AS
    SELECT a.run, a.call, a.batch,
        CASE WHEN {_WHOLE} THEN own.key ELSE CAST({_OWN[0]} AS INTEGER) END AS position,
        (CASE a.own WHEN '{VALUE}' THEN own.atom WHEN '{ID}' THEN NULL ELSE {_OWN[1]} END)
            COLLATE BINARY AS value,
        (CASE a.own WHEN '{VALUE}' THEN NULL WHEN '{ID}' THEN own.atom ELSE {_OWN[2]} END)
            COLLATE BINARY AS id,
        {_OF_GROUP},
        (CASE WHEN {_WHOLE} THEN NULL ELSE {_OWN[3]} END) COLLATE BINARY AS snapshot,
        substr(a.hashes, 1 + 64 * own.key, 64) AS hash, a.part
    FROM alike a, json_each({own_of("a")}) own
"""  # noqa: S608  # our own names
ALIKE = f"{TABLE};{VIEW}"
SINCE_BATCHES = ("DROP VIEW outcomes", VIEW)  # what makes a store of version 7 one of version 8

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
