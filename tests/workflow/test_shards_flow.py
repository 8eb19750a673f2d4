"""Pools from shards through Snakemake: built, grown, killed in each pass, on a full disk, planned at full size."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from harness import ROOT, Workspace, environment
from test_command_trainer import SCRIPT
from test_kill import resume, wait_for

SYNTHETIC: dict[str, Any] = yaml.safe_load((ROOT / "config/studies/synthetic_pool.yaml").read_text())


def synthetic(rows: int = 4000, jobs: int = 2, **pools: Any) -> dict[str, Any]:
    """The project's synthetic study, cut down; its pools stay those of a million rows."""
    study = SYNTHETIC | {"study": "syn", "pools": SYNTHETIC["pools"] | pools}
    source = study["pools"]["source"] | {"generate": 3, "rows": rows, "rows_per_job": -(-rows // jobs)}
    study["pools"]["source"] = source
    study["pools"]["subsets"] = {"part": {"of": "top3", "share": 0.25}}
    return study


def results(workspace: Workspace) -> dict[str, bytes]:
    """Everything but the work between, and what names the jobs."""
    found = workspace.artifacts("syn")
    return {n: data for n, data in found.items() if "_work" not in n and ("/part-" in n or ".npy" in n)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The whole synthetic study, each pass in two jobs."""
    workspace = Workspace(tmp_path_factory.mktemp("shards"))
    workspace.built(workspace.study(synthetic()))
    return workspace


def test_a_study_may_end_at_its_pools(workspace: Workspace) -> None:
    """One job a pass, three shards, two buckets and what joins them."""
    study = synthetic(jobs=1, buckets=2, unions={"all": ["bucket1", "bucket2"]})
    study["pools"]["subsets"] = {}
    source = study["pools"]["source"]
    source |= {"generate": 1, "parts": 2, "filters": source["filters"][:2], "content": None}
    workspace.built(workspace.study(study))
    assert "Nothing to be done" in workspace.built(workspace.folder / "study.yaml", "--dry-run")
    pools = workspace.folder / "results/syn/pools"
    summary = pl.read_parquet(pools / "summary.parquet")
    rows = {kind: n for kind, n in summary.group_by("kind").agg(pl.sum("rows")).iter_rows()}
    assert rows["input"] == 4000 == rows["kept"] + rows["rejected"]
    assert {"duplicate", "unscored", "short_caption"} <= set(summary["outcome"])
    uids = np.load(pools / "all.npy", allow_pickle=False)
    assert uids.tolist() == pl.read_parquet(pools / "all/*.parquet").select("uid_hi", "uid_lo").rows()
    assert "What became of the rows" in (workspace.folder / "results/syn/report.html").read_text()
    assert (workspace.folder / "results/syn/answer.txt").read_text().count("- bucket") == 2
    assert list((pools / "_work/runs").glob("*.parquet")) == []  # of no use after the merge


@pytest.mark.slow
def test_a_changed_key_runs_what_depends_on_it(built: Workspace) -> None:
    unions = {"top3": ["bucket1", "bucket2", "bucket3"], "best": ["bucket1"]}
    plan = built.planned(built.study(synthetic(unions=unions), "more.yaml"))
    assert plan == {"join_best_0": 1, "join_best_1": 1, "uids_best": 1, "shards_summary": 1, "pool_report": 1}
    fewer = synthetic(buckets=5)
    plan = built.planned(built.study(fewer, "fewer.yaml"))
    assert not any(name.startswith(("generate", "ingest", "merge", "score", "repeats", "level_worst")) for name in plan)
    assert plan["cut_0"] == 1


@pytest.mark.slow
def test_every_number_of_jobs_gives_the_same_bytes(built: Workspace, workspace: Workspace) -> None:
    workspace.built(workspace.study(synthetic(jobs=1)), cores=1)
    first, second = results(built), results(workspace)
    assert len(first) == 2 * (12 * 4 + 12)
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seen", "jobs"),
    [
        ("_work/runs/rows-0.json", 2),
        ("_work/merged/counts-0.json", 2),
        ("_work/select/worst_clip/level-0.0.parquet", 2),
        ("_work/contents/repeats-0.parquet", 2),
        ("_work/scored/counts-0.json", 2),
        ("_work/select/buckets/level-0.0.parquet", 2),
        ("_work/select/buckets/level-1.0.parquet", 2),
        ("_work/select/buckets/level-1.0.parquet", 1),  # in the middle of the one job that cuts
        ("_work/tally/0.json", 2),
        ("bucket1.npy", 2),
    ],
)
def test_a_pass_that_is_killed_resumes(built: Workspace, workspace: Workspace, seen: str, jobs: int) -> None:
    """Killed as soon as one job of the pass has ended; what had ended is not done again."""
    study = workspace.study(synthetic(jobs=jobs))
    command = workspace.command("--cores", "2", "--configfile", str(study))
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
    )
    wait_for(workspace.folder / "results/syn/pools" / seen, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # The first batch rests on the first shard: the jobs of the others may have been killed with it.
    rests_on = "shard-0000.parquet" if seen == "_work/runs/rows-0.json" else "*.parquet"
    generated = {p: p.stat().st_mtime_ns for p in (workspace.folder / "data/syn").glob(rests_on)}
    assert len(generated) == (1 if seen == "_work/runs/rows-0.json" else 3)
    resume(workspace, study)
    assert {p: p.stat().st_mtime_ns for p in generated} == generated
    assert results(workspace) == results(built)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
def test_a_full_disk_is_named_and_leaves_nothing_broken(workspace: Workspace, tmp_path: Path) -> None:
    small = workspace.folder / "results"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this container may not mount a tmpfs")
    try:
        study = synthetic(rows=20_000)
        refused = workspace.run(workspace.study(study))
        assert refused.returncode != 0
        assert "GB are free: free 1.2 times the need" in refused.stderr + refused.stdout
        study["pools"]["source"]["rows"] = 20  # what is read is more than is said: the disk fills on the way
        study["pools"]["source"] |= {"shards": ["data/syn/*.parquet"], "generate": None, "rows_per_job": 20}
        generated = synthetic(rows=20_000)
        generated_at = Workspace(tmp_path / "made")
        generated_at.folder.mkdir()
        generated_at.built(generated_at.study(generated), "--until", "generate_0", "generate_1", "generate_2")
        (workspace.folder / "data").symlink_to(generated_at.folder / "data")
        full = workspace.run(workspace.study(study))
        assert full.returncode != 0
        assert "cannot be written (No space left on device): nothing of it was kept" in full.stderr + full.stdout
        assert not [p for p in small.rglob("*.tmp")]
        for path in small.rglob("*.parquet"):
            pl.read_parquet(path)
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.slow
def test_the_largest_study_is_planned_in_a_minute(workspace: Workspace) -> None:
    for i in range(40):
        folder = workspace.folder / f"xlarge/{i:03d}"
        folder.mkdir(parents=True)
        for j in range(100):
            (folder / f"{j:05d}.parquet").touch()
    command = workspace.command("--cores", "2", "--configfile", str(ROOT / "config/studies/datacomp_xlarge.yaml"))
    command += ["--config", f"data_root={workspace.folder}", "--dry-run", "--quiet", "all"]
    before = os.times()
    subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system < 60


@pytest.mark.slow
def test_a_command_trains_on_pools_from_shards(workspace: Workspace) -> None:
    rng = np.random.default_rng(0)
    x, quality = rng.normal(size=400), rng.uniform(size=400)
    uids = [f"{i:032x}" for i in rng.permutation(400)]
    frame = pl.DataFrame(
        {"uid": uids, "x": x, "y": 2 * x - 1 + rng.normal(size=400) * (1.5 - quality), "quality": quality}
    )
    (workspace.folder / "shards").mkdir()
    frame[:150].write_parquet(workspace.folder / "shards/a.parquet")
    frame[150:].write_parquet(workspace.folder / "shards/b.parquet")
    frame.write_parquet(workspace.folder / "all.parquet")
    (workspace.folder / "train.py").write_text(SCRIPT)
    names = ("manifest", "uids", "weights", "checkpoints", "seed", "output", "samples_seen")
    placeholders = " ".join(f"--{n.replace('_', '-')} {{{n}}}" for n in names)
    study = {
        "study": "own",
        "title": "A command on shards",
        "seed": 3,
        "pools": {
            "source": {
                "kind": "shards",
                "shards": ["shards"],
                "rows": 400,
                "scores": {"quality": "quality"},
                "parts": 2,
            },
            "buckets": 2,
            "unions": {"all": ["bucket1", "bucket2"]},
        },
        "runs": {
            "kind": "train",
            "trainer": {
                "kind": "command",
                "command": f"{sys.executable} train.py {placeholders} --data all.parquet",
                "metric": "loss",
            },
            "checkpoints": [25, 50, 100, 200, 400, 800],
        },
        "laws": {"bootstrap": 40, "names": ["goyal_eq3"]},
        "frontier": {"budgets": [200, 400, 800]},
    }
    workspace.built(workspace.study(study))
    runs = pl.read_parquet(workspace.folder / "results/own/runs.parquet")
    assert runs.filter(pool="all")["weights"][0].to_list() == [
        {"pool": "bucket1", "weight": 0.5, "size": 200},
        {"pool": "bucket2", "weight": 0.5, "size": 200},
    ]
    assert "keep" in (workspace.folder / "results/own/answer.txt").read_text()
