"""Orquesta's own conductor beside ours, on generated playbooks; needs the library orquesta."""
