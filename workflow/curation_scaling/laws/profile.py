"""Profile of a parameter: how much worse the fit must get when that parameter is held elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from curation_scaling.errors import InputError
from curation_scaling.laws.chart import Chart
from curation_scaling.laws.solver import Problem, minimise

if TYPE_CHECKING:
    from curation_scaling.laws.fit import Fit

Array = npt.NDArray[np.float64]

_STRIDES = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.5, 8.0, 12.0, 18.0, 27.0, 40.0, 60.0])  # standard errors
_REFINEMENTS = 4


@dataclass(frozen=True)
class Profile:
    """table: value, objective, statistic, inside; the interval is where statistic <= threshold.

    lower and upper are infinite (or the bound) where the profile never rises above the threshold: the runs do not bound
    the parameter on that side. improved: some point fits better than the fit itself, which then missed the optimum.
    """

    name: str
    table: pl.DataFrame
    lower: float
    upper: float
    threshold: float
    improved: bool


def profile(fit: Fit, name: str, level: float) -> Profile:
    """Follow the profile on both sides until it leaves the interval of the given level.

    statistic = 2 tau (objective - best), compared with the square of Student's t on n - p degrees of freedom, where
    tau = mean psi' / (mean psi^2 n / (n - p)) turns a loss into a likelihood ratio (exact for least squares, and the
    usual scaling for robust losses). Raises InputError on a parameter that is unknown or not free.
    """
    chart = fit.problem.chart
    if name not in chart.free:
        raise InputError(f"parameter {name!r} is not free in this fit: profile one of {', '.join(chart.free)}")
    walk = _Walk(fit, name)
    freedom = max(fit.problem.error.size - len(chart.free), 1)
    threshold = float(stdtrit(freedom, 0.5 + level / 2)) ** 2
    lower, below = _side(walk, -1.0, threshold)
    upper, above = _side(walk, 1.0, threshold)
    points = sorted([*below, (walk.centre, fit.objective, 0.0), *above])
    table = pl.DataFrame(
        {
            "value": [walk.natural(z) for z, _, _ in points],
            "objective": [objective for _, objective, _ in points],
            "statistic": [statistic for _, _, statistic in points],
            "inside": [statistic <= threshold for _, _, statistic in points],
        }
    )
    improved = bool(min(objective for _, objective, _ in points) < fit.objective * (1 - 1e-6))
    return Profile(name, table, walk.natural(lower), walk.natural(upper), threshold, improved)


def scale_of_loss(problem: Problem, residual: Array, free: int) -> float:
    """Return tau, with 2 tau (objective - best) distributed as chi-squared near the best fit; residuals (rows,)."""
    loss, weight = problem.loss, problem.weight
    size = np.abs(residual)
    psi = weight * loss.weight(residual) * residual
    if loss.squared:
        curvature = float((weight * 2.0).mean())
    else:
        # Huber's curvature counts the residuals below delta; a window as wide as the data need keeps the count stable.
        width = max(loss.delta, 0.5 * float(np.median(size)))
        curvature = float((weight * (size <= width)).mean()) * min(1.0, loss.delta / width)
        curvature *= 1.0 / loss.delta if loss.name == "lad" else 1.0
    spread = float((psi**2).sum()) / max(residual.size - free, 1)
    return curvature / spread if spread > 0 else np.inf


class _Walk:
    """Refits with one parameter held, each started from the last one and from the other basins."""

    def __init__(self, fit: Fit, name: str):
        self.fit, self.name = fit, name
        chart, problem = fit.problem.chart, fit.problem
        self.at = fit.law.names.index(name)
        self.log = bool(chart.log[self.at])
        index = chart.free.index(name)
        self.centre = float(fit.starts.solutions[0][index])
        self.low, self.high = float(chart.lower[index]), float(chart.upper[index])
        residual = problem.loss.residual(problem.law.predict(fit.theta[None], problem.design), problem.error)[0]
        self.tau = scale_of_loss(problem, residual, len(chart.free))
        matrix = problem.normal(fit.starts.solutions[:1], 1.0)[2][0]
        variance = float(np.linalg.pinv(matrix, hermitian=True)[index, index]) / self.tau
        self.stride = float(np.sqrt(variance)) if 0 < variance < np.inf else 0.1 * max(abs(self.centre), 1.0)
        self.starts = chart.theta(fit.starts.solutions[:3])

    def natural(self, z: float) -> float:
        bound = self.fit.law.parameters[self.at]  # exp(log(bound)) may round to just outside of it
        return float(np.clip(np.exp(z) if self.log else z, bound.lower, bound.upper))

    def objective(self, z: float, near: Array) -> tuple[float, Array]:
        """Return the best objective with the parameter held at z, and the parameter vector that reaches it."""
        value = self.natural(z)
        held = {key: value if given == self.name else given for key, given in self.fit.held.items()} | {
            self.name: value
        }
        chart = Chart(self.fit.law.parameters, held, self.fit.law.centres(self.fit.problem.design))
        problem = replace(self.fit.problem, chart=chart)
        if not chart.free:
            free = np.empty((1, 0))
            return float(problem.objective(free)[0]), chart.theta(free)
        solution, objective = minimise(problem, chart.coordinates(np.vstack([near, self.starts])), tolerance=1e-11)
        best = int(np.argmin(objective))
        return float(objective[best]), chart.theta(solution[best : best + 1])


def _side(walk: _Walk, sign: float, threshold: float) -> tuple[float, list[tuple[float, float, float]]]:
    """Walk away from the estimate to one side; return the end of the interval and the points, on the search scale."""
    points: list[tuple[float, float, float]] = []
    near, inside = walk.fit.theta[None], walk.centre
    edge = walk.low if sign < 0 else walk.high
    for stride in _STRIDES:
        z = float(np.clip(walk.centre + sign * stride * walk.stride, walk.low, walk.high))
        objective, near = walk.objective(z, near)
        points.append((z, objective, 2 * walk.tau * (objective - walk.fit.objective)))
        if points[-1][2] > threshold:
            return _crossing(walk, inside, z, near, threshold, points), points
        inside = z
        if z == edge:
            return (edge if np.isfinite(edge) else sign * np.inf), points
    return (edge if np.isfinite(edge) else sign * np.inf), points


def _crossing(
    walk: _Walk, inside: float, outside: float, near: Array, threshold: float, points: list[tuple[float, float, float]]
) -> float:
    """Return where the square root of the statistic, nearly straight in the parameter, meets that of the threshold."""
    known = {z: statistic for z, _, statistic in points} | {walk.centre: 0.0}
    for _ in range(_REFINEMENTS):
        low, high = np.sqrt(max(known[inside], 0.0)), np.sqrt(known[outside])
        z = float(inside + (outside - inside) * np.clip((np.sqrt(threshold) - low) / (high - low), 0.02, 0.98))
        objective, near = walk.objective(z, near)
        known[z] = 2 * walk.tau * (objective - walk.fit.objective)
        points.append((z, objective, known[z]))
        if abs(known[z] - threshold) < 1e-3 * threshold:
            return z
        inside, outside = (z, outside) if known[z] <= threshold else (inside, z)
    low, high = np.sqrt(max(known[inside], 0.0)), np.sqrt(known[outside])
    return float(inside + (outside - inside) * (np.sqrt(threshold) - low) / (high - low))
