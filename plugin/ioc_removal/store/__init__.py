"""Where runs' rows live, in SQLite or PostgreSQL; the only door to sqlite3 and psycopg."""
