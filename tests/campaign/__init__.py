"""Deletions under seeded random faults, judged by what the sandbox truly holds and was asked."""
