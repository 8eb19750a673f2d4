"""Random features: a teacher with a power-law spectrum, students of least norm, and their exact losses.

The teacher is y = w.F with F_i ~ N(0, lambda_i), lambda_i = i^-(1 + a), w_i ~ N(0, 1), i up to S; a student has P
random projections of F and is fitted to D samples by least squares of least norm (Bahri et al. 2021, "Explaining neural
scaling laws", arXiv 2102.06701, section on random features). Losses are averaged over w and over fresh samples in
closed form, so that draws of the data and of the projections alone make them vary.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

Array = npt.NDArray[np.float64]
Generator = np.random.Generator


def spectrum(features: int, decay: float) -> Array:
    """Eigenvalues i^-(1 + a), (features,)."""
    return np.arange(1.0, features + 1) ** -(1 + decay)


def few_samples(eigenvalues: Array, samples: int, rng: Generator) -> float:
    """Loss of a student of all features after `samples`: tr L - tr(K^-1 X L X^T), K = X X^T."""
    x = rng.standard_normal((samples, eigenvalues.size)) * np.sqrt(eigenvalues)
    return float(eigenvalues.sum() - np.trace(cho_solve(cho_factor(x @ x.T), (x * eigenvalues) @ x.T)))


def few_features(eigenvalues: Array, width: int, rng: Generator) -> float:
    """Loss of a student of `width` projections R that sees all data: tr L - tr((R L R^T)^-1 R L^2 R^T)."""
    r = rng.standard_normal((width, eigenvalues.size))
    return float(
        eigenvalues.sum() - np.trace(cho_solve(cho_factor((r * eigenvalues) @ r.T), (r * eigenvalues**2) @ r.T))
    )


def many_samples(width: int, samples: int, rng: Generator) -> float:
    """Excess loss of a student of `width` features after `samples`, in units of its loss with all data.

    What the student cannot express is independent of its features, which are Gaussian, and acts as noise: the excess is
    tr W^-1 with W a Wishart matrix, drawn by its triangular factor (Bartlett 1933).
    """
    factor = np.tril(rng.standard_normal((width, width)), -1)
    np.fill_diagonal(factor, np.sqrt(rng.chisquare(samples - np.arange(width))))
    return float((np.linalg.inv(factor) ** 2).sum())


def many_features(eigenvalues: Array, x: Array, width: int, rng: Generator) -> float:
    """Excess loss of a student of `width` projections over one of all features; x: (samples, features)."""
    r = rng.standard_normal((width, eigenvalues.size)) / np.sqrt(width)
    return _loss(eigenvalues, x, r.T @ (r @ x.T)) - _loss(eigenvalues, x, x.T)


def _loss(eigenvalues: Array, x: Array, q: Array) -> float:
    """Loss of the student w -> q (x q)^-1 x w; q: (features, samples)."""
    inverse = np.linalg.inv(x @ q)
    cross = np.trace(inverse @ ((x * eigenvalues) @ q))
    square = np.trace(inverse @ (q.T @ (eigenvalues[:, None] * q)) @ inverse.T @ (x @ x.T))
    return float(eigenvalues.sum() - 2 * cross + square)
