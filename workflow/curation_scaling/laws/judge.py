"""How far the fits of a study can be trusted: hold-out errors, diagnostics, and which law extrapolates best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.compare import Judged, rank
from curation_scaling.laws.fit import Fit
from curation_scaling.laws.holdout import holdout
from curation_scaling.progress import progress
from curation_scaling.study import Study

_HELD_OUT = {
    "law": pl.String,
    "method": pl.String,
    "split": pl.String,
    "run_id": pl.String,
    "pool": pl.String,
    "samples_seen": pl.Int64,
    "distance": pl.Float64,
    "error": pl.Float64,
    "predicted": pl.Float64,
    "relative_error": pl.Float64,
}


def judge(fits: Sequence[Fit], loss: str) -> list[tuple[str, Judged]]:
    """Every law by name with its fit and hold-out, or the reason that there is nothing to hold out."""
    return [(fit.law.name, _judged(fit, loss)) for fit in progress(fits, "laws held out")]


def _judged(fit: Fit, loss: str) -> Judged:
    try:
        return fit, holdout(fit.law, fit.runs, loss=loss, fixed=fit.held, weights=fit.weights)
    except InputError as error:
        return str(error)


def hold_out(judged: Sequence[tuple[str, Judged]], fitted: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `laws/holdout`, and rows of `laws/diagnostics` for the laws that leave nothing to hold out."""
    held, refused = [pl.DataFrame(schema=_HELD_OUT)], []
    where = fitted.select("run_id", "samples_seen").with_row_index("row")
    for name, found in judged:
        if isinstance(found, str):
            refused.append((name, "hold-out", "", None, True, f"no hold-out: {found}"))
            continue
        held.append(found[1].join(where, on="row", how="left", maintain_order="left").select(list(_HELD_OUT)))
    schema = ["law", "name", "subject", "value", "flag", "message"]
    types = {"value": pl.Float64, "flag": pl.Boolean} | {
        name: pl.String for name in ("law", "name", "subject", "message")
    }
    return pl.concat(held), pl.DataFrame(refused, schema={name: types[name] for name in schema}, orient="row")


def diagnose(fits: Sequence[Fit]) -> pl.DataFrame:
    """Rows of `laws/diagnostics`; a value that is not finite is null."""
    rows = pl.concat(fit.diagnostics.with_columns(law=pl.lit(fit.law.name)) for fit in fits)
    finite = pl.when(pl.col("value").is_finite()).then("value")
    return rows.select("law", "name", "subject", finite.alias("value"), "flag", "message")


def compare_laws(study: Study, judged: Sequence[tuple[str, Judged]], gammas: Mapping[str, float]) -> pl.DataFrame:
    """Rows of `laws/comparison`: every law by its rollout on the runs that it was fitted to; gammas: law: fitted gamma.

    Raises:
        InputError: if no law can be judged, and the study leaves the choice to the rollout.
    """
    try:
        rows = rank(judged)
    except InputError as error:
        if study.laws.main == "auto":
            raise InputError(f"key laws.main: auto cannot choose ({error}); name one of laws.names") from None
        names = [name for name, _ in judged]
        rows = pl.DataFrame({"law": names, "note": [str(error)] * len(names)}).with_columns(
            chosen=pl.lit(False), best_baseline=pl.lit(""), **{name: pl.lit(None, pl.Float64) for name in _NUMBERS}
        )
    fitted = pl.Series([gammas[name] if study.laws.joint else None for name in rows["law"]], dtype=pl.Float64)
    finite = (pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in _NUMBERS)
    return rows.with_columns(finite, fitted_gamma=fitted)


_NUMBERS = ("rollout", "largest", "bias", "baseline_rollout", "aicc", "bic", "objective")


def with_main_law(study: Study, comparison: pl.DataFrame) -> Study:
    """The study with the law that `auto` stands for and the rule that was fitted, from `laws/comparison`."""
    main = comparison.filter("chosen")["law"].item() if study.laws.main == "auto" else study.laws.main
    update: dict[str, str | float] = {"main": main}
    if study.laws.joint:
        update["gamma"] = comparison.filter(law=main)["fitted_gamma"].item()
    return study.model_copy(update={"laws": study.laws.model_copy(update=update)})
