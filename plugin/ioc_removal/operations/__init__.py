"""What a person does with the program: one call (call.py), with an indicator file (inputs.py)."""
