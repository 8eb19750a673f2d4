"""One command builds a study whole, the same on any number of cores, and a second call has nothing to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import yaml
from harness import ROOT, SMOKE, Workspace, environment, job_counts, tiny

from curation_scaling import artifacts as a
from curation_scaling.artifacts import Schema
from curation_scaling.layout import Layout
from curation_scaling.store import read

TABLES: list[tuple[str, Schema]] = [
    ("edges", a.EDGES),
    ("summary", a.SUMMARY),
    ("runs", a.RUNS),
    ("utility", a.UTILITY),
    ("frontier", a.FRONTIER),
    ("switches", a.SWITCHES),
]
LAW_TABLES = [a.FITS, a.DRAWS, a.PREDICTIONS, a.MIXTURES, a.HOLDOUT, a.DIAGNOSTICS]


def test_every_artifact_is_there_and_fits_its_schema(finished: Workspace) -> None:
    layout = Layout(finished.folder / "results/tiny")
    for name, schema in TABLES:
        read(getattr(layout, name), schema, study="tiny")
    for schema in LAW_TABLES:
        read(layout.law(schema.name.removeprefix("laws/")), schema, study="tiny")
    for pool in ("bucket1", "bucket2", "all"):
        for draw in (0, 1):
            assert read(layout.pool(pool, draw), a.POOL, study="tiny").height == (1200 if pool == "all" else 600)
    runs = read(layout.runs, a.RUNS)
    assert runs["run_id"].n_unique() == 6
    assert set(runs["samples_seen"]) == {150, 300, 600, 1200, 2400}
    frontier = read(layout.frontier, a.FRONTIER)
    sums = frontier.group_by("law", "gamma", "budget").agg(pl.sum("probability_best"))["probability_best"]
    assert (sums - 1).abs().max() < 1e-9  # type: ignore[operator]
    assert layout.report.stat().st_size > 1000
    assert "keep" in layout.answer.read_text()


def test_rows_of_the_summary_add_up(finished: Workspace) -> None:
    summary = read(finished.folder / "results/tiny/pools/summary.parquet", a.SUMMARY)
    for _, draw in summary.group_by("draw"):
        read_rows = draw.filter(kind="input")["rows"].sum()
        assert read_rows == 1797
        assert draw.filter(pl.col("kind") != "input")["rows"].sum() == read_rows


def test_a_finished_study_is_a_no_op(finished: Workspace) -> None:
    assert "Nothing to be done" in finished.built(finished.folder / "study.yaml")


def test_one_core_gives_the_same_bytes(finished: Workspace, workspace: Workspace) -> None:
    workspace.built(workspace.study(tiny()), cores=1)
    one, two = workspace.artifacts(), finished.artifacts()
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_nothing_else_is_written(finished: Workspace) -> None:
    assert {p.name for p in finished.folder.iterdir()} == {"study.yaml", "results", "logs", ".snakemake"}
    assert not [p for p in (finished.folder / "results").rglob("*") if p.name.endswith(".tmp")]


def test_the_merged_study_stands_beside_the_results(finished: Workspace) -> None:
    saved = yaml.safe_load((finished.folder / "results/tiny/study.yaml").read_text())
    assert saved["laws"]["bootstrap"] == 40
    assert saved["laws"]["level"] == 0.95
    assert saved["runs"]["trainer"]["batch_size"] == 8


def test_stages_run_by_hand_give_the_same_bytes(finished: Workspace, workspace: Workspace) -> None:
    shutil.copytree(finished.folder / "results", workspace.folder / "results")
    target = workspace.folder / "results/tiny/frontier.parquet"
    before = target.read_bytes()
    target.unlink()
    command = [sys.executable, "-m", "curation_scaling", "frontier", "results/tiny"]
    subprocess.run(command, cwd=workspace.folder, env=environment(), check=True)
    assert target.read_bytes() == before


def test_the_default_study_is_found_and_leaks_nothing(workspace: Workspace) -> None:
    plan = workspace.run(None, "--dry-run")
    assert plan.returncode == 0, plan.stderr
    assert job_counts(plan.stdout + plan.stderr)["train"] == 28
    without_frontier = {k: v for k, v in SMOKE.items() if k != "frontier"}
    done = workspace.run(workspace.study(without_frontier), "--dry-run")
    assert done.returncode != 0
    assert "frontier" in done.stderr + done.stdout


def test_the_root_snakefile_builds_by_default(tmp_path: Path) -> None:
    """Plain `snakemake` in the project's folder finds its profile and its default target."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert "profiles/default" in done.stderr + done.stdout


def test_lint_has_no_complaint() -> None:
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert "Lints for" not in done.stderr + done.stdout


def test_snakemake_report(finished: Workspace) -> None:
    study = finished.folder / "study.yaml"
    finished.built(study, "--report", str(finished.folder / "results/out.html"))
    out = finished.folder / "results/out.html"
    assert out.stat().st_size > 10_000
    out.unlink()


def test_advice_at_any_budget(finished: Workspace) -> None:
    """At a budget of the study the advice is the answer's line; between budgets it is computed, not looked up."""
    results = finished.folder / "results/tiny"

    def advise(budget: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "curation_scaling", "advise", str(results), "--budget", budget]
        return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)

    line = advise("1200").stdout.strip()
    assert line.startswith("- 1.2k samples")
    assert line in (results / "answer.txt").read_text()
    assert advise("1500").stdout.startswith("- 1.5k samples")
    for budget in ("0", "-5", "nan", "10"):
        refused = advise(budget)
        assert refused.returncode == 2
        assert refused.stderr.startswith("curation-scaling: --budget")
