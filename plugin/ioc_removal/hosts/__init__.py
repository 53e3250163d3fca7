"""Exports for SOAR platforms: the same catalogue as a platform's native package."""
