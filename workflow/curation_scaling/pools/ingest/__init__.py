"""Read shards into runs of rows that are named by 128-bit uids and sorted within fixed uid ranges."""
