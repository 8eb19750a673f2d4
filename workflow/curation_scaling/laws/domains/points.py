"""The points of two domains: the last evaluation of each training on each domain, checked."""

from __future__ import annotations

import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.columns import table_rows
from curation_scaling.study.domains import Domains

_NEEDED = ("params", "share", "group")


def domain_points(points: pl.DataFrame, part: Domains) -> tuple[pl.DataFrame, list[str]]:
    """Rows of domain, share, params, role, draw, run_id, error, and the names of the domains, the first one first.

    Raises:
        InputError: if a column is missing, there are not two domains, or a share does not lie between 0 and 1.
    """
    rows = table_rows(points, part.table, _NEEDED, "domains.table")
    names = rows["group"].unique().sort().to_list()
    if part.first not in names:
        raise InputError(f"key domains.first: {part.first!r} is no domain; these are: {listed(part.first, names)}")
    if len(names) != 2:
        raise InputError(
            f"key domains.table: table {part.table!r} has {len(names)} domains ({', '.join(names)}), and two are "
            "mixed; name them in its column group"
        )
    outside = rows.filter((pl.col("share") < 0) | (pl.col("share") > 1))
    if outside.height:
        raise InputError(
            f"key domains.table: table {part.table!r}, run {outside['run_id'][0]} has share {outside['share'][0]:g} of "
            f"domain {outside['group'][0]}, and shares lie between 0 and 1; give shares of the samples seen"
        )
    rows = rows if "draw" in rows.columns else rows.with_columns(draw=pl.lit(0, pl.Int64))
    rows = rows.rename({"group": "domain"}).with_columns(pl.col("draw").fill_null(0))
    last = pl.col("samples_seen") == pl.col("samples_seen").max().over("run_id", "domain")
    kept = rows.filter(last).select("domain", "share", "params", "role", "draw", "run_id", "error")
    for i, share in enumerate(part.apart):
        if not kept["share"].is_in([share]).any():
            known = ", ".join(f"{s:g}" for s in kept["share"].unique().sort())
            raise InputError(f"key domains.apart[{i}]: no run has share {share:g}; the shares are {known}")
    return kept, [part.first, *(name for name in names if name != part.first)]


def mean_losses(rows: pl.DataFrame) -> pl.DataFrame:
    """The mean loss of each domain, share, size and role over draws: measured, se, draws."""
    by = ["domain", "share", "params", "role"]
    spread = pl.std("error") / pl.len().sqrt()
    return rows.group_by(by).agg(measured=pl.mean("error"), se=spread, draws=pl.len().cast(pl.Int64)).sort(by)
