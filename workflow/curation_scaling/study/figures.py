"""Which figures the report of a study has: its rules name them, and its report draws them."""

from curation_scaling.layout import (
    FIGURES,
    NOISE_FIGURES,
    POOL_FIGURES,
    PRUNING_FIGURES,
    PUBLISHED_FIGURES,
    REGIME_FIGURES,
)
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.pools import DeclaredSource
from curation_scaling.study.rerun import Rerun


def figures_of(study: PoolStudy | Rerun) -> list[str]:
    """Their names; a figure whose data a study lacks says so, and is there all the same."""
    if isinstance(study, Rerun):
        return study.figures
    cut = [] if isinstance(study.pools.source, DeclaredSource) else [*POOL_FIGURES]
    if not isinstance(study, Study):
        return cut
    pruned = PRUNING_FIGURES if study.pruning is not None else ()
    published = PUBLISHED_FIGURES if study.published is not None else ()
    noise = NOISE_FIGURES if study.laws.noise is not None else ()
    regimes = REGIME_FIGURES if study.regimes is not None else ()
    unfinished = ("checkpoints",) if study.laws.annealing is not None else ()
    return [*FIGURES, *noise, *regimes, *cut, *pruned, *published, *unfinished]
