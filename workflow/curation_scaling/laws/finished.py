"""Errors of unfinished runs, corrected to what a run that ends there would give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtri, ndtri

from curation_scaling.errors import InputError
from curation_scaling.laws.annealing import schedule_areas
from curation_scaling.laws.fit import Fit
from curation_scaling.study.annealing import Annealing

Array = npt.NDArray[np.float64]

MOST = 1.0  # the largest effect that is looked for: the error falls by a factor of e
_COARSE = np.array([0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, MOST])
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Correction:
    """ln(finished error) = ln(error) - effect x, x the share of the annealing that the checkpoint has missed.

    lower, upper: the profile interval of a fitted effect. draws: effects that replicates take, (values,). as_is: the
    objective without any correction.
    """

    schedule: Annealing
    effect: float
    lower: float | None
    upper: float | None
    draws: Array
    as_is: float

    def of(self, runs: pl.DataFrame) -> pl.DataFrame:
        """The runs with the errors of finished ones."""
        return finished(runs, missed_by(runs, self.schedule), self.effect)

    def each(self, runs: pl.DataFrame) -> list[pl.DataFrame]:
        """The runs under each of the draws."""
        share = missed_by(runs, self.schedule)
        return [finished(runs, share, float(effect)) for effect in self.draws]


def finished(runs: pl.DataFrame, share: pl.Series, effect: float) -> pl.DataFrame:
    """`runs` with error exp(-effect x) for error, x the `share` of the annealing that each row (n,) has missed."""
    return runs.with_columns(error=pl.col("error") * (-effect * share).exp())


def missed_by(runs: pl.DataFrame, schedule: Annealing) -> pl.Series:
    """`missed` of every row (n,), by its samples seen."""
    seen = runs["samples_seen"].unique()
    share = dict(zip(seen, missed(schedule, seen), strict=True))
    return runs["samples_seen"].replace_strict(share, return_dtype=pl.Float64)


def missed(schedule: Annealing, samples: Iterable[float]) -> Array:
    """The share of the whole annealing that runs of these samples (n,) still had to come: 0 where one is finished.

    The annealing area S2 (Tissue et al. 2024, arXiv 2408.11029, Eq. 3) of a schedule of the same form that ends there,
    less that of the schedule that went on, in units of the peak rate over (1 - momentum): what a drop of the whole rate
    is worth in the end.

    Raises:
        InputError: if a checkpoint lies beyond the schedule's end.
    """
    whole = _annealing(schedule, _step(schedule, schedule.ends_at))
    found = []
    for seen in samples:
        step = _step(schedule, seen)
        if step > len(whole):
            raise InputError(
                f"key laws.annealing.ends_at: a run has an evaluation at {seen:g} samples, after the schedule's end at "
                f"{schedule.ends_at:g}; mend it, or leave such runs out"
            )
        found.append(_annealing(schedule, step)[-1] - whole[step - 1])
    return np.array(found)


def _step(schedule: Annealing, samples: float) -> int:
    return max(round(samples / schedule.batch), 1)


def _annealing(schedule: Annealing, steps: int) -> Array:
    """S2 after each of the steps of a schedule that has so many, in units of the peak rate / (1 - momentum)."""
    step = np.arange(1, steps + 1)
    warm = min(round(schedule.warm_up / schedule.batch), steps)
    done = np.clip((step - warm) / max(steps - warm, 1), 0, 1)
    # The warm-up is held at the peak: it rises, which is no annealing.
    rates = (1 + np.cos(np.pi * done)) / 2 if schedule.schedule == "cosine" else 1 - done
    return schedule_areas(rates, schedule.momentum)[1] * (1 - schedule.momentum)


def correction(
    schedule: Annealing, runs: pl.DataFrame, fit: Callable[[pl.DataFrame], Fit], level: float, draws: int
) -> Correction:
    """The correction whose effect lets the law, fitted by `fit` to corrected runs, meet them best.

    A shift of ln(error) leaves the density of the measured errors as it is, so that objectives of log losses compare.
    """

    share = missed_by(runs, schedule)

    def objective(effect: float) -> float:
        return fit(finished(runs, share, effect)).objective

    if schedule.effect is not None:
        return Correction(schedule, schedule.effect, None, None, np.full(draws, schedule.effect), objective(0.0))
    coarse = np.array([objective(effect) for effect in _COARSE])
    at = int(coarse.argmin())
    bounds = (_COARSE[max(at - 1, 0)], _COARSE[min(at + 1, len(_COARSE) - 1)])
    inner = minimize_scalar(objective, bounds=bounds, method="bounded", options={"xatol": _TOLERANCE})
    effect, least = (float(inner.x), float(inner.fun)) if inner.fun < coarse[at] else (float(_COARSE[at]), coarse[at])
    limit = least * np.exp(chdtri(1, 1 - level) / runs.height)

    def beyond(value: float) -> float:
        return float(objective(value) - limit)

    lower = brentq(beyond, 0.0, effect, xtol=_TOLERANCE) if effect > 0 and beyond(0.0) > 0 else 0.0
    upper = brentq(beyond, effect, MOST, xtol=_TOLERANCE) if effect < MOST and beyond(MOST) > 0 else MOST
    # A normal on each side, as wide as the interval says; no effect is negative.
    z = ndtri((np.arange(draws) + 0.5) / draws)
    width = np.where(z < 0, effect - lower, upper - effect) / ndtri((1 + level) / 2)
    return Correction(schedule, effect, float(lower), float(upper), np.clip(effect + z * width, 0, MOST), coarse[0])
