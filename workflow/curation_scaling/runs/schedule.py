"""The order in which a training run sees its units: whole shuffled epochs of each pool, interleaved by weight.

A pool is repeated only after each of its units has been seen, so the repetitions of pool i after m units are exactly
m q_i / N_i (up to one unit). Two schedules that differ only in length begin alike.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation_scaling.errors import InputError


def unit_order(
    sizes: Sequence[int], weights: Sequence[float], length: int, seed: np.random.SeedSequence
) -> NDArray[np.int64]:
    """Indices (length,) of the units to train on, into the pools laid end to end.

    Each pool deals out its units in a stream of epochs; every epoch is a fresh permutation. The draw number j of pool i
    is due at time (j + u_i) / q_i with a random phase u_i in [0, 1), and draws are taken as they fall due: after any m
    units pool i has given q_i m of them, within the number of pools (systematic sampling).

    Args:
        sizes: units N_i of each pool.
        weights: sampling weights q_i, not negative, of any positive sum.
        length: number of units to see.
        seed: of phases and permutations.

    Raises:
        InputError: if a pool is empty, or the weights are negative or all 0.
    """
    share = np.asarray(weights, float)
    if len(sizes) != len(share) or min(sizes, default=0) < 1:
        raise InputError(
            f"pools of {list(sizes)} units cannot be trained on: every pool needs a weight and at least one unit"
        )
    if not np.isfinite(share).all() or share.min() < 0 or share.sum() == 0:
        raise InputError(f"mixture weights {list(weights)} are not valid: give numbers >= 0, at least one of them > 0")
    share /= share.sum()
    starts = np.concatenate([[0], np.cumsum(sizes)])
    draws: list[NDArray[np.int64]] = []
    due: list[NDArray[np.float64]] = []
    for pool, child in enumerate(seed.spawn(len(sizes))):
        if share[pool] == 0:
            continue
        rng = np.random.default_rng(child)
        phase = rng.random()
        # All draws of this pool that can be among the first `length`: they fall due before time length + pools.
        count = min(length, int(np.ceil(share[pool] * (length + len(sizes)))))
        due.append((np.arange(count) + phase) / share[pool])
        draws.append(starts[pool] + _epochs(sizes[pool], count, rng))
    if len(draws) == 1:
        return draws[0]
    taken = np.argsort(np.concatenate(due), kind="stable")[:length]
    return np.asarray(np.concatenate(draws)[taken])


def _epochs(size: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    epochs = [rng.permutation(size) for _ in range(-(-count // size))]
    return np.concatenate(epochs)[:count] if epochs else np.empty(0, np.int64)
