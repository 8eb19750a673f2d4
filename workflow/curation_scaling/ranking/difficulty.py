"""Difficulty from training dynamics. Scores are oriented high = hard, shape (samples,), means over the models.

Every function takes `Dynamics`, and an epoch where the definition speaks of one (default: the last recorded).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation_scaling.errors import InputError
from curation_scaling.ranking.dynamics import Dynamics

Scores = npt.NDArray[np.float64]


def el2n(dynamics: Dynamics, epoch: int | None = None) -> Scores:
    """||softmax(f(x)) - y||_2, early in training. Source: Paul et al. 2021 (arXiv 2107.07075)."""
    return _mean(_error_norms(dynamics, epoch))


def grand(dynamics: Dynamics, epoch: int | None = None) -> Scores:
    """Norm of the loss's gradient by the last layer: ||p - y||_2 sqrt(|h|^2 + 1), h its input (1: the bias).

    Source: GraNd of Paul et al. 2021 (arXiv 2107.07075), of the last layer alone.
    """
    norm = dynamics.statistic("feature_norm", epoch).astype(np.float64)
    return _mean(_error_norms(dynamics, epoch) * np.sqrt(norm**2 + 1))


def forgetting(dynamics: Dynamics) -> Scores:
    """Transitions from correct to incorrect between recorded epochs; never learned counts the number of epochs.

    The number of epochs stands for infinity: no learned sample can reach it. Source: Toneva et al. 2019
    (arXiv 1812.05159).
    """
    correct = dynamics.statistics("correct") > 0.5
    events = (correct[:, :-1] & ~correct[:, 1:]).sum(axis=1).astype(np.float64)
    return _mean(np.where(correct.any(axis=1), events, float(len(dynamics.epochs))))


def margin(dynamics: Dynamics, epoch: int | None = None) -> Scores:
    """1 - (largest - second largest probability)."""
    top = np.partition(dynamics.probabilities(epoch), -2, axis=-1)[..., -2:].astype(np.float64)
    return _mean(1 - (top[..., 1] - top[..., 0]))


def least_confidence(dynamics: Dynamics, epoch: int | None = None) -> Scores:
    """1 - the largest probability."""
    return _mean(1 - dynamics.probabilities(epoch).max(axis=-1).astype(np.float64))


def entropy(dynamics: Dynamics, epoch: int | None = None) -> Scores:
    """Entropy of the probabilities, in nats."""
    p = dynamics.probabilities(epoch).astype(np.float64)
    return _mean(-(p * np.log(np.maximum(p, np.finfo(np.float64).tiny))).sum(axis=-1))


def area_under_margin(dynamics: Dynamics) -> Scores:
    """- mean over epochs of (own logit - largest other). Source: AUM, Pleiss et al. 2020 (arXiv 2001.10528)."""
    return _mean(-dynamics.statistics("margin").astype(np.float64).mean(axis=1))


def disagreement(dynamics: Dynamics) -> Scores:
    """Number of models that misclassify the sample at the last epoch. Source: DDD, Meding et al. 2022 (2110.05922)."""
    return np.asarray((dynamics.statistic("correct") <= 0.5).sum(axis=0).astype(np.float64))


def low_confidence(dynamics: Dynamics) -> Scores:
    """1 - mean over epochs of the label's probability. Source: dataset maps, Swayamdipta et al. 2020 (2009.10795)."""
    return _mean(1 - dynamics.statistics("p_label").astype(np.float64).mean(axis=1))


def dynamic_uncertainty(dynamics: Dynamics, window: int = 10) -> Scores:
    """Mean over windows of consecutive epochs of the label probability's standard deviation (n - 1).

    Source: Dyn-Unc, He et al. 2023 (arXiv 2306.05175).
    """
    spread, _ = _windows(dynamics, window)
    return _mean(spread.mean(axis=1))


def dual(dynamics: Dynamics, window: int = 10) -> Scores:
    """Mean over windows of standard deviation times (1 - mean) of the label's probability.

    Source: DUAL, Cho et al. 2025 (arXiv 2502.06905).
    """
    spread, mean = _windows(dynamics, window)
    return _mean((spread * (1 - mean)).mean(axis=1))


def _windows(dynamics: Dynamics, window: int) -> tuple[Scores, Scores]:
    """Standard deviation and mean of p_label in each window, (models, windows, samples)."""
    p = dynamics.statistics("p_label").astype(np.float64)
    if not 2 <= window <= p.shape[1]:
        raise InputError(
            f"a window of {window} epochs does not fit {p.shape[1]} recorded epochs: choose 2 to that many"
        )
    views = np.lib.stride_tricks.sliding_window_view(p, window, axis=1)
    return views.std(axis=-1, ddof=1), views.mean(axis=-1)


def _error_norms(dynamics: Dynamics, epoch: int | None) -> Scores:
    """(models, samples): sqrt(sum_c p_c^2 - 2 p_y + 1), without a copy of the probabilities."""
    p = dynamics.probabilities(epoch).astype(np.float64)
    own = np.take_along_axis(p, dynamics.labels[None, :, None], axis=-1)[..., 0]
    return np.asarray(np.sqrt(np.maximum((p**2).sum(axis=-1) - 2 * own + 1, 0)))


def _mean(by_model: npt.NDArray[np.float64]) -> Scores:
    return np.asarray(by_model.mean(axis=0))
