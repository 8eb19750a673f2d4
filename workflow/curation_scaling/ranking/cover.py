"""Subsets that cover or represent the embeddings: k-center greedy and herding. Both return rows in order of choice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.ranking.embeddings import Matrix, unit_rows

Rows = npt.NDArray[np.int64]


def k_center(matrix: Matrix, count: int) -> Rows:
    """Greedily add the row that is farthest (cosine) from those chosen; the first is the one nearest to the mean.

    Source: Sener and Savarese 2018 (arXiv 1708.00489). One matrix-vector product a choice; ties by row.
    """
    rows = unit_rows(matrix)
    _check(count, len(rows))
    nearest = np.full(len(rows), -np.inf, np.float32)  # largest similarity to a chosen row
    chosen = np.empty(count, np.int64)
    chosen[0] = int(np.argmax(rows @ rows.mean(axis=0)))
    for i in range(count):
        if i:
            chosen[i] = int(np.argmin(nearest))
        np.maximum(nearest, rows @ rows[chosen[i]], out=nearest)
        nearest[chosen[i]] = np.inf  # chosen once
    return chosen


def herding(matrix: Matrix, count: int) -> Rows:
    """Greedily add the row that brings the mean of those chosen nearest to the mean of all.

    Source: Welling 2009, "Herding dynamical weights to learn"; as in iCaRL (Rebuffi et al. 2017).
    """
    rows = unit_rows(matrix)
    _check(count, len(rows))
    mean = rows.mean(axis=0)
    # argmin |mean - (S + x) / k| over unit x is argmax of (k mean - S) . x, as |x| is the same for all.
    along, total = rows @ mean, np.zeros(len(rows), np.float32)
    chosen = np.empty(count, np.int64)
    free = np.ones(len(rows), bool)
    for i in range(count):
        value = np.where(free, (i + 1) * along - total, -np.inf)
        chosen[i] = int(np.argmax(value))
        free[chosen[i]] = False
        total += rows @ rows[chosen[i]]
    return chosen


def _check(count: int, n: int) -> None:
    if not 1 <= count <= n:
        raise InputError(f"{count} of {n} samples cannot be kept: choose from 1 to all of them")
