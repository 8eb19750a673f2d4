"""Trainings on the pruned pools of one draw and one initial size: ordinary runs, one a pool."""

from __future__ import annotations

from typing import Literal

import polars as pl

from curation_scaling.artifacts import POOL, RUNS
from curation_scaling.layout import Layout
from curation_scaling.progress import progress
from curation_scaling.ranking.task import read_task
from curation_scaling.runs.identity import run_id
from curation_scaling.runs.record import describe_pool
from curation_scaling.runs.trainers.mlp import train_mlp
from curation_scaling.seeds import derive_seed
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import prune_train_keys
from curation_scaling.study.pruning import cells_of

METRIC: Literal["error_rate"] = "error_rate"


def train_pruned(study: Study, layout: Layout, draw: int, size: int) -> None:
    """Train on every pruned pool of a draw and an initial size, all from the same initial weights."""
    pruning = study.pruning
    assert pruning is not None
    pool, test = read_task(study, layout)
    cells = cells_of(pruning, size)
    paths = [layout.pool(cell.pool, draw) for cell in cells]
    digest = inputs_digest(prune_train_keys(study, draw, size), layout.ranking("task"), *paths)
    seed = derive_seed(study.seed, "prune-train", pruning.seed, draw, size)
    frames = []
    for cell, path in progress(list(zip(cells, paths, strict=True)), "pruned pools trained on"):
        manifest = read(path, POOL, study=study.study)
        payload = pool.join(manifest.select("uid_hi", "uid_lo"), on=["uid_hi", "uid_lo"], how="semi")
        result = train_mlp(
            [payload],
            test,
            checkpoints=pruning.checkpoints,
            seed=seed,
            inputs="features",
            metric=METRIC,
            **pruning.trainer.model_dump(),
        )
        rows = pl.DataFrame(result.evaluations, schema={"samples_seen": pl.Int64, "error": pl.Float64}, orient="row")
        frames.append(
            describe_pool(
                rows.with_columns(pool=pl.lit(cell.pool)), {cell.pool: {cell.pool: manifest.height}}
            ).with_columns(
                run_id=pl.lit(run_id(cell.pool, draw, 0)),
                params=pl.lit(result.params, pl.Int64),
                flops=pl.lit(result.flops_per_sample, pl.Float64) * pl.col("samples_seen"),
            )
        )
    frame = pl.concat(frames).with_columns(
        study=pl.lit(study.study),
        unit=pl.lit("samples"),
        metric=pl.lit(METRIC),
        draw=pl.lit(draw, pl.Int32),
        seed=pl.lit(0, pl.Int32),
        schedule=pl.lit("constant"),
        source=pl.lit("trained"),
    )
    write(layout.pruned_runs(draw, size), RUNS, frame, study=study.study, inputs=digest)
