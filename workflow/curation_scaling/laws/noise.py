"""Evaluation noise: how runs of one evaluation differ, shrunk to its trend, and how much signal stands against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import chdtri, digamma, ndtri, polygamma

from curation_scaling.artifacts_noise import SIGNAL
from curation_scaling.errors import InputError
from curation_scaling.laws.shapes import curve_shapes

Array = npt.NDArray[np.float64]

LEVEL = 0.95
_CELL = ["metric", "pool", "samples_seen"]


def evaluation_noise(runs: pl.DataFrame) -> pl.DataFrame:
    """Rows of `laws/noise`, one a metric, pool and samples seen, from runs that differ in draw or seed.

    Each evaluation's variance of ln(error) has few degrees of freedom, and its inverse would be a wild weight. It is
    shrunk to a line in ln(samples seen) by empirical Bayes: s^2 of f degrees of freedom becomes (f0 s0^2 + f s^2) /
    (f0 + f), with s0 on the line and f0 from how much ln s^2 scatters around it beyond chance (Smyth 2004, "Linear
    models and empirical Bayes methods", section 6).

    Raises:
        InputError: where no evaluation of a metric was made by two runs, or none of them differ.
    """
    cells = (
        runs.with_columns(log=pl.col("error").log())
        .group_by(_CELL)
        .agg(pl.len().cast(pl.Int32).alias("runs"), pl.col("error").mean(), sd=pl.col("log").std(ddof=1))
        .sort(_CELL)
    )
    parts = [_moderated(str(metric), part) for (metric,), part in cells.group_by("metric", maintain_order=True)]
    return pl.concat(parts)


def _moderated(metric: str, cells: pl.DataFrame) -> pl.DataFrame:
    sd = cells["sd"].to_numpy()  # null is NaN
    freedom = cells["runs"].to_numpy().astype(float) - 1
    known = (freedom > 0) & (sd > 0)
    if not known.any():
        why = "no evaluation was made by two runs" if (freedom <= 0).all() else "the runs of every evaluation are equal"
        raise InputError(f"the noise of {metric} cannot be told, {why}: add draws or seeds, or leave out laws.noise")
    trend, prior = _prior(np.log(sd[known] ** 2), freedom[known], np.log(cells["samples_seen"].to_numpy())[known])
    expected = np.exp(trend(np.log(cells["samples_seen"].to_numpy())))
    found = np.where(freedom > 0, np.nan_to_num(sd) ** 2, 0.0)
    share = freedom / (prior + freedom)  # 0 where the trend explains all: prior is infinite
    variance = (1 - share) * expected + share * found
    return cells.with_columns(noise=pl.Series(np.sqrt(variance)))


def _prior(log_variance: Array, freedom: Array, log_seen: Array) -> tuple[Any, float]:
    """The line through ln s0^2, as a function of ln(samples seen), and the prior's degrees of freedom f0."""
    half = freedom / 2
    centred = log_variance - digamma(half) + np.log(half)
    weight = 1 / polygamma(1, half)
    degree = 1 if np.unique(log_seen).size >= 3 else 0
    line = np.polynomial.Polynomial.fit(log_seen, centred, degree, w=np.sqrt(weight))
    spare = centred.size - degree - 1
    excess = 0.0
    if spare > 0:
        excess = float(((centred - line(log_seen)) ** 2).sum()) / spare - float(polygamma(1, half).mean())
    if excess <= 0:
        return line, np.inf
    prior = 2 * _trigamma_inverse(excess)
    shift = float(digamma(prior / 2) - np.log(prior / 2))
    return line + shift, prior


def _trigamma_inverse(value: float) -> float:
    """x with trigamma(x) = value, by Newton's steps on 1 / trigamma, which is convex and nearly linear."""
    x = 0.5 + 1 / value
    for _ in range(50):
        at = float(polygamma(1, x))
        step = at * (1 - at / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x


def signal_to_noise(runs: pl.DataFrame, noise: pl.DataFrame) -> pl.DataFrame:
    """Rows of `laws/signal` from runs and their `laws/noise`; with a column `trials`, what these alone would give."""
    rows: list[dict[str, Any]] = []
    for (metric,), part in runs.sort(_CELL).group_by("metric", maintain_order=True):
        shapes = curve_shapes(part, noise.filter(metric=metric))
        for (pool,), curve in part.group_by("pool", maintain_order=True):
            shape = shapes.filter(pool=pool).drop("pool", "least_at").row(0, named=True)
            rows.append({"metric": metric, "pool": pool, **_row(curve, "pool"), **shape})
        rows.append({"metric": metric, "pool": None, **_row(part, "samples_seen")})
    return pl.DataFrame(rows, schema=SIGNAL.empty.schema, orient="row")


def _row(runs: pl.DataFrame, within: str) -> dict[str, Any]:
    """Noise with its parts, and the spread of mean errors within a pool, or within equal samples seen."""
    log = runs.with_columns(log=pl.col("error").log())
    mean = (
        log.group_by("pool", "samples_seen")
        .agg(pl.col("log").mean(), runs=pl.len(), squares=((pl.col("log") - pl.col("log").mean()) ** 2).sum())
        .sort("pool", "samples_seen")
    )
    freedom = int((mean["runs"] - 1).sum())
    variance = float(mean["squares"].sum()) / freedom if freedom else 0.0
    noise = float(np.sqrt(variance)) if variance > 0 else None
    units = runs.select("pool", "run_id").n_unique() - runs["pool"].n_unique()
    bounds = chdtri(units, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if noise and units > 0 else None
    lower, upper = (None, None) if bounds is None else (float(noise * np.sqrt(units / q)) for q in bounds)
    spread = mean.group_by(within).agg(pl.col("log").var(ddof=1), pl.col("runs").mean()).drop_nulls("log").sort(within)
    signal, each = None, float(mean.select(pl.col("runs").mean()).item())
    if spread.height:
        added = (pl.lit(variance) / pl.col("runs")).mean()
        signal = float(np.sqrt(max(spread.select(pl.col("log").mean() - added).item(), 0.0)))
    seed, draw = _parts(log)
    return {
        "runs": runs["run_id"].n_unique(),
        "noise": noise,
        "lower": lower,
        "upper": upper,
        "seed_noise": seed,
        "draw_noise": draw,
        "sampling": _sampling(runs) if "trials" in runs.columns else None,
        "signal": signal,
        "signal_to_noise": signal / noise if signal is not None and noise else None,
        "resolves": float(ndtri((1 + LEVEL) / 2)) * noise * float(np.sqrt(2 / each)) if noise else None,
    }


def _parts(log: pl.DataFrame) -> tuple[float | None, float | None]:
    """Standard deviations of ln(error) between seeds of one draw and between draws, by a nested analysis of variance.

    None where seeds were not repeated within draws; the second also where there is one draw.
    """
    cell = ["pool", "samples_seen"]
    draws = (
        log.group_by(*cell, "draw")
        .agg(pl.col("log").mean(), seeds=pl.len(), squares=((pl.col("log") - pl.col("log").mean()) ** 2).sum())
        .sort(*cell, "draw")
    )
    freedom = int((draws["seeds"] - 1).sum())
    if not freedom:
        return None, None
    within = float(draws["squares"].sum()) / freedom
    weight, value = pl.col("seeds"), pl.col("log")
    centre = (weight * value).sum() / weight.sum()
    between = (
        draws.group_by(cell)
        .agg(
            draws=pl.len(),
            squares=(weight * (value - centre) ** 2).sum(),
            each=weight.sum() - (weight**2).sum() / weight.sum(),
        )
        .sort(cell)
    )
    spare = int((between["draws"] - 1).sum())
    if not spare:
        return float(np.sqrt(within)), None
    # Of each evaluation the expected sum of squares is (draws - 1) within + each * between.
    excess = float(between["squares"].sum()) - spare * within
    return float(np.sqrt(within)), float(np.sqrt(max(excess / float(between["each"].sum()), 0.0)))


def _sampling(runs: pl.DataFrame) -> float:
    """Root mean square over rows of the binomial standard deviation of ln(error)."""
    share = ((1 - pl.col("error")) / (pl.col("error") * pl.col("trials"))).clip(0)
    return float(np.sqrt(runs.select(share.mean()).item()))
