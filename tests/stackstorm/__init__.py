"""The exported pack on a StackStorm, beside the embedded engine: the same inputs, the same ends."""
