"""A killed Snakemake resumes, after the documented unlock, and ends in the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from harness import Workspace, environment, tiny


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
