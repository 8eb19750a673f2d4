"""Results that were moved, clocks that were set back, two workflows at once, and links that lead out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Workspace, environment, tiny

DAY = 86_400


def copied(finished: Workspace, folder: Path, *parts: str) -> Workspace:
    """Parts of a finished working directory elsewhere, with their times, as `cp -a` copies."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        shutil.copytree(finished.folder / part, folder / part, symlinks=True, copy_function=shutil.copy2)
    return Workspace(folder)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [("results", "logs", ".snakemake"), ("results",)], ids=["whole", "results"])
def test_results_moved_elsewhere_are_finished_there(
    finished: Workspace, tmp_path: Path, parts: tuple[str, ...]
) -> None:
    moved = copied(finished, tmp_path / "an other place", *parts)
    assert "Nothing to be done" in moved.built(moved.study(tiny()))
    (moved.folder / "results/tiny/answer.txt").unlink()
    study = moved.folder / "study.yaml"
    assert moved.planned(study) == {"report": 1}
    moved.built(study)
    assert moved.artifacts() == finished.artifacts()


@pytest.mark.slow
def test_a_half_finished_study_resumes_elsewhere(finished: Workspace, tmp_path: Path) -> None:
    moved = copied(finished, tmp_path / "elsewhere", "results", ".snakemake")
    root = moved.folder / "results/tiny"
    for name in ("runs.parquet", "runs/all.draw-1.seed-0.parquet", "report.html", "frontier.parquet"):
        (root / name).unlink()
    shutil.rmtree(root / "laws")
    study = moved.study(tiny())
    assert moved.planned(study) == {"train": 1, "runs": 1, "laws": 1, "frontier": 1, "report": 1}
    moved.built(study)
    assert moved.artifacts() == finished.artifacts()


@pytest.mark.slow
def test_results_without_their_notes_are_no_base_for_another_study(finished: Workspace, tmp_path: Path) -> None:
    """Snakemake compares keys with what it noted; without notes it would call the old results up to date."""
    moved = copied(finished, tmp_path / "elsewhere", "results")
    done = moved.run(moved.study(tiny(laws__bootstrap=50)), "--dry-run")
    assert done.returncode != 0
    assert "came here without the .snakemake of its old folder" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def _set_back(path: Path, number: int) -> float:
    return path.stat().st_mtime - DAY


def _into_the_future(path: Path, number: int) -> float:
    return path.stat().st_mtime + 365 * DAY


def _in_no_order(path: Path, number: int) -> float:
    """As copied by a program that keeps no times, or under a clock that jumps."""
    return path.stat().st_mtime - (number * 7919 % 101) * 3600


@pytest.mark.slow
@pytest.mark.parametrize("when", [_set_back, _into_the_future, _in_no_order])
def test_times_of_files_do_not_matter(finished: Workspace, tmp_path: Path, when: Callable[[Path, int], float]) -> None:
    """Whatever Snakemake then runs again: the same bytes."""
    workspace = copied(finished, tmp_path / "clock", "results", "logs", ".snakemake")
    for number, path in enumerate(sorted((workspace.folder / "results").rglob("*"))):
        os.utime(path, times=(when(path, number),) * 2)
    study = workspace.study(tiny())
    print(when.__name__, workspace.planned(study))
    workspace.built(study)
    assert workspace.artifacts() == finished.artifacts()
    assert "Nothing to be done" in workspace.built(study)


@pytest.mark.slow
def test_a_clock_set_back_between_two_starts(finished: Workspace, tmp_path: Path) -> None:
    """A half-finished study of tomorrow: Snakemake says so, and once its files are touched it is finished today."""
    workspace = copied(finished, tmp_path / "clock", "results", "logs", ".snakemake")
    root = workspace.folder / "results/tiny"
    shutil.rmtree(root / "laws")
    for name in ("report.html", "frontier.parquet", "utility.parquet", "runs.parquet"):
        (root / name).unlink()
    for path in root.rglob("*"):
        os.utime(path, times=(path.stat().st_mtime + DAY,) * 2)
    study = workspace.study(tiny())
    done = workspace.run(study)
    assert done.returncode != 0
    assert "This could indicate a clock skew problem" in done.stdout + done.stderr
    subprocess.run(["find", "results", "-exec", "touch", "{}", "+"], cwd=workspace.folder, check=True)
    workspace.built(study)
    assert workspace.artifacts() == finished.artifacts()
    assert "Nothing to be done" in workspace.built(study)


@pytest.mark.slow
def test_a_second_workflow_is_refused(finished: Workspace, workspace: Workspace) -> None:
    study = workspace.study(tiny())
    command = workspace.command("--cores", "2", "--configfile", str(study))
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    try:
        while not (workspace.folder / "results/tiny/study.yaml").exists():
            assert first.poll() is None
        second = workspace.run(study)
        text = second.stdout + second.stderr
        assert second.returncode != 0
        assert "Directory cannot be locked" in text
        assert "Traceback" not in text
        other = workspace.run(workspace.study(tiny(title="Other words"), "other.yaml"))
        assert other.returncode != 0
        assert "Other words" not in (workspace.folder / "results/tiny/study.yaml").read_text()
        assert first.wait() == 0
    finally:
        first.kill()
    assert workspace.artifacts() == finished.artifacts()


def test_a_link_out_of_the_results_is_refused(workspace: Workspace) -> None:
    outside = workspace.folder / "outside"
    outside.mkdir()
    (workspace.folder / "results/tiny").mkdir(parents=True)
    (workspace.folder / "results/tiny/pools").symlink_to(outside)
    done = workspace.run(workspace.study(tiny()))
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert any("results/tiny/pools is a link to" in line for line in text.splitlines()), text
    assert "Traceback" not in text
    assert not list(outside.iterdir())


@pytest.mark.slow
def test_results_may_be_a_link_to_another_disk(finished: Workspace, workspace: Workspace) -> None:
    (workspace.folder / "disk").mkdir()
    (workspace.folder / "results").symlink_to(workspace.folder / "disk")
    workspace.built(workspace.study(tiny()))
    assert workspace.artifacts() == finished.artifacts()
