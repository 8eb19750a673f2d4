"""The node, and workflows that run on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

from harness import ROOT, Workspace, environment

CONFIGURED = Path("/etc/slurm/slurm.conf")
STATE = Path("/var/lib/curation-scaling-slurm")
# The shipped profile, for a node without accounting, of two processors, that answers at once.
OVERLAY = (
    *("--workflow-profile", str(ROOT / "profiles/slurm"), "--resources", "slot=2", "--latency-wait", "10"),
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "4", "--slurm-no-account"),
)


class Job(NamedTuple):
    """One submission, as `squeue` shows it."""

    id: str
    state: str
    memory: str
    gpus: str
    run: str
    comment: str


@dataclass
class Slurm:
    """The node and its queue."""

    variables: dict[str, str]

    def node(self, command: str) -> subprocess.CompletedProcess[str]:
        script = Path(__file__).with_name("single_node.sh")
        # Daemons keep what they inherit: an open pipe would never end.
        with (Path("/tmp") / f"single_node.{os.getpid()}.log").open("w+") as log:
            done = subprocess.run(
                ["bash", str(script), command], env=self.variables, stdout=log, stderr=log, check=False, timeout=300
            )
            log.seek(0)
            text = log.read()
        Path(log.name).unlink()
        return subprocess.CompletedProcess(done.args, done.returncode, "", text)

    def jobs(self, of: str = "", state: str = "") -> list[Job]:
        """All submissions so far whose comment contains `of`, oldest first."""
        fields = ",".join(f"{name}:200|" for name in ("JobID", "State", "MinMemory", "tres-per-job", "Name", "Comment"))
        command = ["squeue", "--noheader", "--states=all", "--sort=i", f"--Format={fields}"]
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        jobs = [Job(*map(str.strip, line.split("|")[:6])) for line in found.splitlines()]
        return [job for job in jobs if of in job.comment and job.state.startswith(state)]


@dataclass
class Run:
    """A workflow on the cluster, in a session of its own."""

    workspace: Workspace
    study: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)
    started: ClassVar[list[Run]] = []

    def __post_init__(self) -> None:
        command = self.command("--configfile", str(self.study), *self.options)
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, env=environment(), start_new_session=True, cwd=self.workspace.folder
            )
        self.started.append(self)

    @property
    def output(self) -> Path:
        return self.workspace.folder / "snakemake.out"

    @staticmethod
    def command(*options: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *OVERLAY, *options]

    def until(self, happened: Callable[[], bool], seconds: float = 600) -> None:
        """Wait for what must happen while the workflow runs."""
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def ends_well(self, seconds: float = 900) -> str:
        assert self.process.wait(seconds) == 0, self.output.read_text()
        return self.output.read_text()

    def kill(self) -> None:
        """SIGKILL to Snakemake; what it submitted runs on."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
