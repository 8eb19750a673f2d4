"""Trainers: each trains a model on weighted pools and returns the error at every checkpoint."""
