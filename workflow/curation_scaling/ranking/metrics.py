"""Every metric by its name: what it reads, and its scores, oriented high = hard (or, for semdedup, redundant)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError, listed
from curation_scaling.ranking import difficulty as d
from curation_scaling.ranking.dynamics import Dynamics
from curation_scaling.ranking.embeddings import Matrix
from curation_scaling.ranking.memorization import memorization
from curation_scaling.ranking.prototypes import self_prototypes, supervised_prototypes
from curation_scaling.ranking.redundancy import semantic_duplication
from curation_scaling.ranking.select import Scores
from curation_scaling.seeds import mix64


@dataclass(frozen=True)
class Material:
    """What metrics read of n samples, in the order of their uids, and their options."""

    dynamics: Dynamics
    embeddings: Matrix
    el2n_epoch: int | None = None
    window: int = 10
    clusters: int = 100
    seed: int = 0

    @property
    def clusters_at_most(self) -> int:
        """Clusters, no more than samples."""
        return min(self.clusters, len(self.embeddings))


def chance(uid_hi: npt.NDArray[np.uint64], uid_lo: npt.NDArray[np.uint64], seed: int) -> Scores:
    """A number in [0, 1) that each sample's uid and the seed decide."""
    return np.asarray((mix64(uid_hi, uid_lo, seed) >> np.uint64(11)).astype(np.float64) * 2.0**-53)


METRICS: dict[str, Callable[[Material], Scores]] = {
    "random": lambda m: chance(m.dynamics.uid_hi, m.dynamics.uid_lo, m.seed),
    "el2n": lambda m: d.el2n(m.dynamics, m.el2n_epoch),
    "grand": lambda m: d.grand(m.dynamics, m.el2n_epoch),
    "forgetting": lambda m: d.forgetting(m.dynamics),
    "margin": lambda m: d.margin(m.dynamics),
    "least_confidence": lambda m: d.least_confidence(m.dynamics),
    "entropy": lambda m: d.entropy(m.dynamics),
    "aum": lambda m: d.area_under_margin(m.dynamics),
    "ddd": lambda m: d.disagreement(m.dynamics),
    "low_confidence": lambda m: d.low_confidence(m.dynamics),
    "dyn_unc": lambda m: d.dynamic_uncertainty(m.dynamics, m.window),
    "dual": lambda m: d.dual(m.dynamics, m.window),
    "memorization": lambda m: memorization(m.dynamics),
    "self_prototypes": lambda m: self_prototypes(m.embeddings, m.clusters_at_most, seed=m.seed),
    "supervised_prototypes": lambda m: supervised_prototypes(m.embeddings, m.dynamics.labels),
    "semdedup": lambda m: -semantic_duplication(m.embeddings, m.clusters_at_most, seed=m.seed),
}
SEEDED = (
    "el2n",
    "grand",
    "forgetting",
    "margin",
    "least_confidence",
    "entropy",
    "aum",
    "low_confidence",
    "dyn_unc",
    "dual",
)


def score(metric: str, material: Material) -> Scores:
    """The scores (samples,) of a metric; raise InputError for an unknown one, or where its material is missing."""
    if metric not in METRICS:
        raise InputError(f"metric {metric!r} is unknown: choose one of {listed(metric, METRICS)}")
    return np.asarray(METRICS[metric](material), np.float64)


def scores_by_model(metric: str, material: Material) -> Scores:
    """The scores of each model alone, (models, samples): scorers with other seeds."""
    return np.stack([score(metric, replace(material, dynamics=one)) for one in _each(material.dynamics)])


def _each(dynamics: Dynamics) -> list[Dynamics]:
    return [
        replace(
            dynamics,
            logits=None if dynamics.logits is None else dynamics.logits[m : m + 1],
            given={name: values[m : m + 1] for name, values in dynamics.given.items()},
            trained=dynamics.trained[m : m + 1],
        )
        for m in range(dynamics.models)
    ]
