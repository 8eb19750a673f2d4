"""Budgets at which the best pool changes, with intervals from following each bootstrap draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from curation_scaling.laws.fit import Array

GRID = 400  # budgets between the smallest and the largest, equally spaced in the logarithm
ZOOM = 9  # budgets of each refinement


class Switch(NamedTuple):
    """From `from_pool` to `to_pool` (indices) at `budget`; null bounds lie outside the budgets of the study."""

    from_pool: int
    to_pool: int
    budget: float
    lower: float | None
    upper: float | None
    share: float


def find_switches(
    predict: Callable[[Array], tuple[Array, Array]], smallest: float, largest: float, level: float
) -> list[Switch]:
    """Follow the best pool from the smallest to the largest budget.

    Args:
        predict: budgets (n,) -> errors of the estimate (pools, n) and of the draws (draws, pools, n).
        smallest, largest: the range of budgets, samples seen.
        level: of the interval. In each draw the two pools of a switch cross where the later one first becomes and stays
            better up to `largest`; a draw in which it is better from the start, or never, counts as beyond the range.

    Returns:
        The switches in the order of their budgets. `share` is the share of draws that cross inside the range.
    """
    if largest <= smallest:
        return []
    grid = np.geomspace(smallest, largest, GRID)
    estimate, draws = predict(grid)
    best = np.argmin(estimate, axis=0)
    found = []
    for at in np.flatnonzero(np.diff(best)):
        old, new = int(best[at]), int(best[at + 1])
        budget = _refine(predict, old, new, grid[at], grid[at + 1])
        crossings = np.array([crossing(grid, gain) for gain in draws[:, old] - draws[:, new]])
        tail = (1 - level) / 2
        # Order statistics, not interpolation: infinite crossings must not mix with finite ones.
        lower, upper = np.quantile(crossings, [tail, 1 - tail], method="closest_observation")
        share = float(np.isfinite(crossings).mean())
        found.append(Switch(old, new, budget, finite(lower), finite(upper), share))
    return found


def switch_rows(found: Sequence[Switch], names: Sequence[str], flops: Callable[[float], float | None]) -> pl.DataFrame:
    """Rows of `switches`, without the law and the rule; flops: training FLOPs of so many samples."""
    rows = [
        (i, names[s.from_pool], names[s.to_pool], s.budget, flops(s.budget), s.lower, s.upper, s.share)
        for i, s in enumerate(found)
    ]
    return pl.DataFrame(rows, schema=_ROWS, orient="row")


_ROWS = {"order": pl.Int32, "from_pool": pl.String, "to_pool": pl.String} | dict.fromkeys(
    ("budget", "flops", "lower", "upper", "share"), pl.Float64
)


def _refine(predict: Callable[[Array], tuple[Array, Array]], old: int, new: int, low: float, high: float) -> float:
    """Where the estimate of `new` falls below `old`'s, to 1e-9 of the budget: finer and finer grids between two."""
    while True:
        grid = np.geomspace(low, high, ZOOM)
        estimate, _ = predict(grid)
        behind = int(np.cumprod(estimate[new] >= estimate[old]).sum())  # `old` is ahead at `low`, `new` at `high`
        low, high = grid[max(behind, 1) - 1], grid[min(max(behind, 1), ZOOM - 1)]
        if high - low < 1e-9 * high:
            return float(high)


def crossing(grid: Array, gain: Array) -> float:
    """The budget at which `gain` (budgets,) turns positive for good: -inf if it always is, +inf if never at the end."""
    if gain[-1] <= 0:
        return np.inf
    losing = np.flatnonzero(gain <= 0)
    if not losing.size:
        return -np.inf
    last = int(losing[-1])
    return _root(grid[last : last + 2], gain[last : last + 2])


def _root(budgets: Array, gains: Array) -> float:
    """Where a line through two points, straight in the logarithm of the budget, is zero."""
    share = gains[0] / (gains[0] - gains[1]) if gains[0] != gains[1] else 0.5
    return float(np.exp(np.log(budgets[0]) + share * (np.log(budgets[1]) - np.log(budgets[0]))))


def finite(value: float) -> float | None:
    """The value, or None where it is infinite."""
    return float(value) if np.isfinite(value) else None
