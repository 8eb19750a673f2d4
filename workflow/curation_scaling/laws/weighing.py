"""What the study says about noise, odd curves, metrics and trials, applied to its runs before a law is fitted."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.noise import evaluation_noise, signal_to_noise
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.selection import largest_model
from curation_scaling.laws.shapes import refuse_odd_curves
from curation_scaling.study import Study


def of_metric(study: Study, runs: pl.DataFrame) -> pl.DataFrame:
    """The runs' rows of the metric that is fitted.

    Raises:
        InputError: if no row has it.
    """
    metric = study.laws.metric
    if metric is None:
        return runs
    if metric not in (known := sorted(set(runs["metric"]))):
        raise InputError(f"key laws.metric: {metric!r} is not among the runs' metrics: {listed(metric, known)}")
    return runs.filter(metric=metric)


def noise_tables(study: Study, runs: pl.DataFrame) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Rows of `laws/noise` and `laws/signal` of every metric, of the largest model; None where not asked for."""
    if study.laws.noise is None:
        return None, None
    runs = _with_trials(study, largest_model(runs))
    noise = evaluation_noise(runs)
    return noise, signal_to_noise(runs, noise)


def refuse_unfit(study: Study, runs: pl.DataFrame, noise: pl.DataFrame | None) -> None:
    """Refuse single pools whose curve has no falling part, and by `laws.odd_curves` those that rise at all.

    Raises:
        InputError: for the first such pool.
    """
    single = largest_model(runs).filter(pl.col("pool").is_in(study.pools.fitted_names))
    if (most := study.laws.max_repetitions) is not None:
        single = single.filter(pl.col("repetitions") <= most)
    known = None if noise is None else noise.filter(pl.col("metric").is_in(single["metric"].unique().implode()))
    shapes = ("rising", "u_shaped", "hump") if study.laws.odd_curves == "refuse" else ("rising",)
    refuse_odd_curves(law_named(study.laws.names[0]), single, known, shapes=shapes)


def weighed(study: Study, fitted: pl.DataFrame, noise: pl.DataFrame | None) -> pl.DataFrame:
    """The fitted runs with a column `noise` or `trials` where the study weighs by it."""
    if study.laws.noise == "weigh" and noise is not None:
        key = ["metric", "pool", "samples_seen"]
        return fitted.join(noise.select(*key, "noise"), on=key, how="left", maintain_order="left")
    return _with_trials(study, fitted) if study.laws.loss == "binomial" else fitted.drop("trials", strict=False)


def weights_for(fitted: pl.DataFrame) -> Mapping[str, str] | None:
    """The weights of `fit_law` for runs that `weighed` prepared."""
    if "noise" in fitted.columns:
        return {"noise": "noise"}
    return {"count": "trials"} if "trials" in fitted.columns else None


def _with_trials(study: Study, runs: pl.DataFrame) -> pl.DataFrame:
    """Runs with trials from their own column or from `laws.trials`; without the column where these are not known.

    Raises:
        InputError: if some rows have trials and others none.
    """
    given = pl.lit(study.laws.trials, pl.Int64)
    trials = pl.coalesce("trials", given) if "trials" in runs.columns else given
    runs = runs.with_columns(trials=trials)
    unknown = runs["trials"].null_count()
    if unknown and unknown < runs.height:
        row = runs.filter(pl.col("trials").is_null()).row(0, named=True)
        raise InputError(
            f"run {row['run_id']} has no trials at {row['samples_seen']}, but others have: give them, or laws.trials"
        )
    return runs.drop("trials") if unknown else runs
