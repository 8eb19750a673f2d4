"""The value of one more run: by how much it would lower the expected regret of the choice, before it is made."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import norm

from curation_scaling.laws.fit import Array


def run_noise(predictions: pl.DataFrame, parameters: int) -> float:
    """Standard deviation of ln(error) of a single new run around the law, from the residuals of the fitted means."""
    fitted = predictions.filter(role="fitted")
    square = float((fitted["residual"].to_numpy() ** 2 * fitted["runs"].to_numpy()).sum())
    return float(np.sqrt(square / max(fitted.height - parameters, 1)))


def regret_reduction(errors: Array, measured: Array, noise: float) -> float:
    """The expected fall of the error of the chosen candidate from measuring one more run.

    The candidates' errors and the measurement are jointly normal with the bootstrap draws' moments; after a measurement
    z every expected error moves by cov(error, f) / (var f + noise^2) (z - mean f), and the best is chosen anew. The
    expectation over z is exact: it is that of the least of straight lines in a standard normal variable (the knowledge
    gradient for correlated beliefs, Frazier, Powell and Dayanik 2009).

    Args:
        errors: of the candidates at the budget of the choice, (draws, candidates).
        measured: of the run that would be measured, (draws,).
        noise: standard deviation of that measurement around its expectation.
    """
    expected = errors.mean(axis=0)
    centred = measured - measured.mean()
    spread = np.sqrt(centred @ centred / len(measured) + noise**2)
    if spread == 0:
        return 0.0
    slopes = (errors - expected).T @ centred / len(measured) / spread
    return max(float(expected.min() - expected_least(expected, slopes)), 0.0)


def expected_least(levels: Array, slopes: Array) -> float:
    """E min_p (levels_p + slopes_p Z) for a standard normal Z, exactly, by the lower envelope of the lines."""
    order = np.lexsort((levels, -slopes))  # from Z = -inf on, the steepest rising line is the least
    lines: list[tuple[float, float]] = []
    starts: list[float] = []
    for i in order:
        a, b = float(levels[i]), float(slopes[i])
        if lines and b == lines[-1][1]:
            continue  # parallel and not lower
        start = -np.inf
        while lines:
            start = (a - lines[-1][0]) / (lines[-1][1] - b)
            if start > starts[-1]:
                break
            lines.pop()
            starts.pop()
            start = -np.inf
        lines.append((a, b))
        starts.append(start)
    edges = np.array([*starts, np.inf])
    chance, density = np.diff(norm.cdf(edges)), -np.diff(norm.pdf(edges))
    return float(sum(a * c + b * d for (a, b), c, d in zip(lines, chance, density, strict=True)))
