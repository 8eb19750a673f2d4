"""Pools: samples from a source, scored, drawn, cut into buckets, and joined."""
