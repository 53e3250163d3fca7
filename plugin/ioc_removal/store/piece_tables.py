"""The table of the items of lists, in pieces: of a store since version 7."""

PIECES = """
CREATE TABLE pieces (
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,       -- of its first item
    items TEXT NOT NULL,             -- JSON: texts or rows, an item a line
    PRIMARY KEY (run, name, position)
)
"""
# A store of version 6 has a row for each item. What is between the items is ",\n"; the key leads to
# those of a piece, one after the other, so that they are put together in their order.
INTO_PIECES = (
    *PIECES.split(";\n"),
    "INSERT INTO pieces (run, name, position, items)"
    " SELECT p.run, p.name, p.first, (SELECT '[' || group_concat(one.item, ',\n') || ']' FROM"
    " (SELECT i.item FROM items i WHERE i.run = p.run AND i.name = p.name"
    " AND i.position BETWEEN p.first AND p.last ORDER BY i.position) one)"
    " FROM (SELECT i.run, i.name, min(i.position) AS first, max(i.position) AS last FROM items i"
    " JOIN (SELECT run, name, CASE WHEN max(length(item)) <= 250 THEN 1000"
    " WHEN max(length(item)) <= 2500 THEN 100 ELSE 10 END AS most FROM items GROUP BY run, name)"
    " m ON m.run = i.run AND m.name = i.name GROUP BY i.run, i.name, i.position / m.most) p",
    "DROP TABLE items",
)
