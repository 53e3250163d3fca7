"""What a person does with the program: one call, a playbook's run, with an indicator file."""
