"""A killed Snakemake resumes, after the documented unlock, and ends in the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from harness import Workspace, environment, tiny


def kill_after(workspace: Workspace, study: Path, seconds: float) -> bool:
    """Start Snakemake in a process group of its own and SIGKILL all of it; False if it ended before."""
    command = workspace.command("--cores", "2", "--configfile", str(study))
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def resume(workspace: Workspace, study: Path) -> None:
    workspace.built(study, "--unlock")
    workspace.built(study)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.02)


def test_a_killed_run_resumes_to_the_same_bytes(finished: Workspace, workspace: Workspace) -> None:
    study = workspace.study(tiny())
    command = workspace.command("--cores", "2", "--configfile", str(study))
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
    )
    # In the middle of the trainings: one is finished, others are under way.
    wait_for(workspace.folder / "results/tiny/runs/bucket1.draw-0.seed-0.parquet", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    locked = workspace.run(study)
    assert locked.returncode != 0
    assert "unlock" in locked.stdout + locked.stderr
    resume(workspace, study)
    assert workspace.artifacts() == finished.artifacts()


@pytest.mark.slow
def test_kills_at_random_instants(finished: Workspace, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(10):
        workspace = Workspace(tmp_path / str(i))
        workspace.folder.mkdir()
        study = workspace.study(tiny())
        kill_after(workspace, study, float(rng.uniform(1.0, 12.0)))
        resume(workspace, study)
        assert workspace.artifacts() == finished.artifacts()
