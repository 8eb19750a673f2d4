"""Whole studies on a real Slurm, through faults: the bytes are those of a local run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from harness import ROOT, Workspace, environment, tiny
from slurm import Run, Slurm

from curation_scaling.layout import Layout
from curation_scaling.stages import SHARD_STAGES
from curation_scaling.study import load_study

pytestmark = pytest.mark.slow


def cli(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "curation_scaling", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment())


def stamps(folder: Path, pattern: str) -> dict[Path, tuple[int, int]]:
    """What tells a file from one that was written again."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.glob(pattern)}


def test_a_whole_study_with_a_cancelled_job_and_a_restarted_daemon(slurm: Slurm, tmp_path: Path) -> None:
    local, cluster = Workspace(tmp_path / "local"), Workspace(tmp_path / "cluster")
    for workspace in (local, cluster):
        workspace.folder.mkdir()
        workspace.study(tiny())
    study = cluster.folder / "study.yaml"

    groups = ("--group-components", "pools=20", "train=3", "prune=4")
    run = Run(cluster, study, groups)
    run.until(lambda: bool(list(cluster.folder.glob("results/tiny/runs/*.parquet"))))
    victim = slurm.jobs("train", "RUNNING")[0]
    subprocess.run(["scancel", victim.id], check=True)
    run.until(lambda: len(slurm.jobs("train", "RUNNING") + slurm.jobs("train", "COMPLETED")) >= 1)

    def training() -> bool:
        return any(job.id != victim.id for job in slurm.jobs("train", "RUNNING"))

    run.until(training)
    assert slurm.node("halt").returncode == 0
    time.sleep(2)
    assert slurm.node("resume").returncode == 0
    run.ends_well()

    states = [job.state for job in slurm.jobs("train")]
    assert sorted(states) == ["CANCELLED", "COMPLETED", "COMPLETED"]  # six trainings in two, and one of these again
    assert len({job.run for job in slurm.jobs("train")}) == 1  # one Snakemake saw it all
    local.built(study)
    assert cluster.artifacts("tiny") == local.artifacts("tiny")


def shards_study() -> dict[str, Any]:
    study: dict[str, Any] = yaml.safe_load((ROOT / "config/studies/synthetic_pool.yaml").read_text())
    study["study"] = "shards"
    source = study["pools"]["source"]
    source |= {"generate": 200, "rows": 20_000, "parts": 2, "filters": source["filters"][:2], "content": None}
    study["pools"] |= {"buckets": 3, "unions": {"top2": ["bucket1", "bucket2"]}, "subsets": {}}
    return study


def test_200_shards_and_a_killed_snakemake(slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local, cluster = Workspace(tmp_path / "local"), Workspace(tmp_path / "cluster")
    for workspace in (local, cluster):
        workspace.folder.mkdir()
        workspace.study(shards_study())
    study = cluster.folder / "study.yaml"

    # Here, all shards in one process; there, most are given: each job starts a Snakemake.
    monkeypatch.chdir(local.folder)
    local.built(local.folder / "study.yaml", "--until", "generate_0")
    layout = Layout(Path("results/shards"))
    for shard in range(200):
        SHARD_STAGES["shards-generate"][1](load_study(layout.study), layout, shard=shard)
    local.built(local.folder / "study.yaml")
    shutil.copytree(local.folder / "data", cluster.folder / "data")
    for shard in range(0, 200, 14):
        (cluster.folder / f"data/shards/shard-{shard:04d}.parquet").unlink()
    given = 200 - 15

    groups = ("--group-components", "generate=5", "pools=20", "train=9", "prune=4")
    killed = Run(cluster, study, groups)
    killed.until(lambda: len(list(cluster.folder.glob("data/shards/*.parquet"))) > given + 5)  # in the second of three
    killed.kill()
    left = slurm.jobs("generate", "RUNNING") + slurm.jobs("generate", "PENDING")
    assert left  # they run on
    unlocked = subprocess.run(
        Run.command("--configfile", str(study), "--unlock"), cwd=cluster.folder, env=environment(), check=False
    )
    assert unlocked.returncode == 0
    refused = Run(cluster, study, groups)
    assert refused.process.wait(300) != 0
    assert "curation-scaling cancel results/shards" in refused.output.read_text()
    assert cli("cancel", "results/other", folder=cluster.folder).stdout.startswith("0 Slurm jobs")
    assert slurm.jobs("generate", "RUNNING") + slurm.jobs("generate", "PENDING") != []
    cancelled = cli("cancel", "results/shards", folder=cluster.folder)
    assert cancelled.returncode == 0, cancelled.stderr
    assert int(cancelled.stdout.split()[0]) > 0
    assert slurm.jobs("generate", "RUNNING") + slurm.jobs("generate", "PENDING") == []

    changed = shards_study() | {"seed": 8}
    other = Run(cluster, cluster.study(changed, "changed.yaml"), groups)
    assert other.process.wait(300) != 0
    assert "was killed, and the study or the code has changed since" in other.output.read_text()

    finished = stamps(cluster.folder, "data/shards/*.parquet")
    assert given + 5 < len(finished) < 200
    resumed = Run(cluster, study, groups)
    resumed.ends_well()
    again = stamps(cluster.folder, "data/shards/*.parquet")
    assert len(again) == 200
    assert {path: again[path] for path in finished} == finished  # nothing that had ended was written again
    runs = [job.run for job in slurm.jobs("generate")]
    assert len(set(runs)) == 2
    assert all(runs.count(run) <= 3 for run in runs)  # 15 jobs in three submissions, what was left of them in as many
    for shard in local.folder.glob("data/shards/*.parquet"):
        assert shard.read_bytes() == (cluster.folder / "data/shards" / shard.name).read_bytes()
    assert cluster.artifacts("shards") == local.artifacts("shards")


# Holds 700 MB for as long as a sampling of memory takes, and says what it was given.
HUNGRY = """
import json, os, sys, time
with open("seen.txt", "a") as seen:
    print(os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ["OMP_NUM_THREADS"], file=seen)
held = bytearray(700 << 20)
time.sleep(6)
with open(sys.argv[1], "w") as out:
    for n in (100, 200, 400):
        print(json.dumps({"samples_seen": n, "metric": "loss", "error": 1 + 1 / n}), file=out)
"""


def test_a_job_that_exceeds_its_memory_has_more_at_its_next_try(slurm: Slurm, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "train.py").write_text(HUNGRY)
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"uid": [f"{i:032x}" for i in range(200)], "quality": rng.uniform(size=200)})
    frame.write_parquet(tmp_path / "pool.parquet")
    study = {
        "study": "hungry",
        "title": "A training that needs more than it asks",
        "seed": 1,
        "pools": {
            "source": {"kind": "table", "files": [{"path": "pool.parquet"}], "score": "quality"},
            "buckets": 2,
        },
        "runs": {
            "kind": "train",
            "trainer": {
                "kind": "command",
                "command": f"{sys.executable} train.py {{output}}",
                "metric": "loss",
                "mem_mb": 700,
                "gpus": 1,
                "cpus": 2,
                "minutes": 5,
            },
            "checkpoints": [100, 200, 400],
        },
        "frontier": {"budgets": [400]},
    }
    target = "results/hungry/runs/bucket1.draw-0.seed-0.parquet"
    workspace.built(workspace.study(study), "--until", "buckets", "--", target)
    run = Run(workspace, tmp_path / "study.yaml", ("--", target))
    run.ends_well()
    first, second = slurm.jobs("rule_train_wildcards_bucket1")
    assert (first.memory, second.memory) == ("700M", "1400M")
    assert first.state in ("OUT_OF_MEMORY", "FAILED", "CANCELLED")
    [said] = tmp_path.glob(f".snakemake/slurm_logs/rule_train/*/{first.id}.log")
    assert "exceeded memory limit" in said.read_text()
    assert second.state == "COMPLETED"
    assert first.gpus == second.gpus == "gres:gpu:1"
    assert all(job.gpus == "N/A" for job in slurm.jobs() if job.comment != first.comment)
    assert (tmp_path / "seen.txt").read_text().splitlines() == ["0 2", "0 2"]  # the command started twice
    assert (tmp_path / target).is_file()
    assert not list(tmp_path.rglob("*.tmp"))
