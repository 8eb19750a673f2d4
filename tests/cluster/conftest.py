"""A real Slurm of one node, started for these tests and stopped after them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from slurm import CONFIGURED, STATE, Run, Slurm


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    if os.environ.get("CURATION_SLURM_TEST") != "1":
        pytest.skip("starts a real Slurm on this machine: set CURATION_SLURM_TEST=1")
    if os.geteuid() != 0:
        pytest.skip("Slurm's daemons start as root only")
    if find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("Snakemake's Slurm plugin is missing: make test-cluster installs it")
    if os.path.lexists(CONFIGURED):
        pytest.skip(f"this machine has a Slurm already: {CONFIGURED}")
    ports = {"SLURM1_CTLD_PORT": str(_free_port()), "SLURM1_SLURMD_PORT": str(_free_port())}
    slurm = Slurm(os.environ | ports | {"SLURM1_STATE": str(STATE)})
    if not all(map(shutil.which, ("slurmctld", "slurmd", "sbatch", "munged"))):
        if shutil.which("apt-get") is None:
            pytest.skip("Slurm is not installed, and there is no apt-get that could")
        installed = slurm.node("install")
        if installed.returncode != 0:
            pytest.skip(f"apt-get could not install Slurm: {installed.stderr.splitlines()[-1:]}")
    try:
        started = slurm.node("start")
        assert started.returncode == 0, started.stdout + started.stderr
        yield slurm
    finally:
        for run in Run.started:
            run.kill()
        subprocess.run(["scancel", "--me"], check=False, timeout=60)
        slurm.node("stop")
        shutil.rmtree(STATE, ignore_errors=True)
