"""What the theory says about pruning: the best fraction, the envelope, where one rule overtakes another, exponents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from curation_scaling.errors import InputError
from curation_scaling.laws.perceptron.kept import Array, Keep, Score
from curation_scaling.laws.perceptron.solve import Solution, Solver, solve

SMALLEST_FRACTION = 0.01
_GRID = 13  # fractions, equally spaced in the logarithm, before the best of them is refined


@dataclass(frozen=True)
class Best:
    """The fraction with the least error at a load, held at `alpha_tot` or at `alpha_prune`."""

    alpha_tot: float
    alpha_prune: float
    fraction: float
    error: float


def best_fraction(
    alpha: float,
    theta: float = 0.0,
    keep: Keep = "hard",
    score: Score = "abs",
    *,
    at: Literal["alpha_tot", "alpha_prune"] = "alpha_prune",
    most: float = np.inf,
    smallest: float = SMALLEST_FRACTION,
) -> Best:
    """The best fraction at a fixed number of examples: of all (`alpha_tot`) or of those kept (`alpha_prune`).

    most: cap on alpha_tot where alpha_prune is held: there is no more data than that. smallest: least fraction tried.

    Raises:
        InputError: if the cap leaves no fraction up to 1.
    """
    if at == "alpha_prune":
        smallest = max(smallest, alpha / most)
    if smallest > 1:
        raise InputError(f"alpha_prune {alpha:g} is more than the cap on alpha_tot, {most:g}: raise the cap")

    solver = Solver(theta, keep, score)

    def error(log_fraction: float) -> float:
        fraction = min(float(np.exp(log_fraction)), 1.0)
        return float(np.log(solver.at(alpha / fraction if at == "alpha_prune" else alpha, fraction).error))

    grid = np.linspace(0.0, np.log(smallest), _GRID if smallest < 1 else 1)
    values = [error(x) for x in grid]
    i = int(np.argmin(values))
    place, least = float(grid[i]), values[i]
    if len(grid) > 1:
        ends = grid[min(i + 1, len(grid) - 1)], grid[max(i - 1, 0)]
        found = minimize_scalar(error, bounds=ends, method="bounded", options={"xatol": 1e-5})
        if found.fun < least:
            place, least = float(found.x), float(found.fun)
    fraction = float(np.exp(place))
    tot, prune = (alpha / fraction, alpha) if at == "alpha_prune" else (alpha, alpha * fraction)
    return Best(tot, prune, fraction, float(np.exp(least)))


def envelope(
    alpha_prune: Sequence[float] | Array,
    theta: float = 0.0,
    keep: Keep = "hard",
    score: Score = "abs",
    *,
    most: float = np.inf,
    smallest: float = SMALLEST_FRACTION,
) -> list[Best]:
    """The least error over fractions at each number of examples kept.

    Without a cap on alpha_tot a perfect probe falls as fast as `smallest` allows; under the cap the envelope ends in a
    floor near .5 / most, so a fall "faster than a power law" is a claim about a range.
    """
    return [best_fraction(float(a), theta, keep, score, most=most, smallest=smallest) for a in alpha_prune]


def boundary(
    fraction: float,
    theta: float = 0.0,
    first: Keep = "hard",
    second: Literal["easy", "random"] = "easy",
    score: Score = "abs",
    *,
    low: float = 0.5,
    high: float = 1e3,
) -> float:
    """The alpha_tot above which `first` beats `second` at a fraction; random keeps alpha_tot * fraction of any kind.

    Raises:
        InputError: if the two do not cross between `low` and `high`.
    """

    def gain(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        ours = solve(alpha, fraction, theta, first, score).error
        other = solve(alpha * fraction, 1.0) if second == "random" else solve(alpha, fraction, theta, second, score)
        return float(np.log(ours) - np.log(other.error))

    ends = float(np.log(low)), float(np.log(high))
    if not gain(ends[0]) > 0 > gain(ends[1]):
        raise InputError(
            f"{first} does not overtake {second} between alpha_tot {low:g} and {high:g} at {fraction:g} kept"
        )
    return float(np.exp(brentq(gain, *ends, xtol=1e-8)))


def local_exponents(solutions: Sequence[Solution]) -> Array:
    """-d ln(error) / d ln(alpha_tot) along a curve, by central differences: shape (solutions,).

    Raises:
        InputError: for fewer than three solutions.
    """
    if len(solutions) < 3:
        raise InputError(f"{len(solutions)} solutions have no local exponent: give three or more")
    x, y = np.log([s.alpha_tot for s in solutions]), np.log([s.error for s in solutions])
    return np.asarray(-np.gradient(y, x))
