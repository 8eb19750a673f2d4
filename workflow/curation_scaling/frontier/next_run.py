"""The value of one more run: by how much it would lower the expected regret of the choice, before it is made."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.laws.fit import Array

_MOST_OUTCOMES = 400  # of the measurement that are told apart
_STEP = 0.5  # of the noise, between two outcomes


def run_noise(predictions: pl.DataFrame, parameters: int) -> float:
    """Standard deviation of ln(error) of a single new run around the law, from the residuals of the fitted means."""
    fitted = predictions.filter(role="fitted")
    square = float((fitted["residual"].to_numpy() ** 2 * fitted["runs"].to_numpy()).sum())
    return float(np.sqrt(square / max(fitted.height - parameters, 1)))


def outcome_chances(measured: Array, noise: float) -> Array:
    """The chance of each outcome of a measurement in each draw, (outcomes, draws); each draw's sum to 1.

    Outcomes are a grid of normal densities around what the draws predict, half a standard deviation of the noise apart,
    and coarser where the draws spread too far for that; coarser outcomes tell less, never more.

    Args:
        measured: what each draw predicts for the run, (draws,).
        noise: standard deviation of a run around its prediction.
    """
    low, high = float(measured.min()), float(measured.max())
    width = max(noise, (high - low) * _STEP / _MOST_OUTCOMES)
    if width == 0:
        return np.ones((1, measured.size))
    grid = np.arange(low - 4 * width, high + 4 * width + _STEP * width, _STEP * width)
    chances = np.exp(-0.5 * ((grid[:, None] - measured) / width) ** 2)
    return np.asarray(chances / chances.sum(axis=0))


def regret_reduction(errors: Array, chances: Array) -> Array:
    """The expected fall of the error of the chosen candidate, (choices,), from knowing the outcome of one more run.

    The bootstrap draws are the hypotheses, equally likely before; an outcome weights them by its chance in each, and
    the candidate of least expected error is chosen anew. So 0 <= reduction <= expected regret, whatever the draws'
    shape (preposterior analysis: Raiffa and Schlaifer 1961).

    Args:
        errors: of the candidates at each choice, (choices, candidates, draws).
        chances: of the outcomes in each draw, (outcomes, draws).
    """
    before = errors.mean(axis=2).min(axis=1)
    after = (errors @ chances.T / chances.shape[1]).min(axis=1).sum(axis=1)
    return np.asarray(np.maximum(before - after, 0.0))
