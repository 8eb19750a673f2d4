"""Simulated perceptrons: real samples, ranked by a real probe, and the exact hard-margin student of those kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from curation_scaling.errors import InputError
from curation_scaling.laws.perceptron.kept import Array, Keep, Score


class Simulation(NamedTuple):
    """Means over draws and their standard errors."""

    dimension: int
    draws: int
    R: float
    rho: float
    kappa: float
    error: float
    error_se: float
    R_se: float


def simulate(
    alpha_tot: float,
    keep_fraction: float,
    theta: float = 0.0,
    keep: Keep = "hard",
    score: Score = "abs",
    *,
    dimension: int = 200,
    draws: int = 12,
    seed: int = 0,
    start: float | None = None,
) -> Simulation:
    """Train `draws` students on round(alpha_tot * dimension) Gaussian examples, pruned to the fraction kept.

    The student is exact: the margin's quadratic programme as a least-distance problem, solved by non-negative least
    squares (Lawson and Hanson 1974, chapter 23). The arguments before the star are those of `solve`.

    Raises:
        InputError: if fewer than one example would be kept, or there are fewer than two draws.
    """
    total = round(alpha_tot * dimension)
    count = round(keep_fraction * total)
    if count < 1 or draws < 2:
        raise InputError(f"{count} examples kept and {draws} draws: a simulation needs one example and two draws")
    rows = np.array([_draw(np.random.default_rng([seed, i]), total, count, theta, keep, score, dimension, start)
                     for i in range(draws)])  # fmt: skip
    mean, se = rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(draws)
    R, rho, kappa, error = (float(m) for m in mean)
    return Simulation(dimension, draws, R, rho, kappa, error, error_se=float(se[3]), R_se=float(se[0]))


def _draw(
    rng: np.random.Generator,
    total: int,
    count: int,
    theta: float,
    keep: Keep,
    score: Score,
    dimension: int,
    start: float | None,
) -> tuple[float, float, float, float]:
    """R, rho, kappa and error of one student; the teacher is the first axis, the probe lies in the first two."""
    x = rng.standard_normal((total, dimension))
    signed = np.where(x[:, :1] > 0, x, -x)  # y x: all labels +1
    probe = np.zeros(dimension)
    probe[:2] = np.cos(theta), np.sin(theta)
    z = signed @ probe
    order = np.argsort(np.abs(z) if score == "abs" else z, kind="stable")
    first = {"hard": 0, "easy": total - count}.get(
        keep, round((0.5 * (1 - count / total) if start is None else start) * total)
    )
    student, kappa = hard_margin(signed[order[first : first + count]])
    R, rho = float(student[0]), float(student @ probe)
    return R, rho, kappa, float(np.arccos(np.clip(R, -1, 1)) / np.pi)


def hard_margin(signed: Array) -> tuple[Array, float]:
    """The unit vector of largest margin on examples times labels (examples, dimension), and its margin.

    Minimise |w|^2 under signed @ w >= 1: with u >= 0 minimising |(signed^T; 1^T) u - (0; 1)|, its residual r gives
    w = -r / r_last.

    Raises:
        InputError: if the examples cannot be separated.
    """
    dimension = signed.shape[1]
    system = np.vstack([signed.T, np.ones(len(signed))])
    target = np.zeros(dimension + 1)
    target[-1] = 1.0
    weights, _ = nnls(system, target, maxiter=30 * len(signed))
    residual = system @ weights - target
    if not -residual[-1] > 1e-12:
        raise InputError("the examples cannot be separated: no student has a margin on them")
    w = residual[:-1] / -residual[-1]
    norm = float(np.linalg.norm(w))
    return w / norm, 1 / norm
