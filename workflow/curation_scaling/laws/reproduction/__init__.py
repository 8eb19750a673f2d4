"""Reruns of papers: their runs, their fits made again, and their numbers compared."""
