"""What adds up what runs send, for the caps: of a store since version 6."""

SUMMING = """
CREATE INDEX reserved_left ON reserved (place, at) WHERE items > 0;
CREATE INDEX reserved_run ON reserved (run) WHERE items > 0;
CREATE INDEX sent_sum ON sent (place, at, items)
"""
