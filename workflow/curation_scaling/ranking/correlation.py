"""Spearman's rho and Kendall's tau-b between rankings: on all samples, with bootstrap intervals on a seeded sample."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri

from curation_scaling.ranking.select import Scores, check_scores

INTERVAL_ROWS = 20_000
SPEARMAN_REPLICATES, KENDALL_REPLICATES = 200, 30


def correlations(
    scores: Mapping[str, Scores], *, seed: int, level: float = 0.95, interval_rows: int = INTERVAL_ROWS
) -> pl.DataFrame:
    """Rows of `ranking/correlation` without the scorer, one a pair and method.

    The interval is normal on Fisher's z scale around the estimate, its standard error from bootstrap resamples of at
    most `interval_rows` rows (a seeded sample) scaled to all rows.
    """
    names = list(scores)
    table = [scores[name] for name in names]
    for values in table:
        check_scores(values)
    n = len(table[0])
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(n, min(n, interval_rows), replace=False))
    inside = [values[drawn] for values in table]
    pairs = list(combinations(range(len(names)), 2))
    rows = []
    for method, matrix, replicates in (
        ("spearman", spearman_matrix, SPEARMAN_REPLICATES),
        ("kendall", kendall_matrix, KENDALL_REPLICATES),
    ):
        estimate = matrix(table)
        z = []
        for _ in range(replicates):
            at = rng.integers(len(drawn), size=len(drawn))
            resampled = matrix([values[at] for values in inside])
            z.append([_z(resampled[i, j]) for i, j in pairs])
        # The sampling error falls with the root of the rows; the estimate rests on all of them.
        error = np.std(z, axis=0, ddof=1) * np.sqrt(len(drawn) / n) if pairs else np.empty(0)
        reach = float(ndtri((1 + level) / 2)) * error
        for (i, j), width in zip(pairs, reach, strict=True):
            centre = _z(estimate[i, j])
            rows.append((names[i], names[j], method, estimate[i, j], np.tanh(centre - width), np.tanh(centre + width)))
    frame = pl.DataFrame(rows, schema=["first", "second", "method", "estimate", "lower", "upper"], orient="row")
    return frame.with_columns(level=pl.lit(level), samples=pl.lit(n), interval_samples=pl.lit(len(drawn)))


def spearman_matrix(table: list[Scores]) -> npt.NDArray[np.float64]:
    """Spearman's rho of every pair: Pearson's correlation of mean ranks."""
    from scipy.stats import rankdata  # loading it takes as long as a short job

    ranked = np.stack([rankdata(values) for values in table])
    with np.errstate(invalid="ignore"):
        return np.atleast_2d(np.nan_to_num(np.corrcoef(ranked)))


def kendall_matrix(table: list[Scores]) -> npt.NDArray[np.float64]:
    """Kendall's tau-b of every pair; 0 where a ranking is constant."""
    from scipy.stats import kendalltau, rankdata

    ranked = [rankdata(values, method="dense").astype(np.int64) for values in table]
    out = np.eye(len(table))
    for i, j in combinations(range(len(table)), 2):
        out[i, j] = out[j, i] = np.nan_to_num(kendalltau(ranked[i], ranked[j], method="asymptotic").statistic)
    return out


def _z(value: float) -> float:
    return float(np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12)))
