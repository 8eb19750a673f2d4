"""A user's own training command on a user's own table, as Snakemake jobs; failed runs do not cost the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from harness import Workspace

from curation_scaling.artifacts import FRONTIER, RUNS
from curation_scaling.store import read

# Linear regression by stochastic gradient descent: samples carry label noise that grows as their score falls.
SCRIPT = """
import argparse, json
import numpy as np
import polars as pl

parser = argparse.ArgumentParser()
for name in ("manifest", "uids", "weights", "checkpoints", "seed", "output", "samples-seen", "data"):
    parser.add_argument(f"--{name}", required=True)
args = parser.parse_args()
rng = np.random.default_rng(int(args.seed))
manifest = pl.read_parquet(args.manifest)
subset = np.load(args.uids, allow_pickle=False)
assert len(subset) == manifest.height and (subset["f0"] == manifest["uid_hi"].to_numpy()).all()
assert abs(sum(part["weight"] for part in json.loads(args.weights)) - 1) < 1e-9
data = pl.read_parquet(args.data)
data = data.with_columns(uid_lo=pl.col("uid").str.slice(16).str.to_integer(base=16).cast(pl.UInt64))
rows = data.join(manifest.select("uid_lo"), on="uid_lo", how="semi").sort("uid_lo")
assert rows.height == manifest.height
x, y = rows["x"].to_numpy(), rows["y"].to_numpy()
checkpoints = [int(c) for c in args.checkpoints.split(",")]
assert checkpoints[-1] == int(args.samples_seen)
order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-checkpoints[-1] // len(x)))])
weight, bias, done = 0.0, 0.0, 0
with open(args.output, "w") as out:
    for stop in checkpoints:
        for i in order[done:stop]:
            step = 0.004 * (weight * x[i] + bias - y[i])
            weight, bias = weight - step * x[i], bias - step
        done = stop
        error = (weight - 2.0) ** 2 + (bias + 1.0) ** 2 + 0.05
        print(json.dumps({"samples_seen": stop, "metric": "loss", "error": error, "params": 2}), file=out)
"""


@pytest.fixture
def study(workspace: Workspace) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    x, quality = rng.normal(size=400), rng.uniform(size=400)
    noise = rng.normal(size=400) * (1.5 - quality)
    data = workspace.folder / "meta data.parquet"
    uids = [f"{i:032x}" for i in rng.permutation(400)]
    pl.DataFrame({"uid": uids, "x": x, "y": 2 * x - 1 + noise, "quality": quality}).write_parquet(data)
    script = workspace.folder / "train.py"
    script.write_text(SCRIPT)
    placeholders = " ".join(f"--{n.replace('_', '-')} {{{n}}}" for n in _PLACEHOLDERS)
    return {
        "study": "own",
        "title": "A command",
        "seed": 3,
        "pools": {
            "source": {"kind": "table", "files": [{"path": str(data)}], "score": "quality"},
            "buckets": 2,
            "unions": {"all": ["bucket1", "bucket2"]},
        },
        "runs": {
            "kind": "train",
            "trainer": {
                "kind": "command",
                "command": f"python '{script}' {placeholders} --data '{data}'",
                "metric": "loss",
                "inputs": [str(script)],
                "cpus": 1,
                "mem_mb": 500,
            },
            "seeds": 2,
            "checkpoints": [25, 50, 100, 200, 400, 800],
        },
        "laws": {"bootstrap": 40, "names": ["goyal_eq3"]},
        "frontier": {"budgets": [200, 400, 800]},
    }


_PLACEHOLDERS = ("manifest", "uids", "weights", "checkpoints", "seed", "output", "samples_seen")


def test_the_command_trains_every_run(workspace: Workspace, study: dict[str, Any]) -> None:
    workspace.built(workspace.study(study))
    runs = read(workspace.folder / "results/own/runs.parquet", RUNS, study="own")
    assert runs["run_id"].n_unique() == 6
    assert set(runs["params"]) == {2}
    assert (runs["flops"] == 12.0 * runs["samples_seen"]).all()
    assert runs.filter(pool="all")["weights"][0].to_list() == [
        {"pool": "bucket1", "weight": 0.5, "size": 200},
        {"pool": "bucket2", "weight": 0.5, "size": 200},
    ]
    assert (
        read(workspace.folder / "results/own/frontier.parquet", FRONTIER, study="own").height == 2 * 3 * 3
    )  # rules, budgets, pools
    # A changed script trains again, nothing before it runs.
    (workspace.folder / "train.py").write_text(SCRIPT + "# changed\n")
    planned = workspace.planned(workspace.folder / "study.yaml")
    assert planned == {"train": 6, "runs": 1, "laws": 1, "frontier": 1, "report": 1}


def test_keep_going_reports_what_is_there(workspace: Workspace, study: dict[str, Any]) -> None:
    script: Path = workspace.folder / "train.py"
    script.write_text(SCRIPT.replace("x, y = ", "assert rows.height == 200, 'no room for the union'\nx, y = "))
    done = workspace.run(workspace.study(study), "--keep-going")
    assert done.returncode != 0
    assert (
        "curation-scaling: run all.draw-0.seed-0: the training command ended with exit code 1"
        in done.stderr + done.stdout
    )
    results = workspace.folder / "results/own"
    assert len(list((results / "runs").glob("*.parquet"))) == 4
    assert not (results / "report.html").exists()
    partial = (results / "report.partial.html").read_text()
    assert "all.draw-0.seed-0" in partial
