"""The cost of scoring inside the budget: what is left to train on, and from which budget on choosing pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from curation_scaling.errors import InputError
from curation_scaling.frontier.budgets import BudgetAxis
from curation_scaling.frontier.candidates import Candidate, by_size
from curation_scaling.frontier.curves import predict_mixtures
from curation_scaling.frontier.forecaster import Forecaster
from curation_scaling.laws.fit import Array
from curation_scaling.study.frontier import Scorer

_GRID = 300  # budgets between the smallest and the largest


class BreakEven(NamedTuple):
    """Budgets, in samples, between which a scored candidate is the better one although it pays for its scores.

    starts, ends: of the estimate; None where that lies outside the budgets. lower, upper: interval of `starts`.
    share: of the draws in which choosing pays somewhere among the budgets.
    """

    starts: float | None
    ends: float | None
    lower: float | None
    upper: float | None
    share: float


def scoring_cost(scorer: Scorer, axis: BudgetAxis, everything: float) -> float:
    """What the scores cost, in samples of training.

    Raises:
        InputError: if the cost is in FLOPs and those of training are not known.
    """
    scored = float(scorer.scored or everything)
    if scorer.samples_per_sample is not None:
        return scorer.samples_per_sample * scored
    assert scorer.flops_per_sample is not None
    if axis.flops_per_sample is None:
        raise InputError(
            f"key frontier.scorers: {scorer.name!r} costs FLOPs, but the FLOPs of training are not known; give "
            "frontier.params or frontier.flops_per_sample, or samples_per_sample instead"
        )
    return scorer.flops_per_sample * scored / axis.flops_per_sample


def needs_scores(candidate: Candidate, sizes: dict[str, int], unscored: Sequence[str]) -> bool:
    """Whether a candidate can be had only with scores: all buckets in proportion to size are there without."""
    if candidate.name in unscored:
        return False
    whole, mine = by_size(sizes), candidate.mixture
    return mine.pools != whole.pools or not np.allclose(mine.weights, whole.weights, rtol=0, atol=1e-9)


def least_errors(fit: Forecaster, candidates: list[Candidate], samples: Array) -> tuple[Array, Array]:
    """The least error of any of the candidates: of the estimate, (n,), and of each draw, (draws, n)."""
    best: tuple[Array, Array] | None = None
    for candidate in candidates:
        estimate, draws = (e[..., 0, :] for e in predict_mixtures(fit, [candidate.mixture], samples))
        best = (estimate, draws) if best is None else (np.minimum(best[0], estimate), np.minimum(best[1], draws))
    assert best is not None
    return best


def break_even(
    fit: Forecaster, scored: list[Candidate], free: list[Candidate], cost: float, axis: BudgetAxis, level: float
) -> BreakEven | None:
    """Where the best scored candidate, on what the scores leave of the budget, overtakes the best free one.

    None where one of the two kinds has no candidate.
    """
    if not scored or not free:
        return None
    least = cost + min(c.unique for c in scored)
    low, high = max(float(axis.samples[0]), least), float(axis.samples[-1])
    if low >= high:
        return BreakEven(None, None, None, None, 0.0)
    grid = np.geomspace(low, high, _GRID)
    ours, theirs = least_errors(fit, scored, grid - cost), least_errors(fit, free, grid)
    gain, gains = theirs[0] - ours[0], theirs[1] - ours[1]
    start, end = _stretch(grid, gain)
    starts = np.array([_stretch(grid, g)[0] for g in gains])
    tail = (1 - level) / 2
    lower, upper = np.quantile(starts, [tail, 1 - tail], method="closest_observation")
    share = float(np.isfinite(starts).mean())
    return BreakEven(_finite(start), _finite(end), _finite(lower), _finite(upper), share)


def _stretch(grid: Array, gain: Array) -> tuple[float, float]:
    """Where `gain` first turns positive, and where it then turns negative again; inf where it does not."""
    positive = gain > 0
    if not positive.any():
        return np.inf, np.inf
    first = int(np.argmax(positive))
    start = float(grid[0]) if first == 0 else _root(grid, gain, first - 1)
    after = np.flatnonzero(~positive[first:])
    end = np.inf if not after.size else _root(grid, gain, first + int(after[0]) - 1)
    return start, end


def _root(grid: Array, gain: Array, at: int) -> float:
    """The zero between two points of the grid, of a line in the logarithm of the budget."""
    share = gain[at] / (gain[at] - gain[at + 1])
    return float(grid[at] * (grid[at + 1] / grid[at]) ** share)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
