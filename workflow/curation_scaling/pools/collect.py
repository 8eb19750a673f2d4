"""The edges and the summaries of all draws, in one table each."""

from __future__ import annotations

import polars as pl

from curation_scaling.artifacts import EDGES, SUMMARY
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import PoolStudy
from curation_scaling.study.keys import pools_keys


def collect_pools(study: PoolStudy, layout: Layout) -> None:
    """Join the edges and the summaries of all draws."""
    for schema, target, part in (
        (EDGES, layout.edges, layout.edges_of),
        (SUMMARY, layout.summary, layout.summary_of),
    ):
        paths = [part(draw) for draw in range(study.pools.draws)]
        frame = pl.concat([read(path, schema, study=study.study) for path in paths])
        write(target, schema, frame, study=study.study, inputs=inputs_digest(pools_keys(study), *paths))
