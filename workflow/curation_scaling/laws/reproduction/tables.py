"""The fits of a rerun as rows of `laws/fits`, `laws/holdout` and `laws/diagnostics`, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from curation_scaling.artifacts import DIAGNOSTICS, FITS, HOLDOUT
from curation_scaling.errors import InputError
from curation_scaling.laws.holdout import holdout
from curation_scaling.laws.reproduction.combined import CombinedFit, describe_weights, weight_rows
from curation_scaling.laws.reproduction.fits import Fitted, PointFit

_WEAK = "at a bound, at the estimate or in many replicates"
_POOL = "all"  # what stands for a pool where runs have no group
_DIAGNOSED = {"law": pl.String, "name": pl.String, "subject": pl.String} | {
    "value": pl.Float64,
    "flag": pl.Boolean,
    "message": pl.String,
}


def fit_rows(fitted: Fitted) -> pl.DataFrame:
    """Rows of `laws/fits`; of one fit a run the parameters are called `name[run]`, and the run stands as the pool.

    Laws combined give their weights instead.
    """
    if fitted.combined:
        return weight_rows(fitted.spec, list(fitted.combined)).select(column.name for column in FITS.columns)
    rows = pl.concat(_parameters(one) for one in fitted.fits)
    return rows.with_columns(law=pl.lit(fitted.spec.name)).select(column.name for column in FITS.columns)


def _parameters(one: PointFit) -> pl.DataFrame:
    fit = one.fit
    fixed = pl.col("method") == "fixed"
    bounds = [one.intervals.get(name, (None, None)) for name in fit.law.names]
    run = f"[{one.run_id}]" if one.run_id else ""
    return fit.parameters.with_columns(
        parameter=pl.col("parameter") + run,
        pool=pl.lit(one.run_id or None, pl.String),
        lower=pl.Series([lower for lower, _ in bounds], dtype=pl.Float64),
        upper=pl.Series([upper for _, upper in bounds], dtype=pl.Float64),
        level=pl.lit(fit.level),
        fixed=fixed,
        method=pl.when(pl.col("method").is_in(["none", fit.method])).then(pl.lit(one.method)).otherwise("method"),
        flags=pl.when(pl.Series(fit.weak) & ~fixed).then(pl.lit(_WEAK)).otherwise(pl.lit("")),
    )


def hold_out_rows(fitted: Fitted) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `laws/holdout`, and a row of `laws/diagnostics` where the fitted rows leave nothing to hold out.

    Split "declared" is the table's own; fits to all rows add a rollout inside the fitted rows with naive baselines.
    """
    parts = [_declared(one) for one in fitted.judged if not one.held_out.is_empty()]
    refused = []
    if not fitted.spec.each_run:
        try:
            parts.append(_rollout(fitted))
        except InputError as error:
            refused.append((fitted.spec.name, "hold-out", "", None, True, f"no hold-out: {error}"))
    rows = pl.concat([pl.DataFrame(schema=_HELD_OUT), *(part.select(list(_HELD_OUT)) for part in parts)])
    return (
        rows.with_columns(law=pl.lit(fitted.spec.name)),
        pl.DataFrame(refused, schema=_DIAGNOSED, orient="row"),
    )


_HELD_OUT = {column.name: pl.Series([], dtype=pl.Float64).dtype for column in HOLDOUT.columns} | {
    name: pl.String() for name in ("law", "method", "split", "run_id", "pool")
}
_HELD_OUT["samples_seen"] = pl.Int64()


def _declared(one: PointFit | CombinedFit) -> pl.DataFrame:
    return one.predictions.with_columns(
        law=pl.lit(""),
        method=pl.lit("law"),
        split=pl.lit("declared"),
        pool=pl.col("group").fill_null(_POOL),
        samples_seen=pl.col("samples_seen").round().cast(pl.Int64),
        relative_error=pl.col("predicted") / pl.col("error") - 1,
    )


def _rollout(fitted: Fitted) -> pl.DataFrame:
    spec, fit = fitted.spec, fitted.only.fit
    rows = holdout(fit.law, fit.runs, loss=spec.loss, delta=spec.delta, fixed=spec.fixed)
    where = fit.runs.select("run_id", "samples_seen", "group").with_row_index("row")
    return rows.join(where, on="row", how="left", maintain_order="left").with_columns(
        pool=pl.col("group").fill_null(_POOL), samples_seen=pl.col("samples_seen").round().cast(pl.Int64)
    )


def diagnostic_rows(fitted: Fitted) -> pl.DataFrame:
    """Rows of `laws/diagnostics`: every check of a fit to all rows, the flagged ones of one fit a run."""
    parts = [pl.DataFrame(schema=_DIAGNOSED)]
    for one in fitted.fits:
        rows = one.fit.diagnostics
        if one.run_id:
            rows = rows.filter("flag").with_columns(subject=pl.col("subject") + f"[{one.run_id}]")
        finite = pl.when(pl.col("value").is_finite()).then("value")
        rows = rows.with_columns(law=pl.lit(fitted.spec.name), value=finite)
        parts.append(rows.select(column.name for column in DIAGNOSTICS.columns))
    return pl.concat(parts)


def describe_fits(fits: Sequence[Fitted]) -> str:
    """The report of every fit to all rows, and of one fit a run which laws were used how often."""
    return "\n".join(_describe(fitted) for fitted in fits)


def _describe(fitted: Fitted) -> str:
    title = f"Fit {fitted.spec.name!r} to table {fitted.spec.table!r}"
    if not fitted.spec.each_run:
        return f"{title}\n{fitted.only.fit.report()}"
    if fitted.combined:
        return f"{title}: laws combined, {len(fitted.combined)} runs\n{describe_weights(list(fitted.combined))}\n"
    runs = f"{title}: one fit a run, {len(fitted.fits)} runs"
    return f"{runs}\n{_used(one.fit.law.name for one in fitted.fits)}\n"


def _used(names: Iterable[str]) -> str:
    counts = pl.Series("law", list(names)).value_counts(sort=True).sort("law")
    return "".join(f"  {law}: {count} runs\n" for law, count in counts.iter_rows())
