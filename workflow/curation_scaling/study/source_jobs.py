"""Which jobs the `sources` part of a rerun has."""

from __future__ import annotations

from collections.abc import Mapping

from curation_scaling.errors import InputError
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import SOURCE_KEYS

SOURCE_STAGES = tuple(SOURCE_KEYS)


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
