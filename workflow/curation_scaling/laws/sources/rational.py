"""The rational form of Hashimoto 2021: L = sum_i 1 / (sum_k s_ik p_k), all s_ik >= 0."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]
_STARTS = 6
_LEAST = 1e-2  # of the mean level: a source that taught nothing of a skill would make the error alone infinite


def fit_rational(weights: Array, error: Array, seed: int) -> Array:
    """Least squares of the errors (rows,) on the weights (rows, m), by the best of a few starts; returns s (m, m).

    The m terms stand for m unknown skills, to each of which every source contributes at its own rate. Source: Hashimoto
    2021, "Model performance scaling with multiple data sources", at one size.

    Raises:
        InputError: if there are fewer trainings than the m^2 coefficients.
    """
    from scipy.optimize import least_squares

    rows, m = weights.shape
    if rows < m * m:
        raise InputError(f"form rational has {m * m} coefficients, {rows} mixtures are fitted: train on more of them")
    level = m / float(error.mean())
    rng = np.random.default_rng(seed)
    best: tuple[float, Array] | None = None
    for _ in range(_STARTS):
        start = level * (np.eye(m) + rng.uniform(0.2, 1.0, (m, m)))
        found = least_squares(
            lambda s: predict_rational(s.reshape(m, m), weights) - error,
            start.ravel(),
            jac=lambda s: _jacobian(s.reshape(m, m), weights),
            bounds=(_LEAST * level, np.inf),
        )
        if best is None or found.cost < best[0]:
            best = float(found.cost), found.x.reshape(m, m)
    assert best is not None
    return best[1]


def predict_rational(coefficients: Array, weights: Array) -> Array:
    """Errors (rows,) of mixtures (rows, m) by coefficients s (m, m)."""
    return np.asarray((1 / (weights @ coefficients.T)).sum(axis=1))


def _jacobian(coefficients: Array, weights: Array) -> Array:
    inverse = 1 / (weights @ coefficients.T)
    return np.asarray((-(inverse**2)[:, :, None] * weights[:, None, :]).reshape(len(weights), -1))
