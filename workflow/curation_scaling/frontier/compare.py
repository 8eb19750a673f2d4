"""Compare pools at each budget: intervals, probability of being best, expected regret, the Pareto set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation_scaling.laws.fit import Array


class Comparison(NamedTuple):
    """Arrays of shape (pools, budgets)."""

    predicted: Array
    lower: Array
    upper: Array
    probability_best: Array
    expected_regret: Array
    best: NDArray[np.bool_]
    pareto: NDArray[np.bool_]


def compare(predicted: Array, draws: Array, level: float) -> Comparison:
    """Compare pools by their predictions (pools, budgets) and the draws' (draws, pools, budgets).

    A draw in which several pools are equally good shares its vote among them. The regret of a pool is its error minus
    the best pool's in the same draw. Budgets increase along the last axis.
    """
    tail = (1 - level) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail], axis=0)
    least = draws.min(axis=1, keepdims=True)
    winners = draws == least
    probability = (winners / winners.sum(axis=1, keepdims=True)).mean(axis=0)
    regret = (draws - least).mean(axis=0)
    best = predicted == predicted.min(axis=0, keepdims=True)
    # On the Pareto set of (compute, error): better than everything that costs less, and the best at its own budget.
    before = np.minimum.accumulate(predicted.min(axis=0))
    cheaper = np.concatenate([[np.inf], before[:-1]])
    return Comparison(predicted, lower, upper, probability, regret, best, best & (predicted < cheaper))
