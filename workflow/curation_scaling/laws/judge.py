"""How far the fits of a study can be trusted: hold-out errors and diagnostics as rows of artifacts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curation_scaling.laws.fit import Fit


def hold_out(fits: Sequence[Fit], fitted: pl.DataFrame) -> pl.DataFrame:
    schema = {
        "law": pl.String,
        "split": pl.String,
        "pool": pl.String,
        "samples_seen": pl.Int64,
        "distance": pl.Float64,
        "error": pl.Float64,
        "predicted": pl.Float64,
        "relative_error": pl.Float64,
    }
    return pl.DataFrame(schema=schema)


def diagnose(fits: Sequence[Fit], selected: pl.DataFrame) -> pl.DataFrame:
    schema = {
        "law": pl.String,
        "name": pl.String,
        "subject": pl.String,
        "value": pl.Float64,
        "flag": pl.Boolean,
        "message": pl.String,
    }
    return pl.DataFrame(schema=schema)
