"""What a killed Snakemake leaves on a Slurm cluster: jobs that run on, and results that it has not recorded."""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
from collections.abc import Mapping

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.store import atomic

_RUN = re.compile(rb"^SLURM run ID: (\S+)$", re.MULTILINE)
_HEAD = 1 << 16  # of a log: the line stands among its first


def orphans(layout: Layout) -> dict[str, list[str]]:
    """Slurm jobs that earlier Snakemakes of this study submitted and that have not ended: name of the run to job ids.

    The Slurm plugin of Snakemake names the jobs of a run alike, and writes the name into the run's log, below
    `.snakemake/log` in the folder that holds `results`.

    Raises:
        InputError: if this study has been on Slurm, and Slurm does not answer.
    """
    runs = _runs(layout)
    if not runs:
        return {}
    left: dict[str, list[str]] = {}
    for line in _slurm("squeue", "--me", "--noheader", "--format=%i %j").splitlines():
        job, _, name = line.partition(" ")
        if name in runs:
            left.setdefault(name, []).append(job)
    return left


def _runs(layout: Layout) -> set[str]:
    logs = layout.root.absolute().parent.parent / ".snakemake/log"
    # Every rule names a log below logs/<study>.
    written = re.compile(rb"(?:results|logs)/" + re.escape(layout.root.name.encode()) + rb"(?![\w.-])")
    runs = set()
    for log in sorted(logs.glob("*.log")):
        with log.open("rb") as file:
            match = _RUN.search(file.read(_HEAD))
        if match is not None and written.search(log.read_bytes()) is not None:
            runs.add(match[1].decode())
    return runs


def refuse_orphans(layout: Layout) -> None:
    """Raise InputError while jobs of an earlier run are there: they would write what a new run writes."""
    for run, jobs in orphans(layout).items():
        raise InputError(
            f"Slurm still has {len(jobs)} jobs of an earlier run ({run}) of this study: cancel them by "
            f"`curation-scaling cancel {layout.root}`, or wait for them"
        )


def cancel(layout: Layout, patience: float = 300.0) -> int:
    """Cancel the jobs of earlier runs, wait up to `patience` seconds until they have ended, and say how many they were.

    Raises:
        InputError: if Slurm does not answer, or jobs are still there after that time.
    """
    left = orphans(layout)
    count = sum(map(len, left.values()))
    if left:
        _slurm("scancel", f"--name={','.join(left)}")
    deadline = time.monotonic() + patience
    while orphans(layout):
        if time.monotonic() > deadline:
            raise InputError(
                f"jobs of {', '.join(left)} have not ended {patience:.0f} s after scancel: see `squeue --me`"
            )
        time.sleep(0.5)
    return count


def _slurm(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{command[0]} does not answer ({error}): this study has run on Slurm; ask there") from None
    if done.returncode != 0:
        raise InputError(f"{command[0]} failed ({done.stderr.strip()}): this study has run on Slurm; try again")
    return done.stdout


def begin_record(layout: Layout, study: str, code: Mapping[str, str]) -> None:
    """Note with which study and code jobs are submitted, until `end_record`.

    Snakemake records the settings and the code of a job when it learns that the job has ended. What ended on a node
    after Snakemake was killed has no such record, and a later change would not run it again. So a changed study is
    refused until the killed run is finished.

    Raises:
        InputError: if a run with another study or code was killed.
    """
    digest = hashlib.sha256(repr((study, sorted(code.items()))).encode()).hexdigest()
    if layout.submitted.exists() and layout.submitted.read_text() != digest:
        raise InputError(
            f"{layout.root}: a run on the cluster was killed, and the study or the code has changed since, so that its "
            f"results may be of either: finish it first as it was (--configfile {layout.study}), or delete the folder"
        )
    with atomic(layout.submitted) as file:
        file.write(digest.encode())


def end_record(layout: Layout) -> None:
    """All that ended is recorded: Snakemake itself ended."""
    layout.submitted.unlink(missing_ok=True)
