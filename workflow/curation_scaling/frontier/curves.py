"""Predicted error of candidate pools along the budget axis, for the estimate and for every bootstrap draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array
from curation_scaling.laws.saved import SavedFit


def predict_pools(
    fit: SavedFit, sizes: Mapping[str, Mapping[str, int]], budgets: Sequence[float] | Array
) -> tuple[Array, Array]:
    """Predicted errors of pools at budgets.

    Args:
        fit: a repetition law with its draws, its gamma being the rule for mixtures.
        sizes: for each candidate its component pools and their unique samples; sampling is in proportion to them.
        budgets: samples seen, shape (budgets,).

    Returns:
        Errors of the estimate, (pools, budgets), and of the draws, (draws, pools, budgets).
    """
    mixtures = []
    for parts in sizes.values():
        counts = np.array(list(parts.values()), float)
        mixtures.append(Mixture(tuple(parts), counts / counts.sum(), counts).sampled())
    samples = np.tile(np.asarray(budgets, float), len(mixtures))
    which = np.repeat(np.arange(len(mixtures)), len(budgets))
    estimate, draws = fit.forecast(mixtures, which, samples)
    shape = (len(mixtures), len(budgets))
    return estimate.reshape(shape), draws.reshape(-1, *shape)
