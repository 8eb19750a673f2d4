"""Projection on the simplex of weights, with what each source can deliver as an upper bound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]


def project(point: Array, largest: Array) -> Array:
    """The weights nearest to `point` (m,) with 0 <= p_i <= largest_i and sum 1.

    They are clip(point - t, 0, largest) for one t. The sum falls in t and is linear between the breakpoints point_i and
    point_i - largest_i, so that t is found exactly.

    Raises:
        InputError: if all sources together deliver less than 1.
    """
    point, largest = np.asarray(point, float), np.asarray(largest, float)
    if not np.isfinite(point).all():
        raise InputError(f"weights {point.tolist()} are not finite: they cannot be projected")
    if largest.min() < 0 or largest.sum() < 1 - 1e-12:
        raise InputError(f"the sources deliver {largest.sum():.3g} of the size in all: choose a smaller size")
    ends = np.sort(np.concatenate([point, point - largest]))
    sums = np.clip(point - ends[:, None], 0, largest).sum(axis=1)  # falls from sum(largest) to 0
    after = int(np.argmax(sums <= 1)) if (sums <= 1).any() else len(ends) - 1
    if after == 0:
        return largest.copy()
    left, right = sums[after - 1], sums[after]
    t = ends[after - 1] + (left - 1) / (left - right) * (ends[after] - ends[after - 1])
    weights = np.clip(point - t, 0, largest)
    return np.asarray(weights / weights.sum())
