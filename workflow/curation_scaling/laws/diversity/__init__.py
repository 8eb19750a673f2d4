"""Diversity against count: laws of groups and samples a group compared, and what a budget of samples buys."""
