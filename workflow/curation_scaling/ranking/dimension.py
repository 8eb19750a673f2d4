"""The intrinsic dimension of embeddings, and how sharply their labels change.

Two estimators of ratios of neighbour distances, on scikit-learn's neighbours. (scikit-dimension holds both and twenty
more, but brings numba, llvmlite and matplotlib along; the two give the same numbers, see tests.)
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]

KEPT = 0.9  # share of the ratios that TwoNN fits, the smallest ones
LEVEL = 0.95
CUBES = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36)  # dimensions of the cubes that show the bias
_CUBE_SEED = 20211


class Cleaned(NamedTuple):
    """Distinct rows (n, features that vary), the place of each in what was given, and what was left out."""

    rows: Array
    place: npt.NDArray[np.intp]
    repeated: int
    constant: int


class Estimate(NamedTuple):
    """An intrinsic dimension with the interval of its sampling error, as if neighbourhoods were independent."""

    value: float
    lower: float
    upper: float


def cleaned(embeddings: npt.ArrayLike) -> Cleaned:
    """Embeddings (n, features) without repeated rows and without features that do not vary.

    Raises:
        InputError: if a number is not finite, or no feature varies.
    """
    given = np.asarray(embeddings, float)
    if given.ndim != 2 or not given.size:
        raise InputError(f"embeddings of shape {given.shape}: a row a sample and a column a feature are needed")
    bad = np.flatnonzero(~np.isfinite(given).all(axis=1))
    if bad.size:
        raise InputError(f"the embedding in row {bad[0]} has numbers that are not finite: mend or drop the sample")
    varies = np.ptp(given, axis=0) > 0
    if not varies.any():
        raise InputError(
            f"none of the {given.shape[1]} features varies over the {len(given)} rows: they have no dimension"
        )
    place = np.sort(np.unique(given[:, varies], axis=0, return_index=True)[1])
    return Cleaned(given[:, varies][place], place, len(given) - place.size, int((~varies).sum()))


def neighbour_distances(rows: Array, neighbours: int) -> Array:
    """Distances of each of the distinct rows (n, features) to its nearest neighbours, (n, neighbours), rising.

    Raises:
        InputError: if there are fewer than neighbours + 2 rows.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(rows) < neighbours + 2:
        raise InputError(
            f"{len(rows)} distinct rows, but {neighbours} neighbours need at least {neighbours + 2}: add rows or lower "
            "the number of neighbours"
        )
    # The tree computes each distance from its difference; the brute way's expanded squares lose close ones to rounding.
    return np.asarray(NearestNeighbors(n_neighbors=neighbours, algorithm="ball_tree").fit(rows).kneighbors()[0])


def maximum_likelihood(distances: Array) -> Estimate:
    """Levina & Bickel 2004, Eq. 8, averaged as MacKay & Ghahramani 2005: (n, k) distances.

    1 / d is the mean over rows and j < k of ln(r_k / r_j), so that d is the likeliest of all neighbourhoods together.
    """
    inverse = np.log(distances[:, -1:] / distances[:, :-1]).mean(axis=1)
    return _inverted(float(inverse.mean()), float(inverse.std(ddof=1) / np.sqrt(len(inverse))))


def two_nn(distances: Array) -> Estimate:
    """Facco et al. 2017: the slope through zero of -ln(1 - F) on ln(r_2 / r_1), the largest tenth dropped."""
    ratio = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    count = int(len(ratio) * KEPT)
    kept, level = ratio[:count], -np.log1p(-np.arange(1, count + 1) / len(ratio))
    value = float(kept @ level / (kept @ kept))
    return _inverted(1 / value, float(1 / value / np.sqrt(count)))


def _inverted(mean: float, error: float) -> Estimate:
    half = float(ndtri((1 + LEVEL) / 2)) * error
    return Estimate(1 / mean, 1 / (mean + half), 1 / max(mean - half, 1e-3 * mean))


def cube_dimension(estimator: str, value: float, rows: int, neighbours: int) -> float | None:
    """The dimension of a uniform cube from which the estimator makes `value` of as many rows; None beyond CUBES.

    Both estimators are biased low where neighbours are far: at the border of the cube, and the more the higher its
    dimension. Linear between the dimensions of CUBES, one cube each.
    """
    read = [_of_cube(estimator, dimension, rows, neighbours) for dimension in CUBES]
    if not read[0] <= value <= read[-1]:
        return None
    return float(np.interp(value, np.maximum.accumulate(read), CUBES))


@cache
def _of_cube(estimator: str, dimension: int, rows: int, neighbours: int) -> float:
    rng = np.random.Generator(np.random.PCG64([_CUBE_SEED, dimension]))
    return ESTIMATORS[estimator](neighbour_distances(rng.random((rows, dimension)), neighbours)).value


ESTIMATORS = {"mle": maximum_likelihood, "two_nn": two_nn}


def label_sharpness(rows: Array, labels: npt.ArrayLike) -> float:
    """K_F = max over pairs of |y_j - y_k| / ||x_j - x_k|| (Konz & Mazurowski 2024); 1 for two classes that differ.

    rows: (n, features); labels: classes (n,), whole numbers.

    Raises:
        InputError: if all labels are the same, or two samples of different classes have the same features.
    """
    from scipy.spatial.distance import cdist

    classes = np.asarray(labels)
    if np.unique(classes).size < 2:
        raise InputError("all samples have the same label, so that it has no sharpness: give samples of two classes")
    nearest, pair = np.inf, (0, 0)
    for first in range(0, len(rows), 256):
        apart = classes[first : first + 256, None] != classes[None, :]
        distance = np.where(apart, cdist(rows[first : first + 256], rows), np.inf)
        at = np.unravel_index(int(np.argmin(distance)), distance.shape)
        if distance[at] < nearest:
            nearest, pair = float(distance[at]), (first + int(at[0]), int(at[1]))
    if nearest == 0:
        raise InputError(
            f"samples {pair[0]} and {pair[1]} have the same features and the labels {classes[pair[0]]} and "
            f"{classes[pair[1]]}, so that the sharpness is infinite: mend a label or drop one"
        )
    return 1 / nearest
