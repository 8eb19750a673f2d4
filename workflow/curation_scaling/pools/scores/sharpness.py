"""Sharpness of an image: the variance of its Laplacian, high where edges are crisp and low under blur."""

import math
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curation_scaling.errors import InputError

BETTER: Literal["higher", "lower"] = "higher"


def score_sharpness(frame: pl.DataFrame) -> NDArray[np.float64]:
    """Laplacian variance of the square images in column `features`, one number a row (squared intensities).

    The scale depends on the motif, so rank it within a class.

    Raises:
        InputError: if the images are not square or smaller than 3x3 pixels.
    """
    pixels = frame["features"].to_numpy()
    side = math.isqrt(pixels.shape[1])
    if side * side != pixels.shape[1] or side < 3:
        raise InputError(
            f"score sharpness: column features holds {pixels.shape[1]} numbers a row, not a square image of at "
            "least 3x3 pixels: give square images or choose another score"
        )
    return laplacian_variance(pixels.reshape(-1, side, side))


def laplacian_variance(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Variance over the inner pixels of the four-neighbour Laplacian of (n, height, width) images."""
    values = images.astype(np.int32)
    centre = values[:, 1:-1, 1:-1]
    around = values[:, :-2, 1:-1] + values[:, 2:, 1:-1] + values[:, 1:-1, :-2] + values[:, 1:-1, 2:]
    return np.asarray(np.var(around - 4 * centre, axis=(1, 2)))
