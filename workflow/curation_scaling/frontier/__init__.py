"""The frontier: every pool at every budget, and where the best one changes."""
