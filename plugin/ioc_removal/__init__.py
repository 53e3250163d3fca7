"""Removes indicators of compromise from CyberTrace, SecMaster and WAF, and says what came of it."""

__version__ = "0.1.0"
