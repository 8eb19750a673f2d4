"""Whether a fit can be trusted: every check as a row with its value, and a sentence where it is doubtful."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import fdtrc, stdtrit

from curation_scaling.laws.bootstrap import labels, precision_of
from curation_scaling.laws.columns import cells
from curation_scaling.laws.losses import LOSSES, loss_named
from curation_scaling.laws.profile import scale_of_loss
from curation_scaling.laws.shapes import RISE
from curation_scaling.laws.solver import minimise
from curation_scaling.laws.starts import scaled_information

if TYPE_CHECKING:
    from curation_scaling.laws.fit import Fit

Array = npt.NDArray[np.float64]
Row = tuple[str, str, float, bool, str]  # name, subject, value, flag, message

MOST_CONDITION = 1e3  # of the scaled Jacobian: beyond it, directions of the parameters are set by the noise
MOST_CORRELATION = 0.99
MOST_SWITCHED = 0.05  # share of replicates that moved to another basin
LEAST_LACK_OF_FIT = 0.01  # p-value
_SCHEMA = {"name": pl.String, "subject": pl.String, "value": pl.Float64, "flag": pl.Boolean, "message": pl.String}


def diagnose(fit: Fit) -> pl.DataFrame:
    """Return one row a check and its subject: name, subject, value, flag, message (empty unless flagged)."""
    rows = [*_criteria(fit), *lack_of_fit(fit), *_rising_curves(fit)]
    if fit.problem.chart.free:
        checks = (_basins, _conditioning, _bounds, _scales, _influence, _loss_sensitivity)
        rows = [*(row for check in checks for row in check(fit)), *rows]
    return pl.DataFrame([(*row[:4], row[4] if row[3] else "") for row in rows], schema=_SCHEMA, orient="row")


def information(fit: Fit) -> tuple[float, float]:
    """Return AICc and BIC; comparable between laws that were fitted to the same runs with the same loss.

    Gaussian likelihood of the (weighted) residuals for squared losses, Laplace for log_huber and lad. AICc is infinite
    when rows do not exceed parameters by more than one.
    """
    loss, rows = fit.problem.loss, fit.problem.error.size
    residual = _residual(fit)
    residual = residual * precision_of(fit.weights, fit.problem.weight, loss)
    if loss.squared:
        deviance = rows * float(np.log(2 * np.pi * np.e * max(float((residual**2).mean()), 1e-300)))
    else:
        deviance = 2 * rows * float(np.log(2 * np.e * max(float(np.abs(residual).mean()), 1e-300)))
    free = len(fit.problem.chart.free) + 1  # and the width of the noise
    spare = rows - free - 1
    aicc = deviance + 2 * free + 2 * free * (free + 1) / spare if spare > 0 else np.inf
    return float(aicc), float(deviance + free * np.log(rows))


def _residual(fit: Fit) -> Array:
    predicted = fit.law.predict(fit.theta[None], fit.problem.design)[0]
    return fit.problem.loss.residual(predicted, fit.problem.error)


def _basins(fit: Fit) -> list[Row]:
    second, share = fit.starts.runner_up
    free = len(fit.problem.chart.free)
    spare = max(fit.problem.error.size - free, 1)
    distance = 2 * scale_of_loss(fit.problem, _residual(fit), free) * (second - fit.objective)
    near = bool(distance < float(stdtrit(spare, 0.5 + fit.level / 2)) ** 2)
    told = "another optimum fits the runs nearly as well: the parameters may be those of either"
    moved = "many bootstrap replicates prefer another optimum: intervals span both"
    return [
        ("share of starts in the best basin", "", fit.starts.share_best, False, ""),
        ("share of starts in the runner-up basin", "", share, False, ""),
        ("likelihood ratio of the runner-up basin", "", distance, near, told),
        ("share of replicates in another basin", "", fit.switched, fit.switched > MOST_SWITCHED, moved),
    ]


def _conditioning(fit: Fit) -> list[Row]:
    chart = fit.problem.chart
    values = np.linalg.eigvalsh(scaled_information(fit.problem, fit.starts.solutions[0]))
    condition = float(np.sqrt(values[-1] / values[0])) if values[0] > 0 else np.inf
    told = "the runs hardly tell some parameters apart: use predictions, not single parameters"
    rows = [("condition number", "", condition, condition > MOST_CONDITION, told)]
    for i, name in enumerate(fit.law.names):
        if fit.weak[i] and not fit.near_bound[i]:
            told = f"{name}: the other parameters can make up for it, so that its value alone means little"
            rows.append(("entangled", name, fit.theta[i], True, told))
    if fit.theta_draws.shape[0] > 2 and len(chart.free) > 1:
        draws = chart.coordinates(fit.theta_draws)
        moving = np.flatnonzero(draws.std(axis=0) > 0)
        if moving.size > 1:
            table = np.abs(np.corrcoef(draws[:, moving].T)) - np.eye(moving.size)
            first, second = np.unravel_index(int(np.argmax(table)), table.shape)
            pair = f"{chart.free[moving[first]]}, {chart.free[moving[second]]}"
            most = float(table[first, second])
            told = f"{pair} trade off almost freely: their values mean little alone"
            rows.append(("largest correlation", pair, most, most > MOST_CORRELATION, told))
    return rows


def _bounds(fit: Fit) -> list[Row]:
    bound = "it is at a bound, at the estimate or in some replicates: its interval leans on the bound"
    outside = "the fit lies outside the interval of its own replicates: with so few runs both may be biased"
    checks = (("at a bound", fit.near_bound, bound), ("outside its interval", fit.outside, outside))
    return [
        (check, name, fit.theta[i], True, f"{name}: {told}")
        for check, doubtful, told in checks
        for i, name in enumerate(fit.law.names)
        if doubtful[i]
    ]


def _scales(fit: Fit) -> list[Row]:
    rows = []
    for name, (need, have) in fit.law.requirements(fit.problem.design).items():
        if name in fit.problem.chart.free:
            told = f"{name} needs {need} distinct scales and the runs have {have}: add runs at other scales or fix it"
            rows.append(("distinct scales", name, float(have), have < need, told))
    free, size = len(fit.problem.chart.free), fit.problem.error.size
    told = "fewer than two evaluations a parameter: the residuals say little about the noise"
    return [*rows, ("evaluations per parameter", "", size / free, size < 2 * free, told)]


def _influence(fit: Fit) -> list[Row]:
    """Refit without each run, and measure the largest change of a prediction at the other runs."""
    units = labels(fit.runs, "run_id") if "run_id" in fit.runs.columns else np.arange(fit.runs.height)
    count = int(units.max()) + 1
    if count < 3:
        return []
    weight = np.where(units == np.arange(count)[:, None], 0.0, fit.problem.weight)
    start = np.tile(fit.starts.solutions[0], (count, 1))
    solution, _ = minimise(replace(fit.problem, weight=weight), start, tolerance=1e-8, steps=100)
    predicted = fit.law.predict(fit.problem.chart.theta(solution), fit.problem.design)
    here = fit.law.predict(fit.theta[None], fit.problem.design)
    change = np.where(weight > 0, np.abs(np.log(predicted / here)), 0.0).max(axis=1)
    noise = float(np.sqrt((np.log(here[0] / fit.problem.error) ** 2).mean()))
    top = int(np.argmax(change))
    of = np.flatnonzero(units == top)[0]
    name = str(fit.runs["run_id"][int(of)]) if "run_id" in fit.runs.columns else f"row {of}"
    told = (
        f"without run {name} predictions move by {change[top]:.1%}, more than four times the residuals: check that run"
    )
    return [("largest influence of one run", name, float(change[top]), bool(change[top] > 4 * noise > 0), told)]


def _criteria(fit: Fit) -> list[Row]:
    aicc, bic = information(fit)
    return [("AICc", "", aicc, False, ""), ("BIC", "", bic, False, "")]


def _loss_sensitivity(fit: Fit) -> list[Row]:
    """Refit with every other loss and compare predictions at the runs."""
    here = fit.law.predict(fit.theta[None], fit.problem.design)
    worst, which = 0.0, ""
    for name in LOSSES:
        if name != fit.problem.loss.name:
            loss = loss_named(name, 1e-3, fit.problem.error)
            solution, objective = minimise(
                replace(fit.problem, loss=loss), fit.starts.solutions[:3], tolerance=1e-8, steps=100
            )
            theta = fit.problem.chart.theta(solution[[int(np.argmin(objective))]])
            change = float(np.abs(np.log(fit.law.predict(theta, fit.problem.design) / here)).max())
            if change > worst:
                worst, which = change, name
    noise = float(np.sqrt((np.log(here[0] / fit.problem.error) ** 2).mean()))
    told = f"with loss {which} predictions move by {worst:.1%}, more than twice the residuals: outliers decide the fit"
    return [("largest change with another loss", which, worst, worst > 2 * noise > 0, told)]


def lack_of_fit(fit: Fit) -> list[Row]:
    """Compare the law's misfit with the spread of replicates at equal inputs (F test on residuals)."""
    cell = cells(fit.runs, fit.law.columns)
    residual = _residual(fit) * precision_of(fit.weights, fit.problem.weight, fit.problem.loss)
    count, free = int(cell.max()) + 1, len(fit.problem.chart.free)
    if not residual.size > count > free:
        return []
    mean = np.bincount(cell, residual) / np.bincount(cell)
    pure = float(((residual - mean[cell]) ** 2).sum()) / (residual.size - count)
    misfit = float((np.bincount(cell) * mean**2).sum()) / (count - free)
    p = float(fdtrc(count - free, residual.size - count, misfit / pure)) if pure > 0 else 1.0
    told = "the law misses the mean of replicates by more than their spread explains: another law may fit better"
    return [("lack of fit, p-value", "", p, p < LEAST_LACK_OF_FIT, told)]


def _rising_curves(fit: Fit) -> list[Row]:
    """Name the pools whose mean error rises again with samples seen."""
    seen = next((name for name in ("samples_seen", "tokens") if name in fit.runs.columns), None)
    if seen is None or seen not in fit.law.columns or "pool" not in fit.runs.columns or "params" in fit.law.columns:
        return []
    mean = fit.runs.group_by("pool", seen).agg(pl.col("error").mean()).sort("pool", seen)
    rise = (
        mean.with_columns(rise=pl.col("error") / pl.col("error").cum_min().over("pool") - 1)
        .group_by("pool")
        .agg(pl.col("rise").max())
        .sort("pool")
    )
    return [
        (
            "rise of the mean error",
            pool,
            value,
            value > RISE,
            f"the error of pool {pool} rises by {value:.1%}: no b < 0 fits",
        )
        for pool, value in rise.iter_rows()
        if value > RISE
    ]
