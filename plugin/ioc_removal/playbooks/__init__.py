"""The playbook language: StackStorm's Orquesta 1.0, the subset in schemas/playbook.json."""
