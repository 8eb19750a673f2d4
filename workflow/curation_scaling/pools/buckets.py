"""Cut scored samples into quality buckets, exactly: bucket sizes are right to one row, ties are broken by uid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.pools.select.ends import equal_shares


def cut_buckets(
    frame: pl.DataFrame,
    *,
    keep: str,
    within_group: bool = False,
    buckets: int | None = None,
    edges: Sequence[float] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut samples into buckets, bucket 1 being the best.

    Args:
        frame: uid_hi, uid_lo, group, size, score (no null, no NaN), one row a sample.
        keep: "high" if a high score is good, "low" if a low one is.
        within_group: rank samples by their quantile (0 to 1) within their group instead of by their score.
        buckets: number of buckets B; bucket k ends at row ceil(k N / B), so that coarser grids nest in finer ones.
        edges: increasing edges of score or quantile instead; a row on an edge belongs to the higher side.

    Returns:
        The pool rows (uid_hi, uid_lo, score, bucket, rank, size) sorted by uid, and the edges (one row a bucket).

    Raises:
        InputError: if there are fewer rows than buckets, or a bucket between two edges is empty.
    """
    best_first = keep == "high"
    value = pl.col("score")
    if within_group:
        # Among equal scores the smaller uid is the better one, as it is without groups.
        best = pl.struct(-pl.col("score") if best_first else "score", "uid_hi", "uid_lo").rank("ordinal")
        behind = ((best - 0.5) / pl.len()).over("group")
        value = 1 - behind if best_first else behind
    ordered = (
        frame.with_columns(value=value)
        .sort("value", "uid_hi", "uid_lo", descending=[best_first, False, False])
        .with_columns(rank=pl.int_range(pl.len(), dtype=pl.Int64))
    )
    count = buckets if buckets is not None else len(edges or []) + 1
    if buckets is not None:
        if ordered.height < buckets:
            raise InputError(f"key pools.buckets: {buckets} buckets of {ordered.height} scored rows; lower the number")
        ends = equal_shares(ordered.height, count)
        bucket = np.searchsorted(ends, np.arange(ordered.height), side="right") + 1
    else:
        above = np.searchsorted(np.asarray(edges, float), ordered["value"].to_numpy(), side="right")
        bucket = count - above if best_first else above + 1
        for k in range(1, count + 1):
            if not (bucket == k).any():
                raise InputError(f"key pools.edges: no row falls into bucket{k}; change the edges around it")
    ordered = ordered.with_columns(bucket=pl.Series(bucket.astype(np.int32)))
    pool = ordered.select("uid_hi", "uid_lo", "score", "bucket", "rank", "size").sort("uid_hi", "uid_lo")
    return pool, _describe_edges(ordered)


def _describe_edges(ordered: pl.DataFrame) -> pl.DataFrame:
    ties = ordered.group_by("value").agg(ties=pl.len().cast(pl.Int64))
    return (
        ordered.group_by("bucket", maintain_order=True)
        .agg(
            score_min=pl.col("score").min(),
            score_max=pl.col("score").max(),
            cut_uid_hi=pl.col("uid_hi").last(),
            cut_uid_lo=pl.col("uid_lo").last(),
            cut_rank=pl.col("rank").last(),
            value=pl.col("value").last(),
            rows=pl.len().cast(pl.Int64),
            size=pl.col("size").sum(),
        )
        .join(ties, on="value", how="left")
        .drop("value")
        .sort("bucket")
    )
