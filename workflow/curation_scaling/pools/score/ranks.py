"""The quantile of every value of a score: what a rank average is an average of.

One count per distinct value is held: some tens of millions for any number of float32 scores in a few octaves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation_scaling.layout import Layout
from curation_scaling.pools.table import read_rows, writer
from curation_scaling.store import digest, recorded
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.shard_keys import score_keys
from curation_scaling.study.shard_plan import ShardPlan

Counts = tuple[NDArray[Any], NDArray[np.int64]]
_WAITING = 1 << 24  # distinct values that wait to be merged


def build_ranks(study: PoolStudy, layout: Layout, score: str) -> None:
    """Write the distinct values of a score, ascending, and the quantile of each: equal ones share their mean."""
    plan = ShardPlan(study)
    column = f"score.{score}"
    paths = [layout.work.merged(part) for part in range(plan.parts)]
    waiting: list[Counts] = []
    for path in paths:
        wanted = [column, "reason"] if plan.top_filters else [column]
        rows = read_rows(path, wanted, study=study.study)
        scores = rows[column]
        known = ~np.isnan(scores)
        if "reason" in rows:
            known &= rows["reason"] == 0
        waiting.append(np.unique(scores[known], return_counts=True))
        if sum(len(values) for values, _ in waiting) > _WAITING:
            waiting = [merge_counts(waiting)]
    values, counts = merge_counts(waiting)
    quantile = (np.cumsum(counts) - counts / 2) / max(int(counts.sum()), 1)
    schema = pa.schema([("value", pa.from_numpy_dtype(values.dtype)), ("quantile", pa.float64())])
    inputs = digest(score_keys(study), [recorded(path) for path in paths])
    metadata = {"study": study.study, "artifact": "pools/_work/ranks", "inputs": inputs}
    with writer(layout.work.ranks(score), schema, metadata) as file:
        file.append({"value": values, "quantile": quantile}, row_group=1 << 20)


def merge_counts(parts: list[Counts]) -> Counts:
    """Add up the counts of equal values."""
    values, place = np.unique(np.concatenate([v for v, _ in parts]), return_inverse=True)
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, place, np.concatenate([c for _, c in parts]))
    return values, counts
