"""Judging a law by extrapolation: hold-out of the largest compute, and a rollout along an expanding window."""

from collections.abc import Mapping

import polars as pl

from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.law import Law
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.rollout import rollout


def holdout(
    law: str | Law,
    runs: pl.DataFrame,
    *,
    loss: str = "log_huber",
    delta: float = 1e-3,
    fixed: Mapping[str, float | str | None] | None = None,
    weights: Mapping[str, str] | None = None,
    baselines: bool = True,
) -> pl.DataFrame:
    """Fit to the smaller compute, predict the larger, for every cutoff of the rollout.

    Returns one row a prediction: law, method ("law" or a baseline), split ("largest" for the largest cutoff, which is
    the hold-out of the largest compute, else "rollout"), row of `runs`, pool, compute, distance (compute / cutoff),
    error, predicted, relative_error (signed: predicted / error - 1), absolute_relative_error.
    Cutoffs that leave too few runs to fit are skipped. Raises InputError when no cutoff leaves enough.
    """
    chosen = law_named(law) if isinstance(law, str) else law

    def fit_to(part: pl.DataFrame) -> Fit:
        return fit_law(chosen, part, loss=loss, delta=delta, fixed=fixed, weights=weights, bootstrap=0)

    return rollout(chosen, runs, fit_to, baselines=baselines)
