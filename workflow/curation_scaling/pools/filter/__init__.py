"""Predicates that drop rows, each row counted under the first that drops it."""
