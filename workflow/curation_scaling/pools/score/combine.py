"""The one score that ranks a row, from the scores that it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_scaling.pools.table import Rows
from curation_scaling.study.shards import ShardsSource


def ranking_scores(source: ShardsSource) -> list[str]:
    """The scores that a row needs to be ranked."""
    if source.combine:
        return list(source.combine.scores)
    return [source.rank_by or source.score_names[0]]


def row_score(source: ShardsSource, rows: Rows) -> NDArray[Any]:
    """The score (n,) as far as one row decides it: for a rank average, the first of its scores."""
    columns = [rows[f"score.{name}"] for name in ranking_scores(source)]
    by = source.combine.by if source.combine else None
    score = columns[0]
    if by in ("minimum", "product"):
        for column in columns[1:]:
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                score = np.minimum(score, column) if by == "minimum" else score * column
    return np.asarray(score + score.dtype.type(0))


def rank_average(
    source: ShardsSource, rows: Rows, quantiles: Mapping[str, tuple[NDArray[Any], NDArray[np.float64]]]
) -> NDArray[Any]:
    """The weighted mean (n,) of the quantiles of a row's scores, NaN where it lacks one.

    Args:
        source: with `combine` by rank_average.
        rows: with the scores.
        quantiles: of each score, its values in ascending order and the quantile of each.
    """
    assert source.combine is not None
    total = np.zeros(len(rows["uid_hi"]))
    for name, weight in source.combine.scores.items():
        scores = rows[f"score.{name}"]
        values, share = quantiles[name]
        missing = np.isnan(scores)
        place = np.searchsorted(values, np.where(missing, values[0] if len(values) else 0, scores))
        total += weight * np.where(missing, np.nan, share[np.minimum(place, len(share) - 1)] if len(share) else np.nan)
    return (total / sum(source.combine.scores.values())).astype(source.precision)
