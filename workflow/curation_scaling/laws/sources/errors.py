"""How far predictions on mixtures of sources are from what was trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.laws.sources.forms import amplification
from curation_scaling.seeds import derive_seed
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.sources import SourceErrorCheck

POINTS = 100  # of accuracy or error, an error rate of 1


def error_rows(rerun: Rerun, predictions: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows of `sources/errors`: one a model, size and role, with bootstrap intervals over mixtures."""
    spec = rerun.sources
    assert spec is not None
    for (model, size, role), rows in predictions.group_by("model", "size", "role", maintain_order=True):
        gap = POINTS * (rows["predicted"] - rows["measured"]).to_numpy()
        rng = np.random.default_rng(derive_seed(rerun.seed, "source errors", str(size), str(role)))
        means = np.abs(gap)[rng.integers(len(gap), size=(spec.bootstrap, len(gap)))].mean(axis=1)
        lower, upper = np.quantile(means, [(1 - spec.level) / 2, (1 + spec.level) / 2])
        inside = rows["measured"].is_between(rows["lower"], rows["upper"])
        yield {
            "model": model,
            "size": size,
            "role": role,
            "mixtures": len(gap),
            "mean_absolute_error": float(np.abs(gap).mean()),
            "lower": float(lower),
            "upper": float(upper),
            "bias": float(gap.mean()),
            "covered": None if rows["lower"].null_count() else float(inside.mean()),  # type: ignore[arg-type]
            "amplification": 1.0 if role != "projected" else amplification(float(str(size)), *spec.sizes),
        }


def source_number(check: SourceErrorCheck, errors: pl.DataFrame) -> Number:
    """The number of a check, the mean over both disclosed sizes; raise InputError if the model was not fitted."""
    rows = errors.filter(model=check.model, role="held_out").sort("size")
    if rows.is_empty():
        raise InputError(f"model {check.model} was not fitted: it needs errors after several passes")
    refit = float(rows["mean_absolute_error"].mean())  # type: ignore[arg-type]
    return Number(check.quantity, check.published, refit, tolerance=check.tolerance)
