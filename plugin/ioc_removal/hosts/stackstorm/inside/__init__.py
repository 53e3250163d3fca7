"""What runs inside StackStorm: the pack carries these modules, and those that they need."""
