"""Rows that repeat an id or a content; the keeper does not depend on the order of shards."""
