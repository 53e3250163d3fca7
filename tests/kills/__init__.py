"""Kill runs at random moments, until so many were killed, and see whether the numbers add up."""
