"""Memorization and influence by the subset estimator: models trained on random subsets, with and without a sample.

Source: Feldman and Zhang 2020 (arXiv 2008.03703), Algorithm 1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.ranking.difficulty import Scores
from curation_scaling.ranking.dynamics import Dynamics

_ROWS = 4096  # samples at once: bounds the memory of the influence matrix


def memorization(dynamics: Dynamics) -> Scores:
    """Pr[h(x_i) = y_i | i in the training set] - the same without i, over the models, at the last epoch.

    Raises:
        InputError: if some sample was in the training set of all models or of none.
    """
    correct = (dynamics.statistic("correct") > 0.5).astype(np.float64)
    inside, outside = _counts(dynamics.trained)
    trained = dynamics.trained
    return np.asarray((correct * trained).sum(axis=0) / inside - (correct * ~trained).sum(axis=0) / outside)


def influence(
    dynamics: Dynamics, test_correct: npt.NDArray[np.bool_], kind: Literal["max", "sum_abs"] = "max"
) -> Scores:
    """Influence of each sample on the test examples that the same models answered, `test_correct` (models, tests).

    On test example j it is Pr[h(x_j) = y_j | i in the training set] - the same without i; `max` is the largest of them,
    `sum_abs` the sum of their absolute values.
    """
    if test_correct.shape[0] != dynamics.models:
        raise InputError(
            f"test answers are of {test_correct.shape[0]} models, the dynamics of {dynamics.models}: pair them"
        )
    inside, outside = _counts(dynamics.trained)
    answers = test_correct.astype(np.float64)
    scores = np.empty(len(inside))
    for first in range(0, len(inside), _ROWS):
        part = slice(first, first + _ROWS)
        trained = dynamics.trained[:, part]
        difference = (trained / inside[part]).T @ answers - (~trained / outside[part]).T @ answers
        scores[part] = difference.max(axis=1) if kind == "max" else np.abs(difference).sum(axis=1)
    return scores


def _counts(trained: npt.NDArray[np.bool_]) -> tuple[Scores, Scores]:
    """Models with and without each sample, both above 0."""
    inside = trained.sum(axis=0).astype(np.float64)
    outside = len(trained) - inside
    if (bad := np.flatnonzero((inside == 0) | (outside == 0))).size:
        raise InputError(
            f"row {bad[0]} was in the training set of {inside[bad[0]]:g} of {len(trained)} models: memorization needs "
            "models with and without every sample; train more models on random subsets"
        )
    return inside, outside
