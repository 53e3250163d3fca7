"""The one way to a handler (perform.py), and the record of what came of it (record.py)."""
