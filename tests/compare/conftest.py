"""Two finished studies on the same draws under different filters, a third on other data, and a rerun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import RUNS
from curation_scaling.frontier.stage import build_frontier
from curation_scaling.laws.reproduction.points import build_points
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.runs.identity import run_id, run_identities
from curation_scaling.runs.record import describe_pool
from curation_scaling.store import write
from curation_scaling.study import Rerun, Study
from curation_scaling.study.load import parse_study
from curation_scaling.study.save import save_study
from study_data import declared, parsed, table

SIZES = {"bucket1": 100, "bucket2": 100}
CHECKPOINTS = [25, 50, 100, 200, 400, 800]


def finish(results: Path, name: str, slopes: dict[str, float], *, flops: float = 6e3, **changes: Any) -> Study:
    """A study of known slopes; every draw has a luck of its own, which all studies on it share."""
    values = {
        "title": f"Study {name}",
        "pools__draws": 4,
        "pools__sample": {"size": 200},
        "runs__checkpoints": CHECKPOINTS,
        "laws": {"bootstrap": 60, "names": ["goyal_eq3"], "main": "goyal_eq3", "loss": "log_mse", "gammas": [0]},
        "frontier": {"budgets": [100, 400, 1600]},
    }
    study = parsed(table() | {"study": name}, **(values | changes))
    layout = Layout(results / name)
    save_study(study, layout)
    frames = []
    for pool, draw, seed in run_identities(study):
        members = study.pools.members[pool]
        size = sum(SIZES[m] for m in members)
        slope = float(np.mean([slopes[m] for m in members])) * 0.5 ** (np.floor(np.arange(800) / size) / 4)
        fall = np.cumsum(slope / (np.arange(800) + 11))[np.array(CHECKPOINTS) - 1]
        luck = 0.05 * np.random.Generator(np.random.PCG64(draw)).normal()
        noise = np.random.Generator(np.random.PCG64([draw, len(pool), sum(map(ord, name))])).normal(0, 1e-3, fall.size)
        rows = pl.DataFrame({"pool": pool, "samples_seen": CHECKPOINTS, "error": np.exp(luck + noise - fall)})
        frames.append(
            describe_pool(rows, {pool: {m: SIZES[m] for m in members}}).with_columns(
                study=pl.lit(name),
                run_id=pl.lit(run_id(pool, draw, seed)),
                unit=pl.lit(study.unit),
                params=pl.lit(None, pl.Int64),
                flops=flops * pl.col("samples_seen").cast(pl.Float64),
                metric=pl.lit("loss"),
                draw=pl.lit(draw, pl.Int32),
                seed=pl.lit(seed, pl.Int32),
                schedule=pl.lit("constant"),
                source=pl.lit("trained"),
            )
        )
    write(layout.runs, RUNS, pl.concat(frames), study=name, inputs="none")
    fit_laws(study, layout)
    build_frontier(study, layout)
    return study


def finish_rerun(results: Path, folder: Path) -> Rerun:
    """Two procedures whose power laws cross at 1e20 FLOPs, and one on the first's runs."""
    rng = np.random.Generator(np.random.PCG64(3))
    flops = np.tile(np.geomspace(1e18, 1e22, 9), 2)
    kind = np.repeat(["steep", "flat"], 9)
    error = np.where(kind == "steep", 0.4 * (flops / 1e20) ** -0.12, 0.4 * (flops / 1e20) ** -0.06)
    frame = pl.DataFrame(
        {"run": [f"{k}{i}" for i, k in enumerate(kind)], "kind": kind, "flops": flops, "samples_seen": flops / 1e9,
         "error": error * np.exp(rng.normal(0, 0.004, 18))}
    )  # fmt: skip
    frame.write_csv(folder / "points.csv")

    def power(name: str) -> dict[str, Any]:
        where = [{"column": "kind", "among": [name.removesuffix("_again")]}]
        columns = {"samples_seen": "samples_seen", "flops": "flops", "error": "error"}
        files = [{"path": "points.csv"}]
        return {"name": name, "files": files, "columns": columns, "run": ["run"], "where": where, "metric": "loss"}

    line = {"formula": "a * (flops / 1e20) ** -alpha", "parameters": [{"name": "a"}, {"name": "alpha", "upper": 2}]}
    names = ["steep", "flat", "steep_again"]
    rerun = parse_study(
        {
            "study": "procedures",
            "title": "Two procedures",
            "seed": 1,
            "data_root": str(folder),
            "tables": [power(name) for name in names],
            "formulas": [{"name": "line"} | line],
            "fits": [{"name": n, "table": n, "laws": ["line"], "loss": "log_mse"} for n in names],
            "reproduction": [
                {
                    "kind": "parameter",
                    "fit": "steep",
                    "published": {"alpha": 0.12},
                    "source": "known",
                    "tolerance": 0.01,
                }
            ],
        },
        "rerun.yaml",
    )
    assert isinstance(rerun, Rerun)
    layout = Layout(results / rerun.study)
    save_study(rerun, layout)
    build_points(rerun, layout)
    return rerun


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "results"
    finish(folder, "sharp", {"bucket1": 0.60, "bucket2": 0.30})
    finish(folder, "blunt", {"bucket1": 0.46, "bucket2": 0.44})
    finish(folder, "other", {"bucket1": 0.46, "bucket2": 0.44}, seed=9)
    finish_rerun(folder, folder.parent)
    imported = parsed(declared(), laws={"bootstrap": 20, "names": ["goyal_eq3"], "main": "goyal_eq3"})
    save_study(imported, Layout(folder / imported.study))
    return folder
