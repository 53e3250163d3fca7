"""The version that a store must have."""

VERSION = 7
ALIKE_SINCE = 7  # the version that keeps outcomes that are alike together
