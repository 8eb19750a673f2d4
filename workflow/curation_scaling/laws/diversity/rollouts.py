"""Laws of groups and samples judged along three axes: the larger values of one predicted from the smaller ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.registry import law_named
from curation_scaling.study.diversity import AXES, Axis

_COLUMNS: dict[Axis, str] = {"samples": "unique_samples", "groups": "groups", "per_group": "per_group"}
LEAST = 3  # values of the axis that a law is fitted to


def rollouts(points: pl.DataFrame, laws: Sequence[str], floor: bool) -> pl.DataFrame:
    """Rows of `laws/diversity`: every law along every axis, an expanding window of the axis's values."""
    return pl.DataFrame([_row(points, law, axis, floor) for law in laws for axis in AXES], infer_schema_length=None)


def fit_groups(law: str, points: pl.DataFrame, floor: bool, **options: Any) -> Fit:
    """Fit a law to the mean of the log error, with its floor free or held at 0; raise InputError where it cannot be."""
    fixed = {} if floor or "d" not in law_named(law).names else {"d": 0.0}
    return fit_law(law, points, loss="log_mse", fixed=fixed, **options)


def _row(points: pl.DataFrame, law: str, axis: Axis, floor: bool) -> dict[str, Any]:
    scores, biases, count, note = [], [], 0, ""
    for train, test in _windows(points, _COLUMNS[axis]):
        try:
            predicted = fit_groups(law, train, floor, bootstrap=0).predict(test)["predicted"].to_numpy()
        except InputError as error:
            note = note or str(error)
            continue
        gap = np.log(predicted / test["error"].to_numpy())
        scores.append(float((gap**2).mean()))
        biases.append(float(gap.mean()))
        count += gap.size
    judged = bool(scores)
    return {
        "law": law,
        "axis": axis,
        "cutoffs": len(scores),
        "points": count,
        "rmse": float(np.sqrt(np.mean(scores))) if judged else None,
        "bias": float(np.mean(biases)) if judged else None,
        "note": "" if judged else note or f"fewer than {LEAST + 1} values of {_COLUMNS[axis]}",
    }


def _windows(points: pl.DataFrame, column: str) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    values = points[column].unique().sort().to_list()
    for cutoff in values[LEAST - 1 : -1]:
        yield points.filter(pl.col(column) <= cutoff), points.filter(pl.col(column) > cutoff)
