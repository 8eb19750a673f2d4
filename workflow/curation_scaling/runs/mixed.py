"""Small trainings on mixtures of sources: ordinary runs, whose pools are what the sources revealed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import polars as pl

from curation_scaling.artifacts import RUNS
from curation_scaling.artifacts_sources import REVEALED, SOURCE_WEIGHTS
from curation_scaling.layout import Layout
from curation_scaling.pools.mixture_table import mixtures_of, read_mixture_table
from curation_scaling.pools.revealed import SOURCE, TEST
from curation_scaling.progress import progress
from curation_scaling.runs.identity import run_id
from curation_scaling.runs.record import describe_pool
from curation_scaling.runs.trainers.mlp import train_mlp
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, inputs_digest, read, write
from curation_scaling.study.locate import locate
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import choice_runs_keys, training_keys
from curation_scaling.study.sources import ImportMixtures, TrainMixtures, mixture_name

METRIC: Literal["error_rate"] = "error_rate"


def train_mixtures(rerun: Rerun, layout: Layout, size: int, seed: int) -> None:
    """Train on every mixture of the grid at a size that the sources can deliver, and write its runs."""
    assert rerun.sources is not None
    keys = training_keys(rerun) | {"identity": [size, seed]}
    inputs = inputs_digest(keys, layout.source("samples"))
    wanted = [(mixture_name(weights, size), weights) for weights in mixtures_of(rerun, size)]
    frame = _train(rerun, layout, wanted, size, seed, lambda pool: derive_seed(rerun.seed, "mixed", size, pool, seed))
    write(layout.source_runs(size, seed), RUNS, frame, study=rerun.study, inputs=inputs)


def train_choices(rerun: Rerun, layout: Layout, seed: int) -> None:
    """Train on the chosen and on the plain weights, on those that the samples at hand suffice for."""
    assert rerun.sources is not None
    spec = rerun.sources
    rows = read(layout.source("weights"), SOURCE_WEIGHTS, study=rerun.study)
    inputs = inputs_digest(
        choice_runs_keys(rerun) | {"identity": [seed]}, layout.source("samples"), layout.source("weights")
    )
    wanted = []
    for (choice,), part in rows.group_by("choice", maintain_order=True):
        by_source = dict(part.select("source", "weight").iter_rows())
        wanted.append((str(choice), tuple(by_source[name] for name in spec.names)))
    number = derive_seed(rerun.seed, "chosen", seed)  # one for all choices, which are compared in pairs
    frame = _train(rerun, layout, wanted, spec.choose.size, seed, lambda pool: number)
    write(layout.source_runs("choice", seed), RUNS, frame, study=rerun.study, inputs=inputs)


def import_mixtures(rerun: Rerun, layout: Layout) -> None:
    """Write the imported trainings as runs; repeated rows of a mixture are its trainings with other seeds."""
    assert rerun.sources is not None
    spec = rerun.sources
    assert isinstance(spec.runs, ImportMixtures)
    table = read_mixture_table(rerun)
    rows = []
    for row in table.iter_rows(named=True):
        weights = tuple(row[name] for name in spec.names)
        parts = [
            {"pool": name, "weight": w, "size": max(1, round(w * row["size"]))}
            for name, w in zip(spec.names, weights, strict=True)
            if w > 0
        ]
        rows.append(
            {"pool": mixture_name(weights, row["size"]), "weights": parts, "size": row["size"], "error": row["error"]}
        )
    frame = pl.DataFrame(rows, schema_overrides={"weights": RUNS.empty.schema["weights"]}).with_columns(
        seed=pl.int_range(pl.len(), dtype=pl.Int32).over("pool")
    )
    frame = frame.select(
        "pool", "weights", "error", "seed",
        study=pl.lit(rerun.study),
        run_id=pl.format("{}.draw-0.seed-{}", "pool", "seed"),
        unique_samples=pl.col("size"), samples_seen=pl.col("size"), unit=pl.lit("samples"), repetitions=pl.lit(1.0),
        params=pl.lit(None, pl.Int64), flops=pl.lit(None, pl.Float64), metric=pl.lit(spec.runs.metric),
        draw=pl.lit(0, pl.Int32), schedule=pl.lit("unknown"), source=pl.lit("imported"),
    )  # fmt: skip
    inputs = inputs_digest(training_keys(rerun) | {"read": [file_sha256(locate(rerun, spec.runs.file))]})
    write(layout.source_runs("imported", 0), RUNS, frame, study=rerun.study, inputs=inputs)


def _train(
    rerun: Rerun,
    layout: Layout,
    wanted: Sequence[tuple[str, tuple[float, ...]]],
    size: int,
    seed: int,
    number: Callable[[str], int],
) -> pl.DataFrame:
    """Rows of `runs`, one a mixture (name, weights) that the samples at hand suffice for and a number of passes."""
    assert rerun.sources is not None
    spec = rerun.sources
    assert isinstance(spec.runs, TrainMixtures)
    samples = read(layout.source("samples"), REVEALED, study=rerun.study)
    samples = samples.with_columns(pl.col("features").list.to_array(len(samples["features"][0])))
    test = samples.filter(pl.col("role") == TEST)
    held = {
        name: samples.filter((pl.col("role") == SOURCE) & (pl.col("source") == name)).sort("place")
        for name in spec.names
    }
    frames = []
    for pool, weights in progress(list(wanted), "mixtures trained on"):
        counts = {name: round(w * size) for name, w in zip(spec.names, weights, strict=True) if round(w * size) > 0}
        if any(count > held[name].height for name, count in counts.items()):
            continue
        total = sum(counts.values())
        result = train_mlp(
            [held[name].head(count) for name, count in counts.items()],
            test,
            checkpoints=[passes * total for passes in spec.runs.passes],
            seed=number(pool),
            inputs="features",
            metric=METRIC,
            **spec.runs.trainer.model_dump(),
        )
        rows = pl.DataFrame(result.evaluations, schema={"samples_seen": pl.Int64, "error": pl.Float64}, orient="row")
        frames.append(
            describe_pool(rows.with_columns(pool=pl.lit(pool)), {pool: counts}).with_columns(
                run_id=pl.lit(run_id(pool, 0, seed)),
                params=pl.lit(result.params, pl.Int64),
                flops=pl.lit(result.flops_per_sample, pl.Float64) * pl.col("samples_seen"),
            )
        )
    if not frames:
        return RUNS.empty
    return pl.concat(frames).with_columns(
        study=pl.lit(rerun.study),
        unit=pl.lit("samples"),
        metric=pl.lit(METRIC),
        draw=pl.lit(0, pl.Int32),
        seed=pl.lit(seed, pl.Int32),
        schedule=pl.lit("constant"),
        source=pl.lit("trained"),
    )
