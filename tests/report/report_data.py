"""Small finished studies for the tests of the report: synthetic runs, then everything by the package itself."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.artifacts import EDGES, POOL, RUNS, SUMMARY
from curation_scaling.frontier.stage import build_frontier
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.pools.ledger import write_json
from curation_scaling.runs.identity import run_id, run_identities
from curation_scaling.runs.imports import import_runs
from curation_scaling.runs.record import describe_pool
from curation_scaling.store import write
from curation_scaling.study import Study
from curation_scaling.study.runs import Train
from study_data import declared, parsed, table

SIZES = {"bucket1": 100, "bucket2": 100}
SLOPES = {"bucket1": 0.6, "bucket2": 0.45, "all": 0.52}
HALF_LIVES = {"bucket1": 2.0, "bucket2": 6.0, "all": 5.0}
HOSTILE = "Pools <script>alert('title')</script> & \"quotes\""
HOSTILE_METRIC = "loss</script><img src=x>"


def trained_study(**values: Any) -> Study:
    """Two buckets and their union, three draws each, under a hostile title."""
    changes = {
        "title": HOSTILE,
        "pools__draws": 3,
        "pools__sample": {"size": 200},
        "runs__trainer__metric": HOSTILE_METRIC,
        "runs__checkpoints": [25, 50, 100, 200, 400, 800],
        "laws": {"bootstrap": 40, "names": ["goyal_eq3"], "main": "goyal_eq3", "loss": "log_mse"},
        "frontier": {"budgets": [100, 400, 1600]},
    }
    return parsed(table(), **(changes | values))


def write_run(study: Study, layout: Layout, pool: str, draw: int, seed: int) -> pl.DataFrame:
    """One training run as a trainer would write it: a repetition law with some noise of the draw."""
    assert isinstance(study.runs, Train)
    seen = np.array(study.runs.checkpoints, float)
    size = sum(SIZES[member] for member in study.pools.members[pool])
    fresh = np.arange(1, seen[-1] + 1)
    slope = SLOPES[pool] * 0.5 ** (np.floor((fresh - 1) / size) / HALF_LIVES[pool])
    fall = np.cumsum(slope / (fresh + 10))[seen.astype(int) - 1]
    noise = np.random.Generator(np.random.PCG64([draw, len(pool)])).normal(0, 0.004, seen.size)
    rows = pl.DataFrame({"pool": pool, "samples_seen": seen.astype(int), "error": 0.1 + np.exp(-fall + noise)})
    parts = {name: {m: SIZES[m] for m in members} for name, members in study.pools.members.items()}
    frame = describe_pool(rows, parts).with_columns(
        study=pl.lit(study.study),
        run_id=pl.lit(run_id(pool, draw, seed)),
        unit=pl.lit(study.unit),
        params=pl.lit(None, pl.Int64),
        flops=6e3 * pl.col("samples_seen").cast(pl.Float64),
        metric=pl.lit(HOSTILE_METRIC),
        draw=pl.lit(draw, pl.Int32),
        seed=pl.lit(seed, pl.Int32),
        schedule=pl.lit("constant"),
        source=pl.lit("trained"),
    )
    write(layout.run(pool, draw, seed), RUNS, frame, study=study.study, inputs="none")
    return frame


def finish(study: Study, layout: Layout, runs: pl.DataFrame) -> None:
    """Write the runs, fit the laws, and build the frontier."""
    write(layout.runs, RUNS, runs, study=study.study, inputs="none")
    fit_laws(study, layout)
    build_frontier(study, layout)


def finish_trained(study: Study, layout: Layout) -> None:
    """A study whose pools were cut and trained here."""
    finish(study, layout, pl.concat([write_run(study, layout, *identity) for identity in run_identities(study)]))
    draws = range(study.pools.draws)
    edge = {"score_max": 1.0, "cut_uid_hi": 0, "cut_uid_lo": 0, "cut_rank": 0, "ties": 0, "rows": 50, "size": 100}
    edges = [
        {"draw": d, "bucket": b, "pool": f"bucket{b}", "score_min": 1.0 - b / 2} | edge for d in draws for b in (1, 2)
    ]
    kinds = [("input", "read", 150), ("kept", "bucket1", 50), ("kept", "bucket2", 50), ("rejected", "empty text", 50)]
    summary = [{"draw": d, "kind": k, "outcome": o, "rows": n, "size": 2 * n} for d in draws for k, o, n in kinds]
    for b in (1, 2):
        rows = [{"uid_hi": b, "uid_lo": i, "score": 1 - b / 2 + i / 100, "bucket": b, "rank": i, "size": 2}
                for i in range(50)]  # fmt: skip
        write(layout.pool(f"bucket{b}", 0), POOL, pl.DataFrame(rows), study=study.study, inputs="none")
    for path, schema, rows in ((layout.edges, EDGES, edges), (layout.summary, SUMMARY, summary)):
        write(path, schema, pl.DataFrame(rows), study=study.study, inputs="none")
    write_json(layout.source_counts, {"provenance": {}, "files": ["0" * 64]}, study=study.study)


def finish_imported(layout: Layout, **values: Any) -> Study:
    """A study of published points: one run a pool, no FLOPs, budgets that were not measured."""
    laws = {"bootstrap": 40, "names": ["goyal_eq3"], "main": "goyal_eq3"}
    study = parsed(declared(), laws=laws, **values)
    finish(study, layout, import_runs(study))
    return study


def layout_in(folder: Path, study: str) -> Layout:
    """The layout of a study below a folder of results."""
    return Layout(folder / "results" / study)
