"""The splits of an extrapolation: the largest compute held out, and a rollout along an expanding window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.baselines import BASELINES, baseline
from curation_scaling.laws.columns import column
from curation_scaling.laws.law import Law
from curation_scaling.laws.repetition_law import RepetitionLaw

if TYPE_CHECKING:
    from curation_scaling.laws.fit import Fit

Array = npt.NDArray[np.float64]

HALVINGS = 6  # most cutoffs of a rollout
FLOPS_PER_PARAM_TOKEN = 6.0
NO_DECAY = 1e4  # epochs: the half-life at which repetition costs nothing

SCHEMA = {
    "law": pl.String,
    "method": pl.String,
    "split": pl.String,
    "row": pl.UInt32,
    "pool": pl.String,
    "compute": pl.Float64,
    "distance": pl.Float64,
    "error": pl.Float64,
    "predicted": pl.Float64,
    "relative_error": pl.Float64,
    "absolute_relative_error": pl.Float64,
}


def compute_of(law: Law, runs: pl.DataFrame) -> Array:
    """Return what orders the runs, shape (rows,): FLOPs, else 6 N D, else samples seen, else the law's first column."""
    if "flops" in law.columns:
        return column(runs, "flops")
    if "params" in law.columns and "tokens" in law.columns:
        return FLOPS_PER_PARAM_TOKEN * column(runs, "params") * column(runs, "tokens")
    if "samples_seen" in law.columns or "tokens" in law.columns:
        return column(runs, "samples_seen")
    plain = [name for name in law.columns if name != "weights"]
    if not plain:
        raise InputError(f"law {law.name} reads no quantity that grows, so that nothing can be held out by compute")
    return column(runs, plain[0])


def cutoffs(compute: Array) -> list[float]:
    """Return the cutoffs of a rollout, largest first: the largest compute halved again and again.

    Where a level holds many runs (a designed grid of few levels), the levels below the largest are the cutoffs.
    """
    levels = np.unique(compute)
    if levels.size <= HALVINGS + 1:
        return [float(level) for level in levels[-2::-1]]
    halved = compute.max() / 2.0 ** np.arange(1, HALVINGS + 1)
    return [float(cut) for cut in halved if cut >= levels[0]]


def rollout(
    law: Law, runs: pl.DataFrame, fit_to: Callable[[pl.DataFrame], Fit], *, baselines: bool = True
) -> pl.DataFrame:
    """Return the table of `holdout` for a law that `fit_to` fits to a part of the runs.

    Raises InputError when no cutoff leaves enough runs to fit.
    """
    compute = compute_of(law, runs)
    tables: list[pl.DataFrame] = []
    reason: InputError | None = None
    for number, cutoff in enumerate(cutoffs(compute)):
        inside = compute <= cutoff
        train, test = runs.filter(inside), runs.filter(~inside)
        try:
            fit = fit_to(train)
            predicted = {"law": fit.predict(test)["predicted"].to_numpy()}
        except InputError as error:
            reason = error
            continue
        if baselines:
            predicted |= {name: baseline(name, train, test, compute[inside], compute[~inside]) for name in BASELINES}
            if isinstance(law, RepetitionLaw):
                predicted["no repetition"] = _without_decay(fit, test)
        split = "largest" if number == 0 else "rollout"
        common = _common(law, split, runs, compute, cutoff)
        tables += [_scored(common, method, values) for method, values in predicted.items()]
    if not tables:
        told = f": {reason}" if reason else ""
        raise InputError(f"no cutoff leaves enough runs to fit {law.name} and to hold some out{told}")
    return pl.concat(tables)


def _without_decay(fit: Fit, test: pl.DataFrame) -> Array:
    """Return what the fitted law would say if repeated samples were as good as new ones."""
    taus = {name: NO_DECAY for name in fit.law.names if name == "tau" or name.startswith("tau[")}
    return fit.predict(test, fixed=taus)["predicted"].to_numpy()


def _common(law: Law, split: str, runs: pl.DataFrame, compute: Array, cutoff: float) -> dict[str, Any]:
    outside = np.flatnonzero(compute > cutoff)
    pools = runs["pool"].cast(pl.String).to_list() if "pool" in runs.columns else [None] * runs.height
    return {
        "law": [law.name] * outside.size,
        "split": [split] * outside.size,
        "row": outside,
        "pool": [pools[i] for i in outside],
        "compute": compute[outside],
        "distance": compute[outside] / cutoff,
        "error": runs["error"].to_numpy()[outside],
    }


def _scored(common: dict[str, Any], method: str, predicted: Array) -> pl.DataFrame:
    relative = predicted / common["error"] - 1
    columns = common | {
        "method": [method] * predicted.size,
        "predicted": predicted,
        "relative_error": relative,
        "absolute_relative_error": np.abs(relative),
    }
    return pl.DataFrame(columns, schema_overrides=SCHEMA).select(list(SCHEMA))
