"""Utility of a pool at its k-th repetition."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import mixtures
from curation_scaling.laws.fit import Fit
from curation_scaling.laws.repetition_law import RepetitionLaw

Array = npt.NDArray[np.float64]


def pool_utility(fit: Fit, repetitions: Sequence[float]) -> pl.DataFrame:
    """Return b_k = b (1/2)^(k / tau) of every pool: pool, repetition, utility, lower, upper.

    repetitions: k = 0, 1, ..., with k = 0 the first pass. The interval is the fit's, from its draws.
    Raises InputError when the fit is not of a repetition law.
    """
    law = _repetition_law(fit)
    frames = []
    tail = (1 - fit.level) / 2
    for pool in law.pools:
        draws = pool_utility_draws(fit, pool, repetitions)
        lower, upper = (
            np.quantile(draws, [tail, 1 - tail], axis=0) if draws.size else np.full((2, len(repetitions)), np.nan)
        )
        frames.append(
            pl.DataFrame(
                {
                    "pool": [pool] * len(repetitions),
                    "repetition": np.asarray(repetitions, float),
                    "utility": _utility(fit, fit.theta[None], pool, repetitions)[0],
                    "lower": lower,
                    "upper": upper,
                },
                nan_to_null=True,
            )
        )
    return pl.concat(frames)


def pool_utility_draws(fit: Fit, pool: str, repetitions: Sequence[float]) -> Array:
    """Return the draws of b_k of one pool, shape (draws, repetitions); draws are shared across pools."""
    return _utility(fit, fit.theta_draws, pool, repetitions)


def _utility(fit: Fit, theta: Array, pool: str, repetitions: Sequence[float]) -> Array:
    law = _repetition_law(fit)
    if pool not in law.pools:
        raise InputError(f"pool {pool!r} has no utility: the law was fitted on {', '.join(law.pools)}")
    at = law.pools.index(pool)
    half_life = theta[:, law.half_life_at(at)]
    if law.one_half_life:
        assert law.n1 is not None
        half_life = half_life * (_size(fit.runs, pool) / law.n1) ** theta[:, law.gamma_at]
    return theta[:, law.slope_at(at), None] * np.exp2(-np.asarray(repetitions, float) / half_life[:, None])


def _size(runs: pl.DataFrame, pool: str) -> float:
    """Unique samples of a pool, in the mean over the evaluations that sample it."""
    found, which = mixtures(runs)
    sizes = [dict(zip(mixture.pools, mixture.sizes, strict=True)).get(pool) for mixture in found]
    return float(np.mean([sizes[i] for i in which if sizes[i] is not None]))


def _repetition_law(fit: Fit) -> RepetitionLaw:
    if not isinstance(fit.law, RepetitionLaw):
        raise InputError(f"law {fit.law.name} has no utility by repetition: fit a repetition law, such as goyal_eq3")
    return fit.law
