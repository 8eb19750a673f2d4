"""Predicted error of candidates along the budget axis, for the estimate and for every bootstrap draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from curation_scaling.frontier.candidates import by_size
from curation_scaling.frontier.forecaster import Forecaster
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array


def predict_pools(
    fit: Forecaster, sizes: Mapping[str, Mapping[str, int]], budgets: Sequence[float] | Array
) -> tuple[Array, Array]:
    """Predicted errors of pools at budgets.

    Args:
        fit: a repetition law with its draws, its gamma being the rule for mixtures.
        sizes: for each candidate its component pools and their unique samples; sampling is in proportion to them.
        budgets: samples seen, shape (budgets,).

    Returns:
        Errors of the estimate, (pools, budgets), and of the draws, (draws, pools, budgets).
    """
    return predict_mixtures(fit, [by_size(parts) for parts in sizes.values()], np.asarray(budgets, float))


def predict_mixtures(fit: Forecaster, mixtures: list[Mixture], budgets: Array) -> tuple[Array, Array]:
    """The same for mixtures with any weights: (mixtures, budgets) and (draws, mixtures, budgets)."""
    samples = np.tile(budgets, len(mixtures))
    which = np.repeat(np.arange(len(mixtures)), len(budgets))
    estimate, draws = fit.forecast(mixtures, which, samples)
    shape = (len(mixtures), len(budgets))
    return estimate.reshape(shape), draws.reshape(-1, *shape)


def forecast_each(fit: Forecaster, mixtures: Iterable[Mixture], budgets: Array) -> Iterator[tuple[Array, Array]]:
    """One mixture after another: its errors of the estimate, (budgets,), and of the draws, (draws, budgets)."""
    which = np.zeros(len(budgets), dtype=np.intp)
    for mixture in mixtures:
        yield fit.forecast([mixture], which, budgets)
