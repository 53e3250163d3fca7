"""The version that a store must have."""

VERSION = 8
ALIKE_SINCE = 7  # the version that keeps outcomes that are alike together
BATCHES_SINCE = 8  # the version whose outcomes may be those of what their batch has
