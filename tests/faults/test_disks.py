"""A disk that is full, and results that cannot be written: one sentence, nothing half-written, then the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import Workspace, tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount"),
]


@contextmanager
def mounted(target: Path, *options: str) -> Iterator[Path]:
    target.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield target
    finally:
        subprocess.run(["umount", "--lazy", str(target)], check=True)


def whole(workspace: Workspace) -> None:
    """Every artifact is complete: its bytes are the recorded ones, and no temporary file is left."""
    root = workspace.folder / "results"
    assert not list(root.rglob("*.tmp"))
    for checksum in root.rglob("*.sha256"):
        if checksum.with_suffix("").exists():  # Snakemake removes the outputs of a failed job, not their checksums
            subprocess.run(["sha256sum", "--check", "--status", checksum.name], cwd=checksum.parent, check=True)


@pytest.mark.parametrize("size", [64, 300, 700], ids=lambda size: f"{size}k")
def test_a_full_disk_of_results(finished: Workspace, workspace: Workspace, size: int) -> None:
    study = workspace.study(tiny())
    with mounted(workspace.folder / "results", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs") as disk:
        done = workspace.run(study)
        text = done.stdout + done.stderr
        assert done.returncode != 0
        assert "Traceback" not in text
        sentences = [line for line in text.splitlines() if "cannot be written (No space left on device)" in line]
        assert any("nothing of it was kept" in line for line in sentences), text
        whole(workspace)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        workspace.built(study)
        assert workspace.artifacts() == finished.artifacts()


def test_a_full_disk_below_everything(finished: Workspace, tmp_path: Path) -> None:
    """Snakemake's own notes and the logs fail, too."""
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=600k", "tmpfs") as disk:
        workspace = Workspace(disk)
        study = workspace.study(tiny())
        done = workspace.run(study)
        assert done.returncode != 0
        assert "No space left on device" in done.stdout + done.stderr
        whole(workspace)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        workspace.run(study, "--unlock")
        workspace.built(study)
        assert workspace.artifacts() == finished.artifacts()


def test_results_that_cannot_be_written(finished: Workspace, workspace: Workspace) -> None:
    """Root may write everywhere but on a read-only mount."""
    shutil.copytree(finished.folder, workspace.folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    before = workspace.artifacts()
    study = workspace.study(tiny(frontier__budgets=[600, 1200]))
    results = workspace.folder / "results"
    with mounted(results, "--bind", str(results)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(results)], check=True)
        done = workspace.run(study)
        text = done.stdout + done.stderr
        assert done.returncode != 0
        assert "Traceback" not in text
        assert (
            "Write-protected output files for rule " in text
        )  # of frontier or report, whichever Snakemake looks at first
        assert workspace.artifacts() == before
        new = workspace.run(workspace.study(tiny(study="new"), "new.yaml"))
        assert new.returncode != 0
        assert "Traceback" not in new.stdout + new.stderr
        assert "cannot be written (Read-only file system)" in new.stdout + new.stderr


def test_a_finished_study_can_be_read_where_nothing_can_be_written(finished: Workspace, workspace: Workspace) -> None:
    shutil.copytree(finished.folder, workspace.folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    results = workspace.folder / "results"
    with mounted(results, "--bind", str(results)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(results)], check=True)
        assert "Nothing to be done" in workspace.built(workspace.folder / "study.yaml")
