"""SIGKILL at random instants, again and again until the study is done: the same bytes as without."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from harness import SMOKE, Workspace, environment


class Killer:
    """Starts Snakemake and kills it at random instants: with all its jobs, or (every third time) it alone."""

    def __init__(self, seed: int, latest: float) -> None:
        self.rng, self.latest = np.random.default_rng(seed), latest
        self.kills = self.orphaned = self.failures = 0
        self.groups: list[int] = []

    def until_done(self, workspace: Workspace, study: Path, most: int) -> None:
        """Kill and start again, at most so many times, then let it end; what still runs then is killed."""
        try:
            while self.kills < most:
                code = self._start(workspace, study)
                if code == 0:
                    return
                if code is None:
                    workspace.built(study, "--unlock")
                else:
                    self.failures += 1  # an orphan of an earlier start and a new job met in one file
            workspace.built(study)
        finally:
            for group in self.groups:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)

    def _start(self, workspace: Workspace, study: Path) -> int | None:
        """The exit code, or None if it was killed before its end."""
        command = workspace.command("--cores", "2", "--configfile", str(study))
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
        )
        try:
            return process.wait(float(self.rng.uniform(0.5, self.latest)))
        except subprocess.TimeoutExpired:
            alone = self.kills % 3 == 2
            (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
            self.groups += [process.pid] if alone else []
            self.kills += 1
            self.orphaned += alone
            process.wait()
            return None


@pytest.mark.slow
def test_thirty_kills_of_the_smoke_study(tmp_path: Path) -> None:
    whole = Workspace(tmp_path / "whole")
    whole.folder.mkdir()
    whole.built(whole.study(SMOKE))
    wanted = whole.artifacts("smoke")
    killer, rounds = Killer(seed=0, latest=15), 0
    while killer.kills < 30:
        workspace = Workspace(tmp_path / str(rounds))
        workspace.folder.mkdir()
        killer.until_done(workspace, workspace.study(SMOKE), most=30)
        found = workspace.artifacts("smoke")
        assert found.keys() == wanted.keys()
        assert [name for name in wanted if found[name] != wanted[name]] == []
        assert not [path for path in (workspace.folder / "results").rglob("*.tmp")]
        rounds += 1
    print(f"{killer.kills} kills, {killer.orphaned} of Snakemake alone, {rounds} studies, {killer.failures} failures")
