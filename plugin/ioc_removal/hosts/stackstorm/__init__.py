"""The catalogue as a StackStorm pack: actions, playbooks as Orquesta workflows, rules, aliases."""
