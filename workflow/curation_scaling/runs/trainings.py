"""The stages that train by model size, batch size and groups of the data: a source, and one set in one draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from curation_scaling.artifacts import SAMPLES
from curation_scaling.artifacts_trainings import TRAININGS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.groups import draw_groups
from curation_scaling.pools.ledger import write_json
from curation_scaling.pools.sources.modules import read_modules
from curation_scaling.pools.sources.source import POOL, TEST
from curation_scaling.progress import progress
from curation_scaling.runs.trainers.mlp import train_mlp
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, inputs_digest, read, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import source_keys, training_keys
from curation_scaling.study.trainings import Cell, Trainings, TrainingSet


def build_source(rerun: Rerun, layout: Layout) -> None:
    """Read the source of a rerun's trainings and write its samples, and what became of every row.

    Raises:
        InputError: if it holds fewer groups than a set asks for.
    """
    part = _part(rerun)
    source = read_modules(**part.source.model_dump(), seed=derive_seed(rerun.seed, "source"))
    held = source.frame.filter(role=POOL)["group"].n_unique()
    for i, one in enumerate(part.sets):
        if max(one.groups or [0]) > held:
            raise InputError(
                f"key trainings.sets[{i}].groups: {max(one.groups or [])} modules are asked for, {held} hold "
                f"{part.source.smallest} samples and are not held out; lower it, or name more packages"
            )
    report = {"counts": source.counts, "provenance": source.provenance}
    write_json(layout.source_counts, report, study=rerun.study)
    frame = source.frame.with_columns(score=pl.lit(None, pl.Float64))
    write(layout.samples, SAMPLES, frame, study=rerun.study, inputs=digest(source_keys(rerun)))


def train_set(rerun: Rerun, layout: Layout, set: str, draw: int) -> None:
    """Train every combination of one set in one draw, and write a row a checkpoint."""
    part = _part(rerun)
    one = part.set_named(set)
    samples = read(layout.samples, SAMPLES, study=rerun.study)
    inputs = inputs_digest(training_keys(rerun, set, draw), layout.samples)
    pool, test = samples.filter(role=POOL), samples.filter(role=TEST)
    seed = derive_seed(rerun.seed, "groups", draw)
    rows = []
    for cell in progress(list(one.cells(part.trainer)), f"trainings of {set}"):
        taken = draw_groups(pool, groups=cell.groups, per_group=cell.per_group, seed=seed)
        rows += _train(part, one, cell, taken, test, derive_seed(rerun.seed, "trainings", cell.name, draw))
    frame = pl.DataFrame(rows).with_columns(set=pl.lit(set), draw=pl.lit(draw, pl.Int32))
    write(layout.training(set, draw), TRAININGS, frame, study=rerun.study, inputs=inputs)


def _train(
    part: Trainings, one: TrainingSet, cell: Cell, taken: pl.DataFrame, test: pl.DataFrame, seed: int
) -> list[dict[str, Any]]:
    units = int(taken["size"].sum())
    wanted = [*(one.checkpoints or []), *(passes * units for passes in one.passes or [])]
    rate = part.trainer.learning_rate * (cell.batch_size / part.trainer.batch_size) ** part.rate_exponent
    options = part.trainer.model_dump(exclude={"kind"})
    options |= {"hidden": cell.hidden, "batch_size": cell.batch_size, "learning_rate": rate}
    checkpoints = whole_steps(wanted, cell.batch_size)
    result = train_mlp([taken], test, checkpoints=checkpoints, seed=seed, **options)
    assert result.params is not None
    assert result.flops_per_sample is not None
    return [
        {
            "cell": cell.name,
            "params": result.params,
            "batch_size": cell.batch_size,
            "learning_rate": rate,
            "groups": taken["group"].n_unique(),
            "per_group": cell.per_group,
            "unique_samples": taken.height,
            "unique_units": units,
            "samples_seen": seen,
            "steps": seen // cell.batch_size,
            "flops": result.flops_per_sample * seen,
            "error": error,
        }
        for seen, error in result.evaluations
    ]


def whole_steps(wanted: Sequence[float], batch_size: int) -> list[int]:
    """Checkpoints in examples, each rounded to a whole number of steps, at least one; what falls together is one."""
    return sorted({max(1, round(examples / batch_size)) * batch_size for examples in wanted})


def _part(rerun: Rerun) -> Trainings:
    if rerun.trainings is None:
        raise InputError(f"study {rerun.study} has no key trainings: there is nothing to train")
    return rerun.trainings
