"""The schemas of the artifacts that only studies of shards have."""

from __future__ import annotations

import pyarrow as pa

from curation_scaling.artifacts import Column, Schema

HISTOGRAM = Schema(
    "pools/histogram",
    (
        Column("group", pa.string(), nullable=True),
        Column("score_low", pa.float64(), "lowest score of the cell"),
        Column("score_high", pa.float64(), "highest score of the cell"),
        Column("rows", pa.int64()),
        Column("size", pa.int64(), "units of the study"),
    ),
    sort=("group", "score_low"),
    key=("group", "score_low"),
)

GROUP_EDGES = Schema(
    "pools/group_edges",
    (
        Column("group", pa.string()),
        Column("bucket", pa.int32(), "1 is the best; the last has no end of its own"),
        Column("pool", pa.string()),
        Column("score", pa.float64(), "of the group's last row in the bucket"),
        Column("reached", pa.int64(), "what the group holds up to the end: rows, or its size where that is cut"),
        Column("ties", pa.int64(), "what has that score in the group, in the same unit"),
        Column("tied_before", pa.int64(), "of the ties, what lies before the end, in the order of uids"),
    ),
    sort=("group", "bucket"),
    key=("group", "bucket"),
)

LEDGER = Schema(
    "pools/shards",
    (
        Column("shard", pa.string()),
        Column("outcome", pa.string(), "read | kept | the reason that rows are not; all but the first add up to it"),
        Column("rows", pa.int64()),
    ),
    sort=("shard", "outcome"),
    key=("shard", "outcome"),
)


def part_schema(precision: str, sizes: tuple[str, ...], grouped: bool) -> pa.Schema:
    """A pool's part: one fixed range of uids, sorted; `sizes` are those of tokens and bytes that the source has."""
    score = pa.float32() if precision == "float32" else pa.float64()
    fields = [("uid_hi", pa.uint64()), ("uid_lo", pa.uint64()), ("score", score), ("bucket", pa.int32())]
    fields += [(name, pa.int64()) for name in sizes]
    return pa.schema(fields + ([("group", pa.string())] if grouped else []))
