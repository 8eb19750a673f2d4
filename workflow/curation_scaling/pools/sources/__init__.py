"""Data sources: each function reads one and returns all of its samples, without duplicates, in a fixed order."""
