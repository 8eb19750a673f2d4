"""A study grows without running again what it has; a changed key or module runs exactly what depends on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Workspace, environment, job_counts, tiny

AFTER_RUNS = {"runs", "laws", "frontier", "report"}


@pytest.fixture
def grown(finished: Workspace, workspace: Workspace) -> Workspace:
    """A copy of the finished study, with Snakemake's records."""
    shutil.copytree(finished.folder, workspace.folder, dirs_exist_ok=True)
    return workspace


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({"title": "Another title"}, {"report": 1}),
        ({"frontier__budgets": [600, 1200, 2400, 4800]}, {"frontier": 1, "report": 1}),
        ({"laws__bootstrap": 41}, {"laws": 1, "frontier": 1, "report": 1}),
        ({"runs__seeds": 2}, {"train": 6} | dict.fromkeys(AFTER_RUNS, 1)),
        ({"pools__draws": 3}, {"buckets": 1, "union": 1, "pools": 1, "train": 3} | dict.fromkeys(AFTER_RUNS, 1)),
        (
            {"pools__pruned": {"half": {"metric": "random", "keep": "hard", "fraction": 0.5}}},
            {"pruned": 2, "train": 2} | dict.fromkeys(AFTER_RUNS, 1),
        ),
        (
            {"pools__unions": {"all": ["bucket1", "bucket2"], "alone": ["bucket1"]}},
            {"union": 2, "train": 2} | dict.fromkeys(AFTER_RUNS, 1),
        ),
        ({"runs__trainer__batch_size": 16}, {"train": 6} | dict.fromkeys(AFTER_RUNS, 1)),
    ],
    ids=lambda x: next(iter(x)) if isinstance(x, dict) else None,
)
def test_a_changed_key_runs_what_depends_on_it(grown: Workspace, change: dict[str, Any], jobs: dict[str, int]) -> None:
    assert grown.planned(grown.study(tiny(**change))) == jobs


@pytest.mark.slow
def test_old_runs_keep_their_bytes(grown: Workspace) -> None:
    before = grown.artifacts()
    times = {p: p.stat().st_mtime_ns for p in (grown.folder / "results/tiny/runs").iterdir()}
    grown.built(grown.study(tiny(pools__draws=3, runs__seeds=2)))
    after = grown.artifacts()
    old = [name for name in before if name.startswith(("runs/", "pools/bucket", "pools/all"))]
    assert len(old) == 2 * (6 + 2 * 3 * 2)  # with their checksums
    assert [name for name in old if after[name] != before[name]] == []
    assert {p: p.stat().st_mtime_ns for p in times} == times
    assert sum(name.startswith("runs/") and name.endswith(".parquet") for name in after) == 3 * 3 * 2


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("frontier/compare.py", {"frontier", "report"}),
        ("laws/mixture_score.py", {"laws", "frontier", "report"}),
        ("runs/trainers/mlp.py", {"train", *AFTER_RUNS}),
        ("runs/trainers/command.py", set()),
        ("pools/sources/docstrings.py", set()),
        ("pools/scores/sharpness.py", {"samples", "buckets", "union", "pools", "train", *AFTER_RUNS}),
    ],
)
def test_a_changed_module_runs_what_depends_on_it(
    finished: Workspace, workspace: Workspace, tmp_path: Path, module: str, rules: set[str]
) -> None:
    copied = tmp_path / "project"
    for part in ("Snakefile", "workflow", "config", "profiles"):
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, copied / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copied.mkdir(exist_ok=True)
            shutil.copy(source, copied / part)
    work = Workspace(tmp_path / "work")
    shutil.copytree(finished.folder, work.folder)
    file = copied / "workflow/curation_scaling" / module
    file.write_text("# only a comment\n" + file.read_text())
    assert _planned(copied, work) == set()
    file.write_text(file.read_text() + "\n_CHANGED = True\n")
    assert _planned(copied, work) == rules


def _planned(project: Path, work: Workspace) -> set[str]:
    """Rules that the copied project, with its own copy of the package, would run."""
    env = environment() | {"PYTHONPATH": str(project / "workflow")}
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile")),
        *("--workflow-profile", str(project / "profiles/default"), "--directory", str(work.folder)),
        *("--configfile", str(work.folder / "study.yaml"), "--cores", "1", "--dry-run"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return set(job_counts(done.stdout + done.stderr))
