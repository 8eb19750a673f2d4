"""The rules for mixtures under which a study's fits are compared: what gamma is, in the estimate and in each draw."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from curation_scaling.laws.fit import Array
from curation_scaling.laws.saved import SavedFit
from curation_scaling.seeds import derive_seed
from curation_scaling.study import Study


def under_rules(study: Study, fit: SavedFit) -> Iterator[SavedFit]:
    """The fit under each rule of the study; under its own gamma where mixtures took part in the fit."""
    if study.laws.joint:
        yield fit
        return
    for gamma in study.laws.gammas:
        asked = study.laws.gamma_range if gamma == study.laws.gamma else None
        yield fit.with_gamma(gamma, None if asked is None else spread(asked[0], asked[1], len(fit.draws), study.seed))


def spread(low: float, high: float, count: int, seed: int) -> Array:
    """Evenly spread values from low to high in random order, (count,): independent of what else the draws resample."""
    rng = np.random.Generator(np.random.PCG64(derive_seed(seed, "gamma")))
    return low + (high - low) * (rng.permutation(count) + 0.5) / max(count, 1)


def is_main(study: Study, fit: SavedFit) -> bool:
    """Whether this is the law and the rule of the answer; `study` names its main law."""
    return fit.law.name == study.laws.main and (study.laws.joint or fit.gamma == study.laws.gamma)
