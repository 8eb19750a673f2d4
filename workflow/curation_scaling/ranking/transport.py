"""Optimal transport from a mixture of sources to a validation set: its cost, and the gradient by the weights.

The cost of moving a sample (x, y) to (x', y') is |x - x'|^2 plus the squared 2-Wasserstein distance between Gaussians
of the features of class y in its source and of class y' in the validation set (Alvarez-Melis & Fusi 2020); without
labels the first term alone. The transport is exact (POT's network simplex), and so are its dual potentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
_PIVOTS = 10_000_000  # of the network simplex; some 10,000 are usual


@dataclass(frozen=True)
class Cloud:
    """Samples of one source or of the validation set: features (n, d) and classes (n,), or None."""

    features: Array
    labels: Labels | None


@dataclass(frozen=True)
class Solution:
    """The least transport cost, and its derivative by each weight less their mean: the simplex allows no other one."""

    distance: float
    gradient: Array


@dataclass(frozen=True)
class Transport:
    """Costs (n_i, v) from the samples of each source, in the order of their revealing, to the validation set."""

    costs: tuple[Array, ...]

    @classmethod
    def between(cls, sources: Sequence[Cloud], validation: Cloud) -> Transport:
        """The costs of all pairs of samples."""
        return cls(tuple(_costs(source, validation) for source in sources))

    def solve(self, weights: Sequence[float] | Array, size: int) -> Solution:
        """Transport the mixture of `size` samples with these weights (sources,) to the validation set.

        Source i stands for its weight by its first round(size * weight) revealed samples, all if it has fewer. With f
        the potential of a sample of source i, the least over the validation set of cost minus potential there, the
        derivative by the weight of source i is the mean of f over all its revealed samples up to `size`, which is
        defined for a source of weight 0, too.

        Raises:
            InputError: if the weights are not on the simplex, or the network simplex does not end.
        """
        import ot  # half a second, and only here

        shares = np.asarray(weights, float)
        if len(shares) != len(self.costs) or shares.min() < 0 or abs(shares.sum() - 1) > 1e-6:
            raise InputError(f"weights {shares.tolist()} of {len(self.costs)} sources: give shares that sum to 1")
        used = [(i, max(1, round(size * w))) for i, w in enumerate(shares) if w > 0]
        parts = [self.costs[i][:count] for i, count in used]
        masses = np.concatenate(
            [np.full(len(part), shares[i] / len(part)) for (i, _), part in zip(used, parts, strict=True)]
        )
        there = np.full(self.costs[0].shape[1], 1 / self.costs[0].shape[1])
        _, log = ot.lp.emd(
            masses / masses.sum(), there, np.concatenate(parts), numItermax=_PIVOTS, log=True, check_marginals=False
        )
        if log["warning"] is not None:
            raise InputError(f"the transport of {len(masses)} samples did not end ({log['warning']}): lower the sizes")
        means = np.array([(cost[:size] - log["v"]).min(axis=1).mean() for cost in self.costs])
        return Solution(float(log["cost"]), means - means.mean())


def class_distances(first: Cloud, second: Cloud) -> tuple[Array, Labels, Labels]:
    """Squared 2-Wasserstein distances (classes, classes) between Gaussians of the classes, and both lists of classes.

    W^2 = |m - m'|^2 + tr C + tr C' - 2 |C^(1/2) C'^(1/2)|_1, the last a nuclear norm (Dowson & Landau 1982); exact for
    classes with fewer samples than dimensions, too.
    """
    assert first.labels is not None
    assert second.labels is not None
    ours, theirs = np.unique(first.labels), np.unique(second.labels)
    a, b = (
        [_moments(cloud.features[cloud.labels == y]) for y in ys] for cloud, ys in ((first, ours), (second, theirs))
    )
    table = np.empty((len(ours), len(theirs)))
    for i, (mean, root) in enumerate(a):
        for j, (other_mean, other) in enumerate(b):
            overlap = np.linalg.svd(root @ other, compute_uv=False).sum()
            spread = (root**2).sum() + (other**2).sum() - 2 * overlap
            table[i, j] = ((mean - other_mean) ** 2).sum() + max(spread, 0.0)
    return table, ours, theirs


def _moments(features: Array) -> tuple[Array, Array]:
    """Mean (d,) and symmetric root (d, d) of the covariance, which is 0 for a single sample."""
    mean = features.mean(axis=0)
    centred = features - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(features))
    return mean, (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _costs(source: Cloud, validation: Cloud) -> Array:
    x, z = source.features, validation.features
    squares = (x**2).sum(axis=1)[:, None] + (z**2).sum(axis=1) - 2 * x @ z.T
    costs = np.maximum(squares, 0)
    if source.labels is not None and validation.labels is not None:
        table, ours, theirs = class_distances(source, validation)
        costs += table[np.searchsorted(ours, source.labels)][:, np.searchsorted(theirs, validation.labels)]
    return np.ascontiguousarray(costs)
