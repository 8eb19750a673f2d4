"""One pruned pool: which rows of a draw a cell of the study keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curation_scaling.ranking import cover, select
from curation_scaling.ranking.embeddings import Matrix
from curation_scaling.ranking.redundancy import diverse_difficult
from curation_scaling.ranking.select import Rows, Scores
from curation_scaling.seeds import mix64
from curation_scaling.study.pruning import Cell


@dataclass(frozen=True)
class PruneMaterial:
    """A draw in the order of its uids, its scores (samples,), the seed of random choices, and what `dual` needs."""

    drawn: pl.DataFrame
    scores: Scores
    seed: int
    easiness: Scores | None = None  # mean probability of the label

    @property
    def chance(self) -> Scores:
        """A number in [0, 1) a sample, from its uid and the seed."""
        mixed = mix64(self.drawn["uid_hi"].to_numpy(), self.drawn["uid_lo"].to_numpy(), self.seed)
        return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)

    @property
    def embeddings(self) -> Matrix:
        """The features, (samples, dimensions)."""
        return np.asarray(self.drawn["features"].to_numpy(), np.float32)


def keep_rows(cell: Cell, material: PruneMaterial) -> Rows:
    """Sorted rows of the draw that the cell keeps.

    Raises:
        InputError: for scores that are not finite, or a class that is smaller than its floor.
    """
    n, scores = len(material.scores), material.scores
    if cell.keep == "all":
        return np.arange(n)
    count = select.size_of(cell.fraction, n)
    match cell.keep:
        case "k_center":
            return np.sort(cover.k_center(material.embeddings, count))
        case "herding":
            return np.sort(cover.herding(material.embeddings, count))
        case "d2":
            return np.sort(diverse_difficult(material.embeddings, scores, count))
        case "ccs":
            return select.coverage(scores, count, material.chance)
        case "dual":
            assert material.easiness is not None
            return select.beta_sampling(scores, count, material.chance, material.easiness)
    simple = {"hard": select.hard, "easy": select.easy, "band": select.band}[cell.keep]
    if cell.class_floor:
        return select.balanced(scores, count, material.drawn["label"].to_numpy(), cell.class_floor, simple)
    return simple(scores, count)
