"""The binomial loss: the deviance of a share of failures, on the scale of probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

Array = npt.NDArray[np.float64]

EDGE = 1e-6  # a law may predict shares outside (EDGE, 1 - EDGE): the residual goes on as a straight line there
NEAR = 1e-5
_BISECTIONS = 50


def deviance_residual(predicted: Array, share: Array) -> Array:
    """Signed root of the unit deviance, 2 [y ln(y/p) + (1 - y) ln((1 - y)/(1 - p))], positive where p > y.

    With trials n as weights, the sum of squares is the deviance: least squares of it is maximum likelihood
    (McCullagh & Nelder 1989, section 4.4).
    """
    inside = np.clip(predicted, EDGE, 1 - EDGE)
    return _root(inside, share) + _slope(inside, share) * (predicted - inside)


def slope(predicted: Array, share: Array) -> Array:
    """Derivative of `deviance_residual` by the prediction."""
    return _slope(np.clip(predicted, EDGE, 1 - EDGE), share)


def observed(predicted: Array, residual: Array) -> Array:
    """The share whose deviance residual is -`residual`; 0 or 1 where there is none that far away."""
    p, residual = np.broadcast_arrays(np.clip(predicted, EDGE, 1 - EDGE), residual)
    low, high = np.zeros(p.shape), np.ones(p.shape)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        below = -_root(p, middle) < residual
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(0.5 * (low + high))


def _root(p: Array, y: Array) -> Array:
    gap, variance = p - y, p * (1 - p)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = xlogy(y, y / p) + xlogy(1 - y, (1 - y) / (1 - p))
    far = np.sign(gap) * np.sqrt(2 * np.maximum(half, 0))
    return np.asarray(np.where(_near(gap, variance), gap / np.sqrt(variance), far))


def _slope(p: Array, y: Array) -> Array:
    """(p - y) / (p (1 - p)) / root; near p = y the root is (p - y) / sqrt(p (1 - p)), up to second order."""
    root, gap, variance = _root(p, y), p - y, p * (1 - p)
    near = _near(gap, variance)
    return np.asarray(np.where(near, 1 / np.sqrt(variance), gap / variance / np.where(near, 1.0, root)))


def _near(gap: Array, variance: Array) -> Array:
    """Where the deviance is lost to rounding, and its leading term is as good."""
    return np.asarray(np.abs(gap) < NEAR * variance)
