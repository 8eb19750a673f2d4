"""Selectors: which samples of a ranking are kept. All return sorted row indices, exactly round(fraction * n) of them.

Rows must be in the order of the samples' uids: ties then fall to the smaller uid, and results do not depend on the
order of any file. Random choices come from the `chance` of each sample, a number in [0, 1) that its uid decides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from curation_scaling.errors import InputError

Scores = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
STRATA = 50
Selector = Callable[[Scores, int], Rows]


def size_of(fraction: float, n: int) -> int:
    """How many of n samples a fraction keeps, at least one.

    Raises:
        InputError: for a fraction of 0 or less, or above 1.
    """
    if not 0 < fraction <= 1:
        raise InputError(f"fraction kept is {fraction:g}, but must be above 0 and at most 1")
    return max(1, round(fraction * n))


def ranks(scores: Scores) -> Rows:
    """Rank of each row, 0 for the highest score; ties by row."""
    check_scores(scores)
    order = np.argsort(-scores, kind="stable")
    out = np.empty(len(scores), np.int64)
    out[order] = np.arange(len(scores))
    return out


def check_scores(scores: Scores) -> None:
    """Raise InputError for the first score that is no finite number."""
    bad = np.flatnonzero(~np.isfinite(scores))
    if bad.size:
        raise InputError(f"the score in row {bad[0]} is {scores[bad[0]]}: a ranking needs finite scores; mend the row")


def hard(scores: Scores, count: int) -> Rows:
    """The highest scores."""
    check_scores(scores)
    return np.sort(np.argsort(-scores, kind="stable")[:count])


def easy(scores: Scores, count: int) -> Rows:
    """The lowest scores."""
    check_scores(scores)
    return np.sort(np.argsort(scores, kind="stable")[:count])


def band(scores: Scores, count: int) -> Rows:
    """Those nearest to the median score. Source: Moderate coreset, Xia et al. 2023."""
    check_scores(scores)
    return np.sort(np.argsort(np.abs(scores - np.median(scores)), kind="stable")[:count])


def coverage(scores: Scores, count: int, chance: Scores, hardest: float = 0.1, strata: int = STRATA) -> Rows:
    """Drop the hardest share, then cover the scores: equal-width strata share the budget from the smallest up.

    Source: CCS, Zheng et al. 2023 (arXiv 2210.15809), Algorithm 1. The share dropped is lowered where it would leave
    fewer than `count`.
    """
    check_scores(scores)
    left = max(len(scores) - int(hardest * len(scores)), count)
    rest = np.argsort(scores, kind="stable")[:left]
    values = scores[rest]
    width = (values[-1] - values[0]) / strata
    stratum = (
        np.zeros(left, np.int64) if width <= 0 else np.minimum((values - values[0]) / width, strata - 1).astype(int)
    )
    sizes = np.bincount(stratum, minlength=strata)
    quota = np.zeros(strata, np.int64)
    budget, open_strata = count, int((sizes > 0).sum())
    for s in np.argsort(sizes, kind="stable"):
        if sizes[s]:
            quota[s] = min(sizes[s], budget // open_strata)
            budget, open_strata = budget - quota[s], open_strata - 1
    order = np.lexsort((rest, chance[rest], stratum))
    place = np.arange(left) - np.concatenate([[0], np.cumsum(sizes)])[stratum[order]]
    return np.sort(rest[order[place < quota[stratum[order]]]])


def beta_sampling(
    scores: Scores, count: int, chance: Scores, easiness: Scores, concentration: float = 15.0, curve: float = 4.0
) -> Rows:
    """Sample without replacement in proportion to score times a Beta density of the easiness (mean label probability).

    The fewer are kept, the more the Beta leans to easy samples: with r the share pruned and m the easiness of the
    highest score, b = C (1 - m) (1 - r^c), a = C - b. Source: DUAL, Cho et al. 2025 (arXiv 2502.06905), section 3.3.
    """
    check_scores(scores)
    pruned = 1 - count / len(scores)
    b = concentration * (1 - float(easiness[np.argmax(scores)])) * (1 - pruned**curve)
    a = concentration - b
    step = 1e-4
    inside = np.clip(easiness, step, 1 - step)
    density = (betainc(a, max(b, 1e-6), inside + step) - betainc(a, max(b, 1e-6), inside - step)) / (2 * step)
    weight = np.maximum(scores - min(scores.min(), 0), 0) * np.maximum(density, 1e-300)
    # The keys ln(u) / w of Efraimidis and Spirakis (2006): the largest are a weighted sample without replacement.
    key = np.log(np.maximum(chance, 2.0**-54)) / np.maximum(weight, 1e-300)
    return np.sort(np.argsort(-key, kind="stable")[:count])


def balanced(scores: Scores, count: int, groups: npt.NDArray[np.integer], floor: float, select: Selector) -> Rows:
    """Keep, of each class, at least the share `floor` of what equal pruning of all classes would leave.

    `select` fills each class's floor and then the rest of the budget from all rows left; groups (samples,).
    Source: the class balance of Sorscher et al. 2022 (arXiv 2206.14486), with floor .5.

    Raises:
        InputError: for a floor outside [0, 1], or a class that is smaller than its floor.
    """
    if not 0 <= floor <= 1:
        raise InputError(f"class floor is {floor:g}, but must be a share from 0 to 1")
    names, of = np.unique(groups, return_inverse=True)
    sizes = np.bincount(of)
    least = np.floor(floor * count / len(scores) * sizes).astype(np.int64)
    if floor > 0 and (empty := np.flatnonzero(least == 0)).size:
        raise InputError(
            f"class {names[empty[0]]} has {sizes[empty[0]]} samples, fewer than its floor of {floor:g} at "
            f"{count / len(scores):.3g} kept can take one of: keep more, lower the floor, or merge the class"
        )
    chosen = np.zeros(len(scores), bool)
    for group in range(len(names)):
        rows = np.flatnonzero(of == group)
        chosen[rows[select(scores[rows], int(least[group]))]] = True
    rest = np.flatnonzero(~chosen)
    chosen[rest[select(scores[rest], count - int(chosen.sum()))]] = True
    return np.flatnonzero(chosen)
