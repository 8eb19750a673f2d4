"""Results computed again: the same bytes on any number of cores; another BLAS is named, and held to a tolerance."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from harness import SMOKE, Workspace, environment, tiny

from curation_scaling.artifacts import RUNS
from curation_scaling.layout import Layout
from curation_scaling.report.environment import blas, describe_platform, installed, lock
from curation_scaling.report.sameness import DIFFERS, NEAR, SAME, compare_results
from curation_scaling.store import empty, write, write_bytes


def results(folder: Path, error: float, blas: str) -> Path:
    """A folder with one table and its provenance."""
    layout = Layout(folder / "results/s")
    row = {"study": "s", "run_id": "a", "pool": "a", "weights": [{"pool": "a", "weight": 1.0}], "error": error}
    frame = pl.concat([empty(RUNS), pl.DataFrame([row])], how="diagonal_relaxed")
    frame = frame.with_columns(pl.col(pl.String).fill_null(""), pl.selectors.numeric().fill_null(1))
    write(layout.runs, RUNS, frame, study="s", inputs=blas)
    content = {"study": {"name": "s", "sha256": "0"}, "blas": [{"architecture": blas}]}
    write_bytes(layout.provenance, json.dumps(content).encode())
    return layout.root


@pytest.mark.parametrize(
    ("error", "blas", "outcome"),
    [(0.5, "Haswell", SAME), (0.5 + 1e-9, "Haswell", DIFFERS), (0.5 + 1e-9, "Zen", NEAR), (0.6, "Zen", DIFFERS)],
)
def test_numbers_may_differ_only_where_the_environment_does(
    error: float, blas: str, outcome: str, tmp_path: Path
) -> None:
    verdicts, reasons = compare_results(results(tmp_path / "a", 0.5, "Haswell"), results(tmp_path / "b", error, blas))
    assert [(v.name, v.outcome) for v in verdicts] == [("runs.parquet", outcome)]
    assert reasons == ([] if blas == "Haswell" else ['blas[0].architecture: "Haswell" and "Zen"'])


def test_what_is_missing_or_more_differs(tmp_path: Path) -> None:
    one, two = results(tmp_path / "a", 0.5, "Zen"), results(tmp_path / "b", 0.5, "Haswell")
    write_bytes(two / "more.txt", b"")
    verdicts, _ = compare_results(one, two)
    assert [(v.name, v.outcome) for v in verdicts if v.outcome != NEAR] == [("more.txt", DIFFERS)]


def test_the_environment_names_packages_platform_and_blas_but_no_host() -> None:
    packages = installed()
    assert {"numpy", "polars", "pyarrow", "scipy", "snakemake", "scikit-learn"} <= packages.keys()
    assert "pytest" not in packages
    locked = lock()
    assert locked is not None
    assert locked["installed_otherwise"] == {}
    assert {library["internal_api"] for library in blas()}
    text = json.dumps([packages, locked, blas(), describe_platform()])
    assert os.uname().nodename not in text.split('"')
    assert str(Path.home()) not in text
    assert text == json.dumps([installed(), lock(), blas(), describe_platform()])


def compared(one: Path, two: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "curation_scaling", "same", str(one), str(two)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_one_two_and_eight_cores_give_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for cores in (1, 2, 8):
        workspace = Workspace(tmp_path / str(cores))
        workspace.folder.mkdir()
        workspace.built(workspace.study(SMOKE), cores=cores)
        found.append(workspace.artifacts("smoke"))
    assert found[0] == found[1] == found[2]
    code, text = compared(tmp_path / "1/results/smoke", tmp_path / "8/results/smoke")
    assert code == 0
    assert "same bytes" in text
    assert "differs" not in text


@pytest.mark.slow
def test_another_blas_is_named_and_held_to_a_tolerance(
    finished: Workspace, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same machine with the kernels of an older processor."""
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    workspace.built(workspace.study(tiny()))
    code, text = compared(finished.folder / "results/tiny", workspace.folder / "results/tiny")
    print(text)
    assert 'architecture: "' in text
    assert '"Nehalem"' in text
    assert (code == 0) == ("differs" not in text)


@pytest.mark.slow
def test_the_saved_study_computes_the_same(finished: Workspace, workspace: Workspace) -> None:
    """As `make reproduce` does; and a changed artifact is found."""
    workspace.built(finished.folder / "results/tiny/study.yaml")
    one, two = finished.folder / "results/tiny", workspace.folder / "results/tiny"
    assert compared(one, two)[0] == 0
    write_bytes(two / "answer.txt", b"Keep everything.\n")
    code, text = compared(one, two)
    assert code == 2
    assert "answer.txt: differs (its bytes differ, though nothing of the environment does)" in text
