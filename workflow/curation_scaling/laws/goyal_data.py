"""The released "effective data" law of Goyal et al. 2024: repeated samples count for less, the exponent stays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.goyal import RELEASED_UNIT, ReleasedLaw
from curation_scaling.laws.law import Array
from curation_scaling.laws.repetition import LN2, Curve, MixtureDesign


@dataclass(frozen=True)
class ReleasedData(ReleasedLaw):
    """y = (a sum_j (n_j - n_{j-1}) delta^(j-1) / 1e5)^b + d, delta = (1/2)^(1/tau); alike to Muennighoff et al. 2023.

    Mixtures, over segments s between the epoch ends of any pool, with delta_i' = (1/2)^(1/tau_i') and
    tau_i' = tau_i q_i^(-gamma), gamma = 1 by default (tau p for p equal pools):
    D_s = D_{s-1} + (n_s - n_{s-1}) sum_i q_i delta_i'^k_i,  B_s = sum_i q_i b_i delta_i'^k_i / sum_i q_i delta_i'^k_i,
    y = d + (a D_1 / 1e5)^{B_1} prod_{s>=2} (D_s / D_{s-1})^{B_s}. No n0: a stands inside the power.
    Source: released code of Goyal et al. 2024.
    """

    name = "released_data"
    source = "Goyal et al. 2024, released code (data)"
    formula = "y = (a sum_j (n_j - n_(j-1)) (1/2)^((j-1)/tau) / 1e5)^b + d"

    def evaluate(self, theta: Array, design: MixtureDesign) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives."""
        predicted = np.empty((theta.shape[0], design.rows))
        jacobian = np.zeros((theta.shape[0], theta.shape[1], design.rows))
        for curve in design.curves:
            effective = _Effective(self, theta, curve)
            term = np.exp(effective.path)
            predicted[:, curve.rows] = term + theta[:, :1]
            jacobian[:, 0, curve.rows] = 1
            jacobian[:, 1, curve.rows] = term * effective.slope[:, :1] / theta[:, 1, None]
            for i, pool in enumerate(curve.pools):
                by_log_tau = term * effective.by_log_tau(i)
                jacobian[:, self.slope_at(pool), curve.rows] = term * effective.by_slope(i)
                of_tau = self.half_life_at(pool)
                jacobian[:, of_tau, curve.rows] += by_log_tau / theta[:, of_tau, None]
                jacobian[:, self.gamma_at, curve.rows] += by_log_tau * np.log(self.ratio(curve, i))
        return predicted, jacobian

    def predict(self, theta: Array, design: MixtureDesign) -> Array:
        """Return predicted errors, shape (batch, rows)."""
        predicted = np.empty((theta.shape[0], design.rows))
        for curve in design.curves:
            predicted[:, curve.rows] = np.exp(_Effective(self, theta, curve).path) + theta[:, :1]
        return predicted


class _Effective:
    """Effective data D and ln(y - d) along one mixture's segments, for a batch of parameter vectors.

    Segment arrays have shape (batch, segments), row arrays (batch, rows).
    """

    def __init__(self, law: ReleasedData, theta: Array, curve: Curve):
        """Compute D at every breakpoint and the log of y - d at every row."""
        self.curve = curve
        last = curve.samples.max()
        ends = [period * np.arange(1, np.ceil(last / period) + 1) for period in curve.periods]
        breaks = np.unique(np.concatenate([[0.0], *ends]))
        breaks = breaks[np.concatenate([[True], np.diff(breaks) > 1e-9 * breaks[1:]])]  # equal ends up to rounding
        self.length = np.diff(breaks)
        middle = breaks[:-1] + 0.5 * self.length
        self.epoch = np.floor(middle / curve.periods[:, None])  # (pools, segments)
        at = np.searchsorted(breaks, curve.samples, side="left") - 1
        self.row_segment: npt.NDArray[np.intp] = np.minimum(at, self.length.size - 1)
        self.row_length = curve.samples - breaks[self.row_segment]
        tau = np.stack([law.half_life(theta, curve, i) for i in range(curve.pools.size)])
        self.half_life = tau
        log_share = np.log(curve.weights)[:, None, None] - LN2 * self.epoch[:, None, :] / tau[:, :, None]
        peak = log_share.max(axis=0)
        share = np.exp(log_share - peak)
        total = share.sum(axis=0)
        self.share = share / total  # of the effective rate that each pool gives: (pools, batch, segments)
        self.rate = total * np.exp(peak)
        self.slopes = theta[:, [law.slope_at(pool) for pool in curve.pools]].T  # (pools, batch)
        self.slope = (self.slopes[:, :, None] * self.share).sum(axis=0)
        self.data = np.cumsum(self.rate * self.length, axis=1)  # at the end of each segment
        log_a = np.log(theta[:, 1, None])
        self.head = log_a + np.log(self.data[:, :1] / RELEASED_UNIT)
        self.steps = np.log(self.data[:, 1:] / self.data[:, :-1])
        at, first = self.row_segment, self.row_segment == 0
        self.before = self.data[:, np.maximum(at - 1, 0)]
        self.row_data = np.where(first, 0.0, self.before) + self.rate[:, at] * self.row_length
        self.row_step = np.where(
            first, log_a + np.log(self.row_data / RELEASED_UNIT), np.log(self.row_data / self.before)
        )
        self.path = self._along(self.slope, self.head * self.slope[:, :1], self.slope[:, 1:] * self.steps)

    def _along(self, by_row: Array, head: Array, steps: Array) -> Array:
        """Sum a head and per-segment steps up to each row, the row's own segment weighted by `by_row`."""
        ends = np.concatenate([np.zeros_like(head), head, head + np.cumsum(steps, axis=1)], axis=1)
        return np.asarray(ends[:, self.row_segment] + by_row[:, self.row_segment] * self.row_step)

    def by_slope(self, pool: int) -> Array:
        """Return d ln(y - d) / d b of a pool: (batch, rows)."""
        share = self.share[pool]
        return self._along(share, self.head * share[:, :1], share[:, 1:] * self.steps)

    def by_log_tau(self, pool: int) -> Array:
        """Return d ln(y - d) / d ln tau of a pool: (batch, rows)."""
        log_share = LN2 * self.epoch[pool] / self.half_life[pool][:, None]  # d ln(q delta^k) / d ln tau
        rate = self.share[pool] * self.rate * log_share
        slope = self.share[pool] * log_share * (self.slopes[pool][:, None] - self.slope)
        data = np.cumsum(rate * self.length, axis=1)
        relative = data / self.data
        head = slope[:, :1] * self.head + self.slope[:, :1] * relative[:, :1]
        steps = slope[:, 1:] * self.steps + self.slope[:, 1:] * np.diff(relative, axis=1)
        at, first = self.row_segment, self.row_segment == 0
        before = np.where(first, 0.0, data[:, np.maximum(at - 1, 0)])
        row = (before + rate[:, at] * self.row_length) / self.row_data
        row = row - np.where(first, 0.0, relative[:, np.maximum(at - 1, 0)])
        return np.asarray(self._along(slope, head, steps) + self.slope[:, at] * row)
