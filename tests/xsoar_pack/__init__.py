"""XSOAR's own tools on the exported pack: python -m xsoar_pack VENV [PACK-FOLDER]."""
