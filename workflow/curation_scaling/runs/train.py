"""One training run: a pool in one draw, with one seed."""

from __future__ import annotations

import polars as pl

from curation_scaling.artifacts import POOL, RUNS, SAMPLES
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.source import TEST
from curation_scaling.runs.identity import run_id
from curation_scaling.runs.record import describe_pool
from curation_scaling.runs.trainers.training import Training
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import train_keys
from curation_scaling.study.locate import trainer_inputs
from curation_scaling.study.runs import CommandTrainer, MlpTrainer, Train


def train_run(study: Study, layout: Layout, pool: str, draw: int, seed: int) -> None:
    """Train on a pool and write its evaluations, one row a checkpoint."""
    train = study.runs
    assert isinstance(train, Train)
    paths = [layout.pool(member, draw) for member in study.pools.members[pool]]
    parts = [read(path, POOL, study=study.study) for path in paths]
    sizes = {name: int(part["size"].sum()) for name, part in zip(study.pools.members[pool], parts, strict=True)}
    number = derive_seed(study.seed, "train", pool, draw, seed)
    command = isinstance(train.trainer, CommandTrainer)
    inputs = [layout.pool(pool, draw), layout.subset(pool, draw)] if command else [*paths, layout.samples]
    keys = train_keys(study, pool, draw, seed) | {"read": [file_sha256(path) for path in trainer_inputs(study)]}
    digest = inputs_digest(keys, *inputs)  # before the training: it verifies what the training reads
    if isinstance(train.trainer, CommandTrainer):
        from curation_scaling.runs.trainers.command import train_command

        result = train_command(
            train.trainer,
            train.checkpoints,
            number,
            layout,
            pool=pool,
            draw=draw,
            name=run_id(pool, draw, seed),
            sizes=sizes,
        )
    else:
        result = _train_mlp(study, train, layout, pl.concat(parts), number)
    rows = pl.DataFrame(
        {
            "samples_seen": [n for n, _ in result.evaluations],
            "error": [float(error) for _, error in result.evaluations],
        },
        schema={"samples_seen": pl.Int64, "error": pl.Float64},
    ).with_columns(
        study=pl.lit(study.study),
        run_id=pl.lit(run_id(pool, draw, seed)),
        pool=pl.lit(pool),
        unit=pl.lit(study.unit),
        params=pl.lit(result.params, pl.Int64),
        flops=pl.lit(result.flops_per_sample, pl.Float64) * pl.col("samples_seen"),
        metric=pl.lit(train.trainer.metric),
        draw=pl.lit(draw, pl.Int32),
        seed=pl.lit(seed, pl.Int32),
        schedule=pl.lit("command" if command else "constant"),
        source=pl.lit("trained"),
    )
    write(layout.run(pool, draw, seed), RUNS, describe_pool(rows, {pool: sizes}), study=study.study, inputs=digest)


def _train_mlp(study: Study, train: Train, layout: Layout, manifest: pl.DataFrame, seed: int) -> Training:
    from curation_scaling.runs.trainers.mlp import train_mlp

    assert isinstance(train.trainer, MlpTrainer)
    samples = read(layout.samples, SAMPLES, study=study.study)
    if "features" in samples.columns:
        width = len(samples["features"][0])
        samples = samples.with_columns(pl.col("features").list.to_array(width))
    payload = samples.join(manifest.select("uid_hi", "uid_lo"), on=["uid_hi", "uid_lo"], how="semi")
    options = train.trainer.model_dump(exclude={"kind"})
    test = samples.filter(pl.col("role") == TEST)
    return train_mlp([payload], test, checkpoints=train.checkpoints, seed=seed, **options)
