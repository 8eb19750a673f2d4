"""Unions: pools that join buckets of one draw."""

from __future__ import annotations

import polars as pl

from curation_scaling.artifacts import POOL
from curation_scaling.layout import Layout
from curation_scaling.pools.subset import write_subset
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import PoolStudy
from curation_scaling.study.keys import union_keys


def build_union(study: PoolStudy, layout: Layout, pool: str, draw: int) -> None:
    """Join the buckets of a union into its manifest and subset file."""
    members = [layout.pool(member, draw) for member in study.pools.members[pool]]
    joined = pl.concat([read(path, POOL, study=study.study) for path in members]).sort("uid_hi", "uid_lo")
    write_subset(layout.subset(pool, draw), joined)
    inputs = inputs_digest(union_keys(study, pool, draw), *members)
    write(layout.pool(pool, draw), POOL, joined, study=study.study, inputs=inputs)
