"""Batched linear least squares with non-negative coefficients, for a handful of coefficients."""

from itertools import combinations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def nonnegative_least_squares(basis: Array, target: Array) -> Array:
    """Return argmin over c >= 0 of |sum_k c_k basis_k - target|^2 for a batch.

    basis: (batch, k, rows) with k <= 4; target: (rows,) or (batch, rows); result: (batch, k). Exact:
    every set of active coefficients is
    solved and the feasible one with the smallest residual kept (2^k - 1 small systems). Rows of the batch with a
    non-finite basis give zeros.
    """
    batch, k, _ = basis.shape
    finite = np.asarray(np.isfinite(basis).all(axis=(1, 2)))
    basis = np.where(finite[:, None, None], basis, 0)
    scale = np.sqrt((basis**2).sum(axis=-1))
    scale = np.where(scale > 0, scale, 1.0)
    unit = basis / scale[:, :, None]
    gram = unit @ unit.transpose(0, 2, 1)
    moment = np.einsum("bkn,bn->bk", unit, np.broadcast_to(target, (batch, target.shape[-1])))
    best = np.zeros((batch, k))
    best_gain = np.zeros(batch)
    for size in range(1, k + 1):
        for active in combinations(range(k), size):
            at = np.array(active)
            # A trace of ridge keeps collinear columns solvable; the solver polishes the seeds anyway.
            matrix = gram[:, at[:, None], at] + 1e-12 * np.eye(size)
            coefficients = np.linalg.solve(matrix, moment[:, at, None])[:, :, 0]
            gain = (coefficients * moment[:, at]).sum(axis=1)  # drop in the residual sum of squares
            better = (coefficients >= 0).all(axis=1) & (gain > best_gain)
            best[better] = 0
            best[np.ix_(better, at)] = coefficients[better]
            best_gain[better] = gain[better]
    return best / scale
