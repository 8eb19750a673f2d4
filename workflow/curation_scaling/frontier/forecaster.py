"""What the frontier needs from a fit: forecasts of mixtures, and the parameters where a law has a closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array
from curation_scaling.laws.goyal import GoyalEq3
from curation_scaling.laws.repetition import LN2, Curve
from curation_scaling.laws.saved import SavedFit


class Forecaster(Protocol):
    """A fit with its bootstrap draws: of one law, or of several together."""

    def forecast(self, found: list[Mixture], which: npt.NDArray[np.intp], samples: Array) -> tuple[Array, Array]:
        """Return predicted errors of the estimate, (rows,), and of the draws, (draws, rows)."""


def without_draws(fit: Forecaster) -> Forecaster:
    """The estimate alone, where it can be had alone: a search over weights needs no draws."""
    return replace(fit, draws=fit.draws[:0]) if isinstance(fit, SavedFit) else fit


def smallest_pool(fit: Forecaster) -> float:
    """Samples below which the law cannot speak of a pool: n0 of Eq. 3."""
    return fit.law.n0 or 0.0 if isinstance(fit, SavedFit) and isinstance(fit.law, GoyalEq3) else 0.0


def separable(fit: Forecaster) -> bool:
    """Whether ln(y - d) falls by concave gains of each pool's own weight: Eq. 3 with gamma = 0."""
    if not (isinstance(fit, SavedFit) and isinstance(fit.law, GoyalEq3)):
        return False
    at = fit.law.gamma_at
    return bool((fit.theta[:, at] == 0).all() and (fit.draws[:, at] == 0).all())


def utility_left(fit: Forecaster, mixture: Mixture, samples: float) -> tuple[Array, Array] | None:
    """Utility -b (1/2)^(k / tau') of the next sample of each pool after `samples` of the mixture.

    Returns:
        Of the estimate, (pools,), and of the draws, (draws, pools); None for a fit without such parameters.
    """
    if not isinstance(fit, SavedFit):
        return None
    law = fit.law
    at = np.array([law.pools.index(pool) for pool in mixture.pools], dtype=np.intp)
    curve = Curve(slice(0, 1), at, mixture.weights, mixture.sizes, np.array([samples]))
    repeats = np.floor(samples / curve.periods * (1 + 1e-12))

    def left(theta: Array) -> Array:
        columns = [
            -theta[:, law.slope_at(int(pool))] * np.exp(-LN2 * repeats[i] / law.half_life(theta, curve, i))
            for i, pool in enumerate(at)
        ]
        return np.stack(columns, axis=1)

    return left(fit.theta)[0], left(fit.draws)
