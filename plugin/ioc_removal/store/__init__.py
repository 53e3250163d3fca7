"""Where runs' rows live: runs, inputs, calls, batches, outcomes; the only door to sqlite3."""
