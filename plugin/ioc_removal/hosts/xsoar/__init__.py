"""Cortex XSOAR: the catalogue as a content pack that its own tools accept and its server runs."""
