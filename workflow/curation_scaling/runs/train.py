"""One training run: a pool in one draw, with one seed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from curation_scaling.artifacts import EDGES, POOL, RUNS, SAMPLES
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.source import TEST
from curation_scaling.pools.subset import check_subset
from curation_scaling.runs.identity import run_id
from curation_scaling.runs.record import describe_pool
from curation_scaling.runs.trainers.training import Training
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import train_keys
from curation_scaling.study.locate import trainer_inputs
from curation_scaling.study.runs import CommandTrainer, MlpTrainer, Train
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import ShardsSource


def train_run(study: Study, layout: Layout, pool: str, draw: int, seed: int) -> None:
    """Train on a pool and write its evaluations, one row a checkpoint."""
    train = study.runs
    assert isinstance(train, Train)
    if isinstance(study.pools.source, ShardsSource):
        parts, sizes, inputs = [], _sizes_of_shards(study, layout, pool), _inputs_of_shards(study, layout, pool)
        manifest, uids = layout.parts(pool), layout.whole_subset(pool)
    else:
        paths = [layout.pool(member, draw) for member in study.pools.members[pool]]
        parts = [read(path, POOL, study=study.study) for path in paths]
        sizes = {name: int(part["size"].sum()) for name, part in zip(study.pools.members[pool], parts, strict=True)}
        manifest, uids = layout.pool(pool, draw), layout.subset(pool, draw)
        inputs = [manifest, uids] if isinstance(train.trainer, CommandTrainer) else [*paths, layout.samples]
    number = derive_seed(study.seed, "train", pool, draw, seed)
    command = isinstance(train.trainer, CommandTrainer)
    keys = train_keys(study, pool, draw, seed) | {"read": [file_sha256(path) for path in trainer_inputs(study)]}
    digest = inputs_digest(keys, *inputs)  # before the training: it verifies what the training reads
    if isinstance(train.trainer, CommandTrainer):
        from curation_scaling.runs.trainers.command import train_command

        _check_handed_over(study, layout, pool, draw)
        result = train_command(
            train.trainer,
            train.checkpoints,
            number,
            manifest=manifest,
            uids=uids,
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


def _sizes_of_shards(study: Study, layout: Layout, pool: str) -> dict[str, int]:
    """The size of each bucket of a pool, which the edges hold: its rows may be too many to read."""
    edges = read(layout.edges, EDGES, study=study.study)
    sizes = dict(edges["pool", "size"].iter_rows())
    return {member: int(sizes[member]) for member in study.pools.members[pool]}


def _inputs_of_shards(study: Study, layout: Layout, pool: str) -> list[Path]:
    """What a command reads: the parts of the pool's manifest, and its subset file."""
    plan = ShardPlan(study)
    subset = [layout.whole_subset(pool)] if plan.source.subset_files else []
    return [layout.edges, *(layout.part(pool, part) for part in range(plan.parts)), *subset]


def _check_handed_over(study: Study, layout: Layout, pool: str, draw: int) -> None:
    """What a command reads itself, verified before, is of this study and fits together."""
    if not isinstance(study.pools.source, ShardsSource):
        check_subset(layout.subset(pool, draw), read(layout.pool(pool, draw), POOL, study=study.study))
        return
    rows, plan = 0, ShardPlan(study)
    for part in range(plan.parts):
        path = layout.part(pool, part)
        noted = pq.read_metadata(path)
        if (of := (noted.metadata or {}).get(b"study", b"").decode()) != study.study:
            raise InputError(f"{path} belongs to the study {of!r}, not to {study.study!r}: delete it")
        rows += noted.num_rows
    if plan.source.subset_files:
        check_subset(layout.whole_subset(pool), rows)


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
