"""What rankings and selectors do: agreement between seeds, overlap of kept sets, and the classes that remain."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.ranking.correlation import spearman_matrix
from curation_scaling.ranking.select import Scores

Rows = npt.NDArray[np.int64]


def reliability(by_seed: Scores) -> dict[str, float | int | None]:
    """Agreement of the same metric between scorers with other seeds, `by_seed` (seeds, samples).

    `single` is the mean Spearman of two seeds, `lowest` of the worst pair, `mean_of_all` what two means over as many
    other seeds would agree by Spearman-Brown: k r / (1 + (k - 1) r). Null with one seed.
    """
    k = len(by_seed)
    if k < 2:
        return {"models": k, "single": None, "lowest": None, "mean_of_all": None}
    pairs = spearman_matrix(list(by_seed))[np.triu_indices(k, 1)]
    r = float(pairs.mean())
    return {"models": k, "single": r, "lowest": float(pairs.min()), "mean_of_all": k * r / (1 + (k - 1) * r)}


def overlap(kept: Mapping[str, Rows], n: int) -> pl.DataFrame:
    """Shared part of the kept sets of every pair of metrics: first, second, shared, by_chance; all sets equally large.

    Raises:
        InputError: if the sets differ in size.
    """
    names = list(kept)
    count = len(kept[names[0]])
    if any(len(rows) != count for rows in kept.values()):
        raise InputError("kept sets of different sizes have no overlap to compare: keep the same fraction")
    member = np.zeros((len(names), n), np.float32)
    for i, rows in enumerate(kept.values()):
        member[i, rows] = 1
    shared = (member @ member.T) / count
    table = [(names[i], names[j], float(shared[i, j]), count / n) for i, j in combinations(range(len(names)), 2)]
    types = {"first": pl.String, "second": pl.String, "shared": pl.Float64, "by_chance": pl.Float64}
    return pl.DataFrame(table, schema=types, orient="row")


def class_skew(rows: Rows, groups: npt.NDArray[np.str_]) -> pl.DataFrame:
    """Classes before and after: group, share_before, share_kept, kept_of_class, total_variation (half the L1)."""
    names, of = np.unique(groups, return_inverse=True)
    before, after = np.bincount(of), np.bincount(of[rows], minlength=len(names))
    shares = before / before.sum(), after / max(after.sum(), 1)
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    return pl.DataFrame(
        {
            "group": names.astype(str),
            "share_before": shares[0],
            "share_kept": shares[1],
            "kept_of_class": after / before,
            "total_variation": np.full(len(names), distance),
        }
    )
