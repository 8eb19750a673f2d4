"""Repetitions of the pools of a mixture along a run: epochs, their log-lengths, and the half-life of utility."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import Mixture

Array = npt.NDArray[np.float64]
Rows = slice | npt.NDArray[np.intp]

LN2 = float(np.log(2.0))
MOST_EPOCHS = 100_000  # of one pool in one run: beyond this the epoch tables would not fit in memory


@dataclass(frozen=True)
class Curve:
    """The rows of one mixture: which rows, which pools (indices into the law's pools), q_i, N_i and samples seen n.

    `lengths` depends on the rows alone: it is computed once and shared by every parameter vector.
    """

    rows: Rows
    pools: npt.NDArray[np.intp]
    weights: Array
    sizes: Array
    samples: Array
    lengths: tuple[Array, ...] = ()  # a pool: integral of dm / m over each of its epochs, (rows, epochs)

    @property
    def periods(self) -> Array:
        """Samples seen during one epoch of each pool, N_i / q_i."""
        return self.sizes / self.weights

    def integrated(self, start: Array) -> "Curve":
        """Return the curve with its epoch lengths from `start` samples to n filled in."""
        return replace(self, lengths=tuple(log_lengths(start, self.samples, period) for period in self.periods))


@dataclass(frozen=True)
class MixtureDesign:
    """All rows of a frame, grouped by mixture."""

    rows: int
    curves: tuple[Curve, ...]


def group_rows(
    found: Sequence[Mixture], which: npt.NDArray[np.intp], samples: Array, pools: Sequence[str]
) -> tuple[Curve, ...]:
    """Group rows by mixture; raise InputError on a pool that the law does not know."""
    known = {pool: i for i, pool in enumerate(pools)}
    curves = []
    for i, mixture in enumerate(found):
        for pool in mixture.pools:
            if pool not in known:
                raise InputError(f"pool {pool!r} has no parameters: the law was fitted on {', '.join(pools)}")
        rows = np.flatnonzero(which == i)
        if samples[rows].max() > MOST_EPOCHS * (mixture.sizes / mixture.weights).min():
            raise InputError(
                f"mixture of {', '.join(mixture.pools)} repeats a pool more than {MOST_EPOCHS} times:"
                " lower the samples seen"
            )
        contiguous = rows[-1] - rows[0] + 1 == rows.size
        curves.append(
            Curve(
                slice(int(rows[0]), int(rows[-1]) + 1) if contiguous else rows,
                np.array([known[pool] for pool in mixture.pools], dtype=np.intp),
                mixture.weights,
                mixture.sizes,
                samples[rows],
            )
        )
    return tuple(curves)


def log_lengths(start: Array, samples: Array, period: float) -> Array:
    """Return the integral of dm / m over each epoch of `period` samples, from `start` to n: shape (rows, epochs).

    Only the first epoch may be negative (n before `start`); `start` must lie in it.
    """
    epochs = int(np.ceil(samples.max() / period))
    edges = period * np.arange(1, epochs + 1)
    end = np.minimum(samples[:, None], edges)
    lengths = np.empty((samples.size, epochs))
    lengths[:, 0] = np.log(end[:, 0] / start)
    lengths[:, 1:] = np.log(np.maximum(end[:, 1:] / edges[:-1], 1.0))
    return lengths


def decay(half_life: Array, epochs: int) -> Array:
    """Return (1/2)^(k / tau) for k = 0 ... epochs - 1, shape (batch, epochs); tau has shape (batch,)."""
    return np.asarray(np.exp2(-np.arange(epochs) / half_life[:, None]))


class LogPath:
    """slope int_start^n (1/2)^(k(m) / tau) dm / m of one pool of a curve; whole epochs are summed once for all rows."""

    def __init__(self, half_life: Array, slope: Array, start: float, curve: Curve, i: int):
        """Sum the epochs of the curve's pool `i`; half_life and slope have shape (batch,)."""
        period = float(curve.periods[i])
        epochs = max(int(np.ceil(curve.samples.max() / period)), 1)
        edges = np.concatenate([[start], period * np.arange(1, epochs)])
        self._epoch: npt.NDArray[np.intp] = np.minimum((curve.samples / period).astype(np.intp), epochs - 1)
        self._part = np.log(curve.samples / edges[self._epoch])[:, None]
        self._weight = np.exp2(np.arange(epochs)[:, None] * (-1 / half_life)) * slope
        self._before = np.zeros_like(self._weight)
        np.cumsum(self._weight[:-1] * np.log(edges[1:] / edges[:-1])[:, None], axis=0, out=self._before[1:])

    def at(self, rows: slice) -> Array:
        """Return the integral up to the samples seen of some rows, (rows, batch)."""
        total = self._weight[self._epoch[rows]]
        total *= self._part[rows]
        total += self._before[self._epoch[rows]]
        return total
