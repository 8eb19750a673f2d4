"""Choosing among laws by how they extrapolate inside the runs at hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.diagnostics import information
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.holdout import holdout
from curation_scaling.laws.law import Law
from curation_scaling.laws.registry import law_named

SCHEMA = {
    "law": pl.String,
    "rollout": pl.Float64,
    "largest": pl.Float64,
    "bias": pl.Float64,
    "best_baseline": pl.String,
    "baseline_rollout": pl.Float64,
    "aicc": pl.Float64,
    "bic": pl.Float64,
    "objective": pl.Float64,
    "chosen": pl.Boolean,
    "note": pl.String,
}


def compare(
    laws: Sequence[str | Law], runs: pl.DataFrame, *, loss: str = "log_huber", delta: float = 1e-3
) -> pl.DataFrame:
    """Return one row a law, best first; `chosen` marks the one with the smallest rollout score.

    rollout: root mean square of ln(predicted / error) over all cutoffs, each cutoff counting the same; largest: the
    same for the hold-out of the largest compute; bias: mean signed relative error there; best_baseline and
    baseline_rollout: the naive method with the smallest score on the same splits; aicc, bic and objective are of the
    fit to all runs. A law that cannot be fitted stands last with the reason in `note`.
    Raises InputError when no law can be fitted.
    """
    return rank([_judged(law_named(law) if isinstance(law, str) else law, runs, loss, delta) for law in laws])


def rank(judged: Sequence[tuple[str, Judged]]) -> pl.DataFrame:
    """Return the table of `compare` for laws by name, each with its fit and hold-out, or why it has none.

    Raises InputError when no law has any.
    """
    rows = [_row(name, found) for name, found in judged]
    rows.sort(key=lambda row: row[1])
    if not rows or not np.isfinite(rows[0][1]):
        raise InputError(f"none of the laws can be judged on these runs: {rows[0][-1] if rows else 'no law was given'}")
    marked = [(*row[:9], i == 0, row[9]) for i, row in enumerate(rows)]
    return pl.DataFrame(marked, schema=SCHEMA, orient="row")


# A law's fit to all runs and the table of its hold-out, or the reason that it has none.
Judged = tuple[Fit, pl.DataFrame] | str
_Row = tuple[str, float, float, float, str, float, float, float, float, str]


def _judged(law: Law, runs: pl.DataFrame, loss: str, delta: float) -> tuple[str, Judged]:
    try:
        table = holdout(law, runs, loss=loss, delta=delta)
        return law.name, (fit_law(law, runs, loss=loss, delta=delta, bootstrap=0), table)
    except InputError as error:
        return law.name, str(error)


def _row(name: str, found: Judged) -> _Row:
    if isinstance(found, str):
        return (name, np.inf, np.inf, np.nan, "", np.inf, np.inf, np.inf, np.inf, found)
    fit, table = found
    by_cutoff = (
        table.with_columns(cutoff=pl.col("compute") / pl.col("distance"))
        .group_by("method", "cutoff", "split", maintain_order=True)
        .agg(score=((pl.col("predicted") / pl.col("error")).log() ** 2).mean(), bias=pl.col("relative_error").mean())
    )
    scores = by_cutoff.group_by("method").agg(pl.col("score").mean().sqrt()).sort("score", "method")
    score = dict(scores.iter_rows())
    naive, naive_score = scores.filter(pl.col("method") != "law").row(0)
    largest = by_cutoff.filter((pl.col("method") == "law") & (pl.col("split") == "largest"))
    held, bias = (largest["score"][0] ** 0.5, largest["bias"][0]) if largest.height else (np.nan, np.nan)
    aicc, bic = information(fit)
    return (name, score["law"], held, bias, naive, naive_score, aicc, bic, fit.objective, "")
