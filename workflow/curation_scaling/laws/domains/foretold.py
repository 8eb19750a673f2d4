"""Losses of both domains beside what the laws foretell of them, and what plain guesses do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws.domains.fractions import Domain

Array = npt.NDArray[np.float64]


def loss_rows(means: pl.DataFrame, fitted: Domain, without: Domain, apart: Sequence[float]) -> pl.DataFrame:
    """Rows of `laws/domain_losses` of one domain.

    means: domain, share (above 0), params, role, measured, se, draws. fitted: the fit to every share; without: that to
    the shares which are not held `apart`.
    """
    rows = means.filter(domain=fitted.name)
    share, params = rows["share"].to_numpy(), rows["params"].to_numpy()
    own = fitted.fit.predict(rows)
    estimate, draws = without.losses(share, params)
    lower, upper = interval(draws, fitted.fit.level)
    return rows.with_columns(
        own,
        apart=pl.col("share").is_in(list(apart)),
        approximated=pl.Series(estimate),
        approximated_lower=pl.Series(lower),
        approximated_upper=pl.Series(upper),
        last=_column([_last(rows, row) for row in rows.iter_rows(named=True)]),
        line=_column([_line(rows, row) for row in rows.iter_rows(named=True)]),
        between=_column([_between(rows, row, apart) for row in rows.iter_rows(named=True)]),
        fraction_here=_column(fractions_here(rows)),
    )


def interval(draws: Array, level: float) -> tuple[Array, Array]:
    """The percentile interval of replicates (draws, rows): single replicates at its ends, NaN where there are none."""
    if not len(draws):
        nothing = np.full(draws.shape[1], np.nan)
        return nothing, nothing
    ends = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(draws, ends, axis=0, method="closest_observation")
    return lower, upper


def fractions_here(rows: pl.DataFrame) -> list[float | None]:
    """The size with the same loss at share 1, by straight lines in logs, over the size itself; None beyond its curve.

    It takes no law: where it differs between the sizes of a share, one f(p) does not describe the domain.
    """
    alone = rows.filter(pl.col("share") == 1).group_by("params").agg(pl.mean("measured")).sort("params")
    sizes, losses = np.log(alone["params"].to_numpy()), np.log(alone["measured"].to_numpy())
    if not (np.diff(losses) < 0).all():
        return [None] * rows.height
    found = np.interp(-np.log(rows["measured"].to_numpy()), -losses, sizes, left=np.nan, right=np.nan)
    ratio = np.exp(found - np.log(rows["params"].to_numpy()))
    return [None if np.isnan(value) else float(value) for value in ratio]


def _last(rows: pl.DataFrame, row: dict[str, Any]) -> float | None:
    """The loss of the widest fitted size at the same share, for a held-out size."""
    before = _smaller(rows, row)
    return None if before.is_empty() else float(before["measured"][-1])


def _line(rows: pl.DataFrame, row: dict[str, Any]) -> float | None:
    """The straight line through the logs of the two widest fitted sizes at the same share, for a held-out size."""
    before = _smaller(rows, row)
    if before.height < 2:
        return None
    x, y = (np.log(before[name].to_numpy()[-2:]) for name in ("params", "measured"))
    return float(np.exp(y[1] + (y[1] - y[0]) / (x[1] - x[0]) * (np.log(row["params"]) - x[1])))


def _smaller(rows: pl.DataFrame, row: dict[str, Any]) -> pl.DataFrame:
    if row["role"] == "fitted":
        return rows.clear()
    return rows.filter(pl.col("params") < row["params"], share=row["share"], role="fitted").sort("params")


def _between(rows: pl.DataFrame, row: dict[str, Any], apart: Sequence[float]) -> float | None:
    """The straight line in the share between the neighbouring ones at the same size, for a share that is apart."""
    if row["share"] not in apart:
        return None
    others = rows.filter(~pl.col("share").is_in(list(apart)), params=row["params"], role=row["role"]).sort("share")
    x = others["share"].to_numpy()
    if not x.size or not x[0] < row["share"] < x[-1]:
        return None
    return float(np.interp(row["share"], x, others["measured"].to_numpy()))


def _column(values: Sequence[float | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64)
