"""Which jobs a rerun has, where a stage has several: those of its parts `trainings` and `sources`."""

from __future__ import annotations

from collections.abc import Mapping

from curation_scaling.errors import InputError
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import training_jobs
from curation_scaling.study.source_keys import SOURCE_KEYS

SOURCE_STAGES = tuple(SOURCE_KEYS)


def check_rerun_job(rerun: Rerun, stage: str, identity: Mapping[str, str | int]) -> None:
    """Raise InputError if a job is not among the rerun's own."""
    if stage in SOURCE_STAGES:
        check_source_job(rerun, stage, identity)
    elif identity and tuple(identity.values()) not in (known := training_jobs(rerun)):
        text = ", ".join(f"{name} {draw}" for name, draw in known)
        raise InputError(f"--set and --draw name no training of study {rerun.study}: the choices are {text or 'none'}")


def check_source_job(rerun: Rerun, stage: str, identity: Mapping[str, str | int]) -> None:
    """Raise InputError if the rerun has no sources, or a job is not among its own."""
    if rerun.sources is None:
        raise InputError(f"study {rerun.study} has no key sources: it has no stage {stage}")
    if stage == "source-runs":
        job = (identity["size"], identity["seed"])
        if job not in rerun.sources.jobs:
            text = ", ".join(f"{size} {seed}" for size, seed in rerun.sources.jobs) or "none"
            raise InputError(f"--size {job[0]} --seed {job[1]} is not in study {rerun.study}: the choices are {text}")
    seeds = rerun.sources.choice_seeds
    if stage == "source-choice-runs" and identity["seed"] not in seeds:
        text = ", ".join(map(str, seeds)) or "none"
        raise InputError(f"--seed {identity['seed']} is not in study {rerun.study}: the choices are {text}")
