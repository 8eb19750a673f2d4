"""A smooth function on a cube, known at random points: the resolution of piecewise-linear and of nearest neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

Array = npt.NDArray[np.float64]
INSIDE = 0.25  # test points keep this far from the border, where the points end


def interpolation_errors(
    dimension: int, points: int, test: int, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """The error of each way to interpolate, and the exponent predicted for it.

    linear_interpolation: mean squared error on a Delaunay triangulation, n^(-4/d), as of a piecewise-linear network
    (Bahri et al. 2021). nearest_neighbour: mean absolute error, n^(-1/d), the bound of a Lipschitz function.
    """
    known = rng.random((points, dimension))
    asked = INSIDE + (1 - 2 * INSIDE) * rng.random((test, dimension))
    y, truth = _function(known), _function(asked)
    linear = LinearNDInterpolator(known, y)(asked)
    inside = np.isfinite(linear)
    nearest = y[cKDTree(known).query(asked)[1]]
    return {
        "linear_interpolation": (float(((linear - truth)[inside] ** 2).mean()), 4 / dimension),
        "nearest_neighbour": (float(np.abs(nearest - truth).mean()), 1 / dimension),
    }


def _function(x: Array) -> Array:
    """sum_i cos(2 x_i + i), which curves everywhere."""
    return np.asarray(np.cos(2 * x + np.arange(x.shape[1])).sum(axis=1))
