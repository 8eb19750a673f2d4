"""One fit of a rerun as a side: a law of one column, such as compute, fitted to published runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.compare.side import FLOPS, SAMPLES, Fitted, Forecast, Side
from curation_scaling.errors import InputError
from curation_scaling.frontier.budgets import FAR
from curation_scaling.laws.fit import Array, Fit
from curation_scaling.laws.reproduction.fits import fit_points
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study.rerun import Rerun

REPLICATES = 1000  # where the rerun's own fit has none


def fit_side(name: str, rerun: Rerun, layout: Layout, part: str) -> Side:
    """The fit called `part`, made again from the rerun's points with bootstrap draws.

    It covers the observed range and FAR times its largest value.

    Raises:
        InputError: if there is no such fit, if it is one fit a run, or if its law reads more than one column.
    """
    specs = {spec.name: spec for spec in rerun.fits if not spec.each_run}
    if part not in specs:
        known = ", ".join(f"{rerun.study}:{fit}" for fit in specs) or "none"
        raise InputError(f"{name} names no fit to all rows of rerun {rerun.study}: the choices are {known}")
    spec = specs[part]
    points = read(layout.points, POINTS, study=rerun.study)
    fitted = fit_points(rerun, spec.model_copy(update={"bootstrap": spec.bootstrap or REPLICATES}), points).only
    fit, column = fitted.fit, _axis(name, fitted.fit)
    seen = fit.runs[column]
    table = next(t for t in rerun.tables if t.name == spec.table)
    parameters = fit.parameters.select(
        "parameter", "unit", "estimate", fixed=pl.col("method") == "fixed", flags=pl.Series(_flags(fit))
    )
    return Side(
        name=name,
        title=f"{rerun.title}: {part}",
        unit=rerun.unit,
        metric=table.metric,
        main=fit.law.name,
        fits={fit.law.name: Fitted(fit.law.name, _forecaster(fit, column, part), parameters, fit.theta_draws)},
        scales={column: 1.0},
        low=float(seen.min()),  # type: ignore[arg-type]
        high=FAR * float(seen.max()),  # type: ignore[arg-type]
        reached=float(seen.max()),  # type: ignore[arg-type]
        level=spec.level,
        joint={"results": str(layout.root.resolve()), "fit": part},
        why_alone="published runs of different models have no draws of the data in common",
        runs=frozenset(f"{layout.root.resolve()}\0{run}" for run in fit.runs["run_id"]),
    )


def _axis(name: str, fit: Fit) -> str:
    columns = [c for c in fit.law.columns if c in fit.runs.columns]
    axis = FLOPS if columns == [FLOPS] else SAMPLES if columns in ([SAMPLES], ["tokens"]) else ""
    if not axis:
        raise InputError(
            f"{name}: law {fit.law.name} reads {', '.join(fit.law.columns)}; a comparison along one axis needs a law "
            f"of {FLOPS} or of {SAMPLES} alone"
        )
    return axis


def _forecaster(fit: Fit, column: str, choice: str) -> Callable[[Array], Forecast]:
    # Rows without draws: the estimate.
    single = replace(fit, theta_draws=fit.theta[None])

    def forecast(budgets: Array) -> Forecast:
        frame = pl.DataFrame({column: budgets})
        return Forecast([choice] * budgets.size, single.predict_draws(frame)[0], fit.predict_draws(frame))

    return forecast


def _flags(fit: Fit) -> list[str]:
    weak: Array = np.asarray(fit.weak)
    return ["weakly identified, or at a bound" if w else "" for w in weak]
