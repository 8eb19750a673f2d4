"""Compare candidates at each budget: intervals, probability of being best, expected regret, the Pareto sets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation_scaling.laws.fit import Array

BLOCK = 64  # budgets at once: what is compared then stays in the processor's cache


class Comparison(NamedTuple):
    """Arrays of shape (candidates, budgets)."""

    predicted: Array
    lower: Array
    upper: Array
    probability_best: Array
    expected_regret: Array
    best: NDArray[np.bool_]
    pareto: NDArray[np.bool_]


def compare(predicted: Array, draws: Array, level: float) -> Comparison:
    """Compare candidates by their predictions (candidates, budgets) and the draws' (draws, candidates, budgets)."""
    return compare_each(zip(predicted, np.swapaxes(draws, 0, 1), strict=True), level)


def compare_each(forecasts: Iterable[tuple[Array, Array]], level: float) -> Comparison:
    """Compare candidates one after another, so that never more than one candidate's draws are held.

    A draw in which several candidates are equally good shares its vote among them. The regret of a candidate is its
    error minus the best candidate's in the same draw. Budgets increase along the last axis.

    Args:
        forecasts: for each candidate its errors of the estimate, (budgets,), and of the draws, (draws, budgets).
        level: of the intervals.
    """
    running: _Running | None = None
    estimates = []
    for estimate, draws in forecasts:
        running = running or _Running(draws.shape[0], draws.shape[1], level)
        running.add(draws)
        estimates.append(estimate)
    assert running is not None, "nothing to compare"
    predicted = np.stack(estimates)
    lower, upper, probability, regret = running.result()
    best = predicted == predicted.min(axis=0, keepdims=True)
    # On the Pareto set of (compute, error): better than everything that costs less, and the best at its own budget.
    before = np.minimum.accumulate(predicted.min(axis=0))
    cheaper = np.concatenate([[np.inf], before[:-1]])
    return Comparison(predicted, lower, upper, probability, regret, best, best & (predicted < cheaper))


class _Running:
    """What is known of the candidates so far: the least error of each (budget, draw), and who has it."""

    def __init__(self, draws: int, budgets: int, level: float):
        """Start without a candidate."""
        self.least = np.full((budgets, draws), np.inf)
        self.winner = np.zeros((budgets, draws), dtype=np.intp)
        self.ties: list[tuple[int, NDArray[np.intp], Array]] = []  # candidate, where (flat), its error there
        self.tails = (1 - level) / 2, (1 + level) / 2
        self.bounds: list[tuple[Array, Array]] = []
        self.means: list[Array] = []

    def add(self, draws: Array) -> None:
        """Take in the next candidate, (draws, budgets)."""
        number = len(self.means)
        errors = np.array(draws.T, order="C")  # a copy: the quantiles reorder it
        lower, upper, mean = (np.empty(errors.shape[0]) for _ in range(3))
        for start in range(0, errors.shape[0], BLOCK):
            part = slice(start, start + BLOCK)
            mine, least = errors[part], self.least[part]
            equal = mine == least
            if equal.any():
                where = np.flatnonzero(equal)
                self.ties.append((number, where + start * errors.shape[1], mine.ravel()[where]))
            np.copyto(self.winner[part], number, where=mine < least)
            np.minimum(mine, least, out=least)
            np.mean(mine, axis=1, out=mean[part])
            lower[part], upper[part] = quantiles(mine, self.tails)
        self.means.append(mean)
        self.bounds.append((lower, upper))

    def result(self) -> tuple[Array, Array, Array, Array]:
        """Lower, upper, probability of being best, expected regret: all (candidates, budgets)."""
        budgets, draws = self.least.shape
        least, count = self.least.ravel(), len(self.means)
        winners = [(number, where[error == least[where]]) for number, where, error in self.ties]
        shares = np.ones(least.size)
        for _, where in winners:
            shares[where] += 1
        np.divide(1, shares, out=shares)
        row = np.repeat(np.arange(budgets), draws)
        votes = np.bincount(self.winner.ravel() * budgets + row, shares, count * budgets).reshape(count, budgets)
        for number, where in winners:
            votes[number] += np.bincount(row[where], shares[where], budgets)
        regret = np.maximum(np.stack(self.means) - self.least.mean(axis=1), 0)
        lower, upper = (np.stack([bound[i] for bound in self.bounds]) for i in (0, 1))
        return lower, upper, votes / draws, regret


def quantiles(rows: Array, shares: tuple[float, float]) -> tuple[Array, Array]:
    """Two quantiles of each row, interpolated as numpy does by default; the rows are reordered in place."""
    last = rows.shape[1] - 1
    places = [share * last for share in shares]
    corners = sorted({int(p) for p in places} | {min(int(p) + 1, last) for p in places})
    rows.partition(corners, axis=1)
    found = []
    for place in places:
        low = int(place)
        high = min(low + 1, last)
        found.append(rows[:, low] + (place - low) * (rows[:, high] - rows[:, low]))
    return found[0], found[1]


def pareto_set(cost: Array, unique: Array, error: Array) -> NDArray[np.bool_]:
    """Which points (points,) no other one beats: none costs as little, needs as few unique samples and errs less.

    Points that are alike in all three are all kept.
    """
    order = np.lexsort((error, unique, cost))
    kept = np.zeros(cost.size, dtype=bool)
    # Walking by cost: the least error so far for at most so many unique samples, as a staircase.
    steps: list[tuple[float, float, float]] = []  # unique, error, cost; unique rises, error falls
    for i in order:
        u, e, c = float(unique[i]), float(error[i]), float(cost[i])
        kept[i] = not any(su <= u and se <= e and (su, se, sc) != (u, e, c) for su, se, sc in steps)
        if kept[i]:
            steps = [step for step in steps if not (u <= step[0] and e <= step[1] and c <= step[2])]
            steps.append((u, e, c))
    return kept
