"""Points of a rerun's own making: its trainings, and simulated ones."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curation_scaling.artifacts_trainings import TRAININGS
from curation_scaling.laws.compute_laws import FLOPS_PER_PARAM_TOKEN
from curation_scaling.laws.recipe.simulate import simulate
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study import recipe, trainings
from curation_scaling.study.rerun import DESIGNED, NUMBERS, Rerun
from curation_scaling.study.rerun_keys import training_jobs

FITTED, HELD_OUT = "fitted", "held_out"


def made_points(rerun: Rerun, layout: Layout) -> Iterator[pl.DataFrame]:
    """Rows of `points` of the tables `trainings` and `simulation`, where the study has them."""
    if rerun.trainings is not None:
        paths = [layout.training(name, draw) for name, draw in training_jobs(rerun)]
        frame = pl.concat([read(path, TRAININGS, study=rerun.study) for path in paths])
        frame = frame.sort(TRAININGS.sort)
        if rerun.trainings.early_stopping:
            frame = frame.filter((pl.col("error").rank("ordinal") == 1).over("set", "cell", "draw", "domain"))
        held_out = [one.name for one in rerun.trainings.sets if one.held_out]
        frame = frame.with_columns(held_out=pl.col("set").is_in(held_out))
        mixed = frame["domain"].null_count() == 0
        yield _points(frame if mixed else frame.drop("domain", "share"), trainings.TRAININGS)
    if rerun.simulation is not None:
        frame = simulate(rerun.simulation, rerun.seed).with_columns(
            cell=pl.format("{}.N{}.B{}", "set", pl.col("params").cast(pl.Int64), pl.col("batch_size").cast(pl.Int64)),
            samples_seen=pl.col("steps") * pl.col("batch_size"),
        )
        flops = FLOPS_PER_PARAM_TOKEN * pl.col("params") * pl.col("samples_seen")
        yield _points(frame.with_columns(flops=flops), recipe.SIMULATION)


def _points(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    reals = [name for name in (*NUMBERS, *DESIGNED) if name in frame.columns and name != "draw"]
    return frame.with_row_index("row").select(
        pl.lit(table).alias("table"),
        pl.col("row", "draw").cast(pl.Int64),
        pl.format("{}.draw-{}", "cell", "draw").alias("run_id"),
        pl.col("domain" if "domain" in frame.columns else "set").alias("group"),
        pl.when("held_out").then(pl.lit(HELD_OUT)).otherwise(pl.lit(FITTED)).alias("role"),
        pl.col(reals).cast(pl.Float64),
    )
