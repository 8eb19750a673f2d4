"""The loss of a training of any size and batch size after any steps, solved from the recipe's constants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_HALVINGS = 80


def critical_batch(constants: Mapping[str, float], loss: npt.ArrayLike) -> Array:
    """B_crit = B_star / L^(1/alpha_B), in examples a step."""
    return np.asarray(constants["B_star"] * np.asarray(loss, float) ** (-1 / constants["alpha_B"]))


def least_steps(constants: Mapping[str, float], loss: Array, batch_size: Array, steps: Array) -> Array:
    """S_min = S / (1 + B_crit(L) / B): the steps that a batch of endless size would have needed for the same loss."""
    return steps / (1 + critical_batch(constants, loss) / batch_size)


def solve_loss(
    constants: Mapping[str, float], params: npt.ArrayLike, batch_size: npt.ArrayLike, steps: npt.ArrayLike
) -> Array:
    """The loss L (rows,) at which L = (N_c/N)^alpha_N + (S_c (1 + B_crit(L)/B) / S)^alpha_S.

    B_crit falls as L rises, so the right side falls while the left one rises: there is one solution, found by bisection
    of ln L. Source: Su et al. 2024 (arXiv 2403.06563), on Kaplan et al. 2020 (arXiv 2001.08361), Eq. 1.4 and 1.6.
    """
    size, batch, taken = np.broadcast_arrays(*(np.asarray(a, float) for a in (params, batch_size, steps)))
    ends = np.exp(constants["alpha_N"] * (np.log(constants["N_c"]) - np.log(size)))

    def excess(log_loss: Array) -> Array:
        more = np.log1p(critical_batch(constants, np.exp(log_loss)) / batch)
        needed = np.exp(constants["alpha_S"] * (np.log(constants["S_c"]) + more - np.log(taken)))
        return np.asarray(np.exp(log_loss) - ends - needed)

    low = np.log(ends)
    high = low + 1
    while (short := excess(high) < 0).any():
        high = np.where(short, high + (high - low), high)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = excess(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.exp(0.5 * (low + high)))
