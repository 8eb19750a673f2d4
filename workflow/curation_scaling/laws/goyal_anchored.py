"""Decaying utility from an untrained model on: no power law that all pools must cross at a declared n0."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.law import Array, Parameter
from curation_scaling.laws.repetition import LN2, Curve, MixtureDesign
from curation_scaling.laws.repetition_law import RepetitionLaw

_LEAST_ONSET, _MOST_ONSET = 1e-3, 1e3  # of n1
_ONSETS = np.array([0.01, 0.1, 1.0, 10.0, 100.0])
_HEADROOM = np.array([1.0, 1.1, 1.4])  # of the error that the first evaluation has left to lose


@dataclass(frozen=True)
class GoyalAnchored(RepetitionLaw):
    """Equation 3 with an onset s: every pool starts at the error y(0) = a + d of a model that has seen nothing.

    ln(y - d)(n) = ln a + sum_i q_i b_i (1 + s/n1) int_0^n (1/2)^(floor(m q_i / N_i) / tau_i') dm / (m + s)

    with q_i the sampling weight of pool i, N_i its unique samples, tau_i' = tau_i q_i^(-gamma). b_i is the slope
    d ln(y - d) / d ln n of a first pass at n = n1, the size of the smallest pool; far below s the error stays at its
    start, far above it follows the power law of Eq. 3, and for s >> n it falls exponentially. In Eq. 3 with one a,
    all pools cross at a declared n0 (a choice of the unit of n); here they cross at n = 0, where they must.

    untrained: the error at n = 0 where it is known (chance: 1 - 1/classes); then a = untrained - d leaves the vector.
    Source: this project; Eq. 3 and Theorem 1 of Goyal et al. 2024 (arXiv 2404.07177) for the decay and its mixtures.
    """

    untrained: float | None = None

    name = "goyal_anchored"
    source = "this project, after Goyal et al. 2024, Eq. 3"
    formula = "ln(y - d) = ln a + sum_i q_i b_i (1 + s/n1) int_0^n (1/2)^(floor(m q_i/N_i)/(tau_i q_i^-gamma)) dm/(m+s)"

    @property
    def shared(self) -> tuple[Parameter, ...]:
        """Return a, unless the error at the start is known, and s."""
        unit = self.n1 or 1.0  # not bound to runs yet: n1 is the unit
        onset = Parameter("s", "samples", _LEAST_ONSET * unit, _MOST_ONSET * unit, log=True)
        return (onset,) if self.untrained is not None else (*super().shared, onset)

    @property
    def constants(self) -> Mapping[str, tuple[float, str]]:
        """Return n1, and the known error at the start."""
        assert self.n1 is not None
        known = {} if self.untrained is None else {"untrained": (self.untrained, "error")}
        return {"n1": (self.n1, "samples"), **known}

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with the runs' pools and n1; raise InputError if a run is worse than an untrained model."""
        law = super().bind(runs)
        worst = float(runs["error"].max()) if "error" in runs.columns else 0.0  # type: ignore[arg-type]
        if self.untrained is not None and worst >= self.untrained:
            raise InputError(
                f"a run has the error {worst:g}, not below that of an untrained model, {self.untrained:g}:"
                " raise untrained or leave it out"
            )
        return law

    def heads(self, error: float, samples: float, floor: float) -> Iterator[Array]:
        """Return starting values of (a, s), or of s alone."""
        assert self.n1 is not None
        for onset in _ONSETS * self.n1:
            if self.untrained is not None:
                yield np.array([onset])
            else:
                yield from (np.array([error * room, onset]) for room in _HEADROOM)

    def predict(self, theta: Array, design: MixtureDesign) -> Array:
        """Return predicted errors (batch, rows)."""
        predicted = np.empty((theta.shape[0], design.rows))
        for curve in design.curves:
            total = np.zeros((theta.shape[0], curve.samples.size))
            for i, pool in enumerate(curve.pools):
                path = _Path(self._onset(theta), self.half_life(theta, curve, i), curve, i)
                total += (curve.weights[i] * self._scaled_slope(theta, int(pool))) * path.value
            predicted[:, curve.rows] = self._amplitude(theta) * np.exp(total, out=total) + theta[:, :1]
        return predicted

    def evaluate(self, theta: Array, design: MixtureDesign) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives."""
        assert self.n1 is not None
        predicted = np.empty((theta.shape[0], design.rows))
        jacobian = np.zeros((theta.shape[0], theta.shape[1], design.rows))
        onset = self._onset(theta)
        for curve in design.curves:
            total = np.zeros((theta.shape[0], curve.samples.size))
            inner: dict[int, Array] = {}
            stretch, by_onset = np.zeros_like(total), np.zeros_like(total)
            for i, pool in enumerate(curve.pools):
                tau = self.half_life(theta, curve, i)
                path = _Path(onset, tau, curve, i, derivatives=True)
                slope = curve.weights[i] * self._scaled_slope(theta, int(pool))
                total += slope * path.value
                inner[self.slope_at(pool)] = curve.weights[i] * (1 + onset / self.n1)[:, None] * path.value
                by_log_tau = slope * path.by_log_tau
                of_tau = self.half_life_at(int(pool))
                inner[of_tau] = inner.get(of_tau, 0.0) + by_log_tau / theta[:, of_tau, None]
                stretch += np.log(self.ratio(curve, i)) * by_log_tau
                share = curve.weights[i] * theta[:, self.slope_at(pool), None] / self.n1
                by_onset += slope * path.by_onset + share * path.value
            shape = np.exp(total)
            term = self._amplitude(theta) * shape
            predicted[:, curve.rows] = term + theta[:, :1]
            if self.untrained is None:
                jacobian[:, 0, curve.rows] = 1
                jacobian[:, 1, curve.rows] = shape
            else:
                jacobian[:, 0, curve.rows] = 1 - shape
            inner[self.gamma_at - 1] = by_onset
            inner[self.gamma_at] = stretch
            for index, derivative in inner.items():
                jacobian[:, index, curve.rows] = term * derivative
        return predicted, jacobian

    def _onset(self, theta: Array) -> Array:
        return theta[:, self.gamma_at - 1]

    def _amplitude(self, theta: Array) -> Array:
        return theta[:, 1, None] if self.untrained is None else self.untrained - theta[:, :1]

    def _scaled_slope(self, theta: Array, pool: int) -> Array:
        assert self.n1 is not None
        return theta[:, self.slope_at(pool), None] * (1 + self._onset(theta) / self.n1)[:, None]


class _Path:
    """int_0^n (1/2)^(k(m) / tau) dm / (m + s) of one pool of a curve, (batch, rows), and its derivatives.

    Whole epochs are summed once for all rows, (batch, epochs); each row then adds its part of an epoch.
    """

    def __init__(self, onset: Array, tau: Array, curve: Curve, i: int, derivatives: bool = False):
        """Compute the integral for onsets and half-lives, both (batch,), along pool `i` of the curve."""
        period = float(curve.periods[i])
        epochs = int(np.ceil(curve.samples.max() / period))
        edges = period * np.arange(epochs + 1)
        which: npt.NDArray[np.intp] = np.minimum((curve.samples / period).astype(np.intp), epochs - 1)
        weight = np.exp2(-np.arange(epochs) / tau[:, None])
        at_edges = edges + onset[:, None]
        at_rows = curve.samples + onset[:, None]
        whole = np.log(at_edges[:, 1:] / at_edges[:, :-1])
        part = np.log(at_rows / at_edges[:, which])
        last = weight[:, which]
        self.value = _before(weight * whole, which) + last * part
        if derivatives:
            late: Array = np.arange(epochs, dtype=float) * weight
            scale = (LN2 / tau)[:, None]
            self.by_log_tau = scale * (_before(late * whole, which) + late[:, which] * part)
            inverse = 1 / at_edges
            change = inverse[:, 1:] - inverse[:, :-1]
            self.by_onset = _before(weight * change, which) + last * (1 / at_rows - inverse[:, which])


def _before(terms: Array, which: npt.NDArray[np.intp]) -> Array:
    """Sums of the epochs (batch, epochs) before each row's own, (batch, rows)."""
    sums = np.zeros((terms.shape[0], terms.shape[1] + 1))
    np.cumsum(terms, axis=1, out=sums[:, 1:])
    return sums[:, which]
