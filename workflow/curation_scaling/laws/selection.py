"""Which evaluations a repetition law is fitted to: single pools, before their error rises again."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curation_scaling.laws.shapes import RISE
from curation_scaling.study import Study


def select_runs(runs: pl.DataFrame, pools: Sequence[str], max_repetitions: float | None) -> pl.DataFrame:
    """Add the column `role`: fitted, left_out, or mixture.

    A single pool's evaluations are left out beyond `max_repetitions`, and from the first checkpoint on at which its
    mean error over runs stands more than 1 % above an earlier one: the model overfits there. Where there are models of
    several sizes, only the largest one's runs are selected.
    """
    runs = largest_model(runs)
    mean = (
        runs.filter(pl.col("pool").is_in(pools))
        .group_by("pool", "samples_seen")
        .agg(pl.col("error").mean())
        .sort("pool", "samples_seen")
        .with_columns(least=pl.col("error").cum_min().over("pool"))
        .filter(pl.col("error") > (1 + RISE) * pl.col("least"))
        .group_by("pool")
        .agg(rises_at=pl.col("samples_seen").min())
    )
    late = pl.col("samples_seen") >= pl.col("rises_at").fill_null(2**62)
    often = pl.lit(False) if max_repetitions is None else pl.col("repetitions") > max_repetitions
    role = (
        pl.when(~pl.col("pool").is_in(pools))
        .then(pl.lit("mixture"))
        .when(late | often)
        .then(pl.lit("left_out"))
        .otherwise(pl.lit("fitted"))
    )
    return runs.join(mean, on="pool", how="left", maintain_order="left").with_columns(role=role).drop("rises_at")


def fitted_runs(study: Study, selected: pl.DataFrame) -> pl.DataFrame:
    """The evaluations that the laws are fitted to: single pools, and mixtures where the study fits them jointly."""
    return selected.filter(pl.col("role").is_in(["fitted", "mixture"] if study.laws.joint else ["fitted"]))


def largest_model(runs: pl.DataFrame) -> pl.DataFrame:
    """The runs of the largest model: the repetition laws know of no model size, and sizes must not pass for noise."""
    if "params" not in runs.columns or runs["params"].drop_nulls().n_unique() < 2:
        return runs
    return runs.filter(pl.col("params") == pl.col("params").max())
