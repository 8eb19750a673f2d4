"""Real Snakemake on small real input, in a folder of its own."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from study_data import ABSENT, changed

ROOT = Path(__file__).parents[2]
SMOKE: dict[str, Any] = yaml.safe_load((ROOT / "config/studies/smoke.yaml").read_text())


@dataclass
class Workspace:
    """A working directory for Snakemake; studies are written into it."""

    folder: Path

    def study(self, content: Any, name: str = "study.yaml") -> Path:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
        return path

    def command(self, *options: str) -> list[str]:
        return [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
            *("--workflow-profile", str(ROOT / "profiles/default"), "--directory", str(self.folder), *options),
        ]

    def run(self, study: Path | None, *options: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        named = ["--configfile", str(study)] if study is not None else []
        command = self.command("--cores", str(cores), *named, *options)
        return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)

    def built(self, study: Path, *options: str, cores: int = 2) -> str:
        done = self.run(study, *options, cores=cores)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self, study: Path, *options: str) -> dict[str, int]:
        """Jobs that a run would do, by rule."""
        return job_counts(self.built(study, "--dry-run", *options))

    def artifacts(self, name: str = "tiny") -> dict[str, bytes]:
        """All files of a study's results by their relative path."""
        root = self.folder / "results" / name
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def job_counts(text: str) -> dict[str, int]:
    """The table of job counts in a dry run's output, without the target rule."""
    rows = [line.split() for line in text.splitlines()]
    counts = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[0].isidentifier() and row[1].isdigit()}
    return {rule: count for rule, count in counts.items() if rule not in ("total", "all")}


def environment() -> dict[str, str]:
    """The caller's environment without anything that would steer a nested Snakemake."""
    return {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE_")} | {"NO_COLOR": "1"}


def tiny(**changes: Any) -> dict[str, Any]:
    """The smoke study, cut down to seconds; `changes` maps dotted keys to values, None removes a key."""
    study = copy.deepcopy(SMOKE)
    study["study"] = "tiny"
    study["pools"] |= {"buckets": 2, "unions": {"all": ["bucket1", "bucket2"]}, "draws": 2}
    study["runs"]["checkpoints"] = [150, 300, 600, 1200, 2400]
    study["laws"] = {"bootstrap": 40, "names": ["goyal_eq3"]}
    study["frontier"] = {"budgets": [600, 1200, 2400]}
    for dotted, value in changes.items():
        study = changed(study, dotted.replace("__", "."), ABSENT if value is None else value)
    return study
