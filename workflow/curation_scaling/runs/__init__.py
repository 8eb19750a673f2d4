"""Runs: training results on pools, made here or elsewhere."""
