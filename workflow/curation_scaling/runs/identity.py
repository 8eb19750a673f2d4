"""Which runs a study trains, and what each is called."""

from __future__ import annotations

from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.runs import Train


def run_id(pool: str, draw: int, seed: int) -> str:
    """The name of a run, from its identity."""
    return f"{pool}.draw-{draw}.seed-{seed}"


def run_identities(study: PoolStudy) -> list[tuple[str, int, int]]:
    """(pool, draw, seed) of every run that the study trains; none where runs are imported."""
    if not (isinstance(study, Study) and isinstance(study.runs, Train)):
        return []
    pools, draws, seeds = study.trained_pools, range(study.pools.draws), range(study.runs.seeds)
    return [(pool, draw, seed) for pool in pools for draw in draws for seed in seeds]
