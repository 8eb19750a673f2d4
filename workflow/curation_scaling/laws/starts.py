"""From a grid of seeds to the best local minimum, and what the starts say about other basins."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import cells
from curation_scaling.laws.solver import Problem, minimise

Array = npt.NDArray[np.float64]

STARTS = 16  # points of the grid that are polished
_LOOKED_AT = 64  # seeds at which a parameter must matter for once
CLOSE = 0.02  # relative: starts this near to the best after a first polish are polished to the end
SAME_BASIN = 1e-6  # relative difference of objectives below which two starts reached the same basin


@dataclass(frozen=True)
class Starts:
    """Local minima reached from the starts, best first: free coordinates (starts, free), objectives (starts,)."""

    solutions: Array
    objectives: Array

    @property
    def share_best(self) -> float:
        """Share of the starts that reached the best objective."""
        return float((self.objectives <= self.objectives[0] * (1 + SAME_BASIN) + 1e-24).mean())

    @property
    def runner_up(self) -> tuple[float, float]:
        """Objective of the second-best basin and the share of starts in it; (inf, 0) when there is one basin."""
        rest = self.objectives[self.objectives > self.objectives[0] * (1 + SAME_BASIN) + 1e-24]
        if not rest.size:
            return float("inf"), 0.0
        return float(rest[0]), float((np.abs(rest - rest[0]) <= SAME_BASIN * rest[0]).sum() / self.objectives.size)


def polish(problem: Problem, seeds: Array, runs: pl.DataFrame) -> Starts:
    """Polish the best and a spread of the seeds.

    Raises InputError when the runs are too few or too alike, or when no run depends on a free parameter.
    """
    chart = problem.chart
    free = len(chart.free)
    distinct = int(cells(runs, problem.law.columns).max()) + 1
    if distinct < free:
        read = ", ".join(problem.law.columns)
        raise InputError(
            f"law {problem.law.name} has {free} free parameters, but the runs hold only {distinct} distinct"
            f" value(s) of {read}: add runs at other scales or fix a parameter"
        )
    start = np.unique(chart.coordinates(seeds), axis=0)
    value = np.concatenate([problem.objective(start[i : i + 256]) for i in range(0, len(start), 256)])
    order = np.argsort(value, kind="stable")
    order = order[np.isfinite(value[order])]
    if not order.size:
        raise InputError(
            f"law {problem.law.name} is not finite at any start: check the runs' units and the fixed constants"
        )
    near = order[: STARTS // 2]
    # The other half is spread over the better part of the grid, to see other basins.
    spread = order[
        np.linspace(STARTS // 2, max(STARTS // 2, order.size // 4), STARTS - STARTS // 2)
        .astype(int)
        .clip(max=order.size - 1)
    ]
    chosen = np.unique(np.concatenate([near, spread]))
    _identified(problem, start[order[:_LOOKED_AT]])
    solutions, objectives = minimise(problem, start[chosen], tolerance=1e-9, steps=100)
    close = np.flatnonzero(objectives <= (1 + CLOSE) * objectives.min() + 1e-12)
    solutions[close], objectives[close] = minimise(problem, solutions[close])
    best = np.argsort(objectives, kind="stable")
    return Starts(solutions[best], objectives[best])


def _identified(problem: Problem, start: Array) -> None:
    matrix = problem.normal(start, 1.0)[2]
    dead = (np.einsum("bii->bi", matrix) <= 0).all(axis=0)
    if dead.any():
        name = problem.chart.free[int(np.argmax(dead))]
        raise InputError(
            f"no run depends on parameter {name}, so it cannot be fitted (a half-life needs runs that repeat their"
            " pool): fix it, tie it to another parameter, or add such runs"
        )


def leverages(problem: Problem, estimate: Array) -> Array:
    """Return each row's leverage: the diagonal of the hat matrix of the linearised fit, unweighted by the loss."""
    if not estimate.size:
        return np.zeros(problem.error.size)
    theta = problem.chart.theta(estimate[None])
    predicted, jacobian = problem.law.evaluate(theta, problem.design)
    scaled = problem.loss.through(jacobian[0], predicted[0], problem.error)
    basis = (problem.chart.slope(theta)[0][:, None] * problem.chart.select).T @ scaled * np.sqrt(problem.weight)
    size = np.sqrt((basis**2).sum(axis=1, keepdims=True))
    _, values, right = np.linalg.svd(basis / np.where(size > 0, size, 1), full_matrices=False)
    return np.asarray((right[values > 1e-10 * values[0]] ** 2).sum(axis=0))


def scaled_information(problem: Problem, estimate: Array) -> Array:
    """Return the Gauss-Newton matrix (free, free) in decorrelated coordinates, scaled to a unit diagonal."""
    mix = problem.chart.mix
    matrix = mix.T @ problem.normal(estimate[None], 1.0)[2][0] @ mix
    size = np.sqrt(np.diag(matrix))
    return np.asarray(matrix / np.outer(np.where(size > 0, size, 1.0), np.where(size > 0, size, 1.0)))


def variance_inflation(problem: Problem, estimate: Array) -> Array:
    """Return how much the other parameters inflate each one's variance, shape (free,): 1 when none can."""
    if not estimate.size:
        return np.empty(0)
    return np.asarray(np.diag(np.linalg.pinv(scaled_information(problem, estimate), rcond=1e-15, hermitian=True)))
