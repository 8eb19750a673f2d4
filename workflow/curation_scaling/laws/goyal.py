"""The three repetition laws of Goyal et al. 2024: as printed, and the two of the released code. Not interchangeable."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.law import Array, Parameter
from curation_scaling.laws.repetition import LN2, Curve, LogPath, MixtureDesign, decay
from curation_scaling.laws.repetition_law import AMPLITUDE, RepetitionLaw

RELEASED_UNIT = 1e5  # samples; the released code divides n by it
_SMALLEST_SHARE = 0.1  # of the smallest pool: n0
_ROWS = 32  # predicted at once: with 1,000 draws they stay in the processor's cache


@dataclass(frozen=True)
class GoyalEq3(RepetitionLaw):
    """Equation 3, generalised to mixtures of unequal pools with any weights.

    ln(y - d)(n) = sum_i q_i ln a_i + sum_i q_i b_i int_{n0}^{n} (1/2)^(floor(m q_i / N_i) / tau_i') dm / m

    with q_i the sampling weight of pool i, N_i its unique samples, tau_i' = tau_i q_i^(-gamma); gamma = 1 is the
    paper's Theorem 1 for equal pools, 0 (default) leaves tau alone. The integral is an exact sum over epochs.

    n0: samples at which every pool has error a + d; a declared constant of the model, by default a tenth of the
    smallest pool, never above it. pool_amplitudes: one a per pool, which frees the model from n0.
    Source: Goyal et al. 2024 (arXiv 2404.07177), Eq. 3 and Theorem 1.
    """

    n0: float | None = None
    pool_amplitudes: bool = False

    name = "goyal_eq3"
    source = "Goyal et al. 2024, Eq. 3"
    formula = "ln(y - d) = ln a + sum_i q_i b_i int_n0^n (1/2)^(floor(m q_i/N_i)/(tau_i q_i^-gamma)) dm/m"

    def levels(self, error: float, samples: float, slopes: Array) -> Array:
        """Return a = (y - d) (n / n0)^-b."""
        assert self.n0 is not None
        return error * (samples / self.n0) ** -slopes

    @property
    def shared(self) -> tuple[Parameter, ...]:
        """Return a, or one a per pool."""
        if not self.pool_amplitudes:
            return super().shared
        return tuple(replace(AMPLITUDE, name=f"a[{pool}]") for pool in self.pools)

    @property
    def constants(self) -> Mapping[str, tuple[float, str]]:
        """Return n0."""
        assert self.n0 is not None
        return {"n0": (self.n0, "samples"), **super().constants}

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with the runs' pools and n0."""
        law = super().bind(runs)
        assert law.n1 is not None
        smallest = law.n1
        n0 = _SMALLEST_SHARE * smallest if self.n0 is None else self.n0
        if not 0 < n0 <= smallest:
            raise InputError(f"n0 is {n0:g} samples, but must be above 0 and at most the smallest pool's {smallest:g}")
        return replace(law, n0=n0)

    def prepared(self, curve: Curve) -> Curve:
        """Return the curve with its epoch lengths from n0 on; raise InputError on a pool smaller than n0."""
        assert self.n0 is not None
        if curve.sizes.min() < self.n0:
            raise InputError(
                f"a pool of {curve.sizes.min():g} samples is smaller than the fit's n0 = {self.n0:g}:"
                " refit with n0 at most the smallest pool that will be asked for"
            )
        return curve.integrated(np.array(self.n0))

    def straightened(self, here: Array, there: Array, design: MixtureDesign) -> Array:
        """Step in a and in the error at each pool's last evaluation, not in ln a and b.

        d trades off against all a and b; in errors at fixed places that valley is straight, in exponents it is curved.
        """
        result = there.copy()
        for curve in design.curves:
            if curve.pools.size > 1:
                continue
            pool = int(curve.pools[0])
            amplitude, slope, half_life = self.amplitude_at(pool), self.slope_at(pool), self.half_life_at(pool)
            lengths = curve.lengths[0][np.argmax(curve.samples)]
            rise = np.log(there[:, amplitude] / here[:, amplitude])
            level = np.where(rise > -0.9, here[:, amplitude] * (1 + rise), there[:, amplitude])
            weight = decay(here[:, half_life], lengths.size)
            path = weight @ lengths
            by_log_tau = (weight * np.arange(lengths.size)) @ lengths * LN2 / here[:, half_life]
            change = rise + (there[:, slope] - here[:, slope]) * path
            change += here[:, slope] * by_log_tau * np.log(there[:, half_life] / here[:, half_life])
            term = np.log(here[:, amplitude]) + here[:, slope] * path + np.log1p(np.maximum(change, -0.9))
            end = (term - np.log(level)) / (decay(there[:, half_life], lengths.size) @ lengths)
            sound = (change > -0.9) & (rise > -0.9) & np.isfinite(end)
            result[:, slope] = np.where(sound, end, there[:, slope])
            result[:, amplitude] = level
        return result

    def predict(self, theta: Array, design: MixtureDesign) -> Array:
        """Return predicted errors (batch, rows): epochs are summed once a pool, each row adds its part of an epoch."""
        assert self.n0 is not None
        predicted = np.empty((design.rows, theta.shape[0]))  # rows outside: a row's draws lie side by side
        for curve in design.curves:
            paths = [
                LogPath(self.half_life(theta, curve, i), q * theta[:, self.slope_at(pool)], self.n0, curve, i)
                for i, (pool, q) in enumerate(zip(curve.pools, curve.weights, strict=True))
            ]
            rows = np.arange(design.rows)[curve.rows]
            for start in range(0, rows.size, _ROWS):
                part = slice(start, start + _ROWS)
                total = sum((path.at(part) for path in paths), self._log_amplitude(theta, curve)[:, 0])
                np.exp(total, out=total)
                total += theta[:, 0]
                predicted[rows[part]] = total
        return predicted.T

    def evaluate(self, theta: Array, design: MixtureDesign) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives."""
        predicted = np.empty((theta.shape[0], design.rows))
        jacobian = np.zeros((theta.shape[0], theta.shape[1], design.rows))
        for curve in design.curves:
            total = self._log_amplitude(theta, curve) + np.zeros(curve.samples.size)
            inner: dict[int, Array] = {}
            stretch: Array | float = 0.0
            for i, pool in enumerate(curve.pools):
                q = curve.weights[i]
                log_length = curve.lengths[i]
                tau = self.half_life(theta, curve, i)
                weight = decay(tau, log_length.shape[1])
                path = weight @ log_length.T
                slope = theta[:, self.slope_at(pool), None]
                by_log_tau = q * slope * ((weight * np.arange(weight.shape[1])) @ log_length.T) * (LN2 / tau)[:, None]
                total += q * slope * path
                inner[self.slope_at(pool)] = q * path
                of_tau = self.half_life_at(pool)
                inner[of_tau] = inner.get(of_tau, 0.0) + by_log_tau / theta[:, of_tau, None]
                stretch = stretch + np.log(self.ratio(curve, i)) * by_log_tau
                if self.pool_amplitudes:
                    inner[1 + pool] = q / theta[:, 1 + pool, None]
            if not self.pool_amplitudes:
                inner[1] = 1 / theta[:, 1, None]
            inner[self.gamma_at] = stretch + np.zeros_like(total)
            term = np.exp(total)
            predicted[:, curve.rows] = term + theta[:, :1]
            jacobian[:, 0, curve.rows] = 1
            for index, derivative in inner.items():
                jacobian[:, index, curve.rows] = term * derivative
        return predicted, jacobian

    def amplitude_at(self, pool: int) -> int:
        """Index of a, or of a pool's own."""
        return 1 + pool if self.pool_amplitudes else 1

    def _log_amplitude(self, theta: Array, curve: Curve) -> Array:
        if not self.pool_amplitudes:
            return np.log(theta[:, 1, None])
        return (np.log(theta[:, 1 + curve.pools]) @ curve.weights)[:, None]


@dataclass(frozen=True)
class ReleasedLaw(RepetitionLaw):
    """What the two forms of the released code share: the amplitude inside the power, and gamma = 1."""

    @property
    def defaults(self) -> Mapping[str, float | str]:
        """Return gamma = 1: the released code multiplies tau by the number of equal pools."""
        return {"gamma": 1.0}

    def levels(self, error: float, samples: float, slopes: Array) -> Array:
        """Return a with (a n / 1e5)^b = y - d."""
        return RELEASED_UNIT / samples * error ** (1 / slopes)


@dataclass(frozen=True)
class ReleasedUtility(ReleasedLaw):
    """The released "utility" form: y = ((a n_1 / 1e5)^{b_1} + d) prod_{j>=2} (n_j / n_{j-1})^{b_j}.

    n_j = samples seen at the end of epoch j, b_j = b (1/2)^((j-1)/tau): d is multiplied by the product. Mixtures: b_j
    is the weighted mean over pools and tau_i' = tau_i q_i^(-gamma), gamma = 1 by default (tau p for p equal pools); n_1
    is where the first pool starts over. No n0: a stands inside the power.
    Source: released code of Goyal et al. 2024.
    """

    name = "released_utility"
    source = "Goyal et al. 2024, released code (utility)"
    formula = "y = ((a n_1/1e5)^b_1 + d) prod_j (n_j/n_(j-1))^b_j, b_j = b (1/2)^((j-1)/tau)"

    def prepared(self, curve: Curve) -> Curve:
        """Return the curve with its epoch lengths from n_1 on."""
        return curve.integrated(np.minimum(curve.samples, curve.periods.min()))

    def evaluate(self, theta: Array, design: MixtureDesign) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives."""
        predicted = np.empty((theta.shape[0], design.rows))
        jacobian = np.zeros((theta.shape[0], theta.shape[1], design.rows))
        d, a = theta[:, :1], theta[:, 1, None]
        for curve in design.curves:
            first = np.minimum(curve.samples, curve.periods.min())
            log_first = np.log(a) + np.log(first / RELEASED_UNIT)
            slope = (theta[:, [self.slope_at(pool) for pool in curve.pools]] @ curve.weights)[:, None]
            term = np.exp(slope * log_first)
            total = np.zeros_like(term)
            inner: list[tuple[int, float, float, Array, Array]] = []
            for i, pool in enumerate(curve.pools):
                q, b = curve.weights[i], theta[:, self.slope_at(pool), None]
                log_length = curve.lengths[i]
                tau = self.half_life(theta, curve, i)
                weight = decay(tau, log_length.shape[1])
                path = weight @ log_length.T
                by_log_tau = q * b * ((weight * np.arange(weight.shape[1])) @ log_length.T) * (LN2 / tau)[:, None]
                total += q * b * path
                inner.append((int(pool), q, self.ratio(curve, i), path, by_log_tau))
            factor = np.exp(total)
            y = (term + d) * factor
            predicted[:, curve.rows] = y
            jacobian[:, 0, curve.rows] = factor
            jacobian[:, 1, curve.rows] = term * slope / a * factor
            for pool, q, ratio, path, by_log_tau in inner:
                of_tau = self.half_life_at(pool)
                jacobian[:, self.slope_at(pool), curve.rows] = q * (term * log_first * factor + y * path)
                jacobian[:, of_tau, curve.rows] += y * by_log_tau / theta[:, of_tau, None]
                jacobian[:, self.gamma_at, curve.rows] += y * by_log_tau * np.log(ratio)
        return predicted, jacobian
