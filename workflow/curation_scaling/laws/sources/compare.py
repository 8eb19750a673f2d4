"""The stage that fits every model to the trainings that are not held out, and judges it on the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.artifacts_sources import COEFFICIENTS, SOURCE_ERRORS, SOURCE_PREDICTIONS
from curation_scaling.errors import InputError
from curation_scaling.laws.sources.errors import error_rows
from curation_scaling.laws.sources.forms import coefficient_names
from curation_scaling.laws.sources.models import Fitted, fit_forms, fit_models
from curation_scaling.laws.sources.trainings import Trainings, read_runs, read_trainings
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import laws_keys
from curation_scaling.study.sources import Model


def compare_models(rerun: Rerun, layout: Layout) -> None:
    """Write `sources/coefficients`, `sources/predictions` and `sources/errors`.

    Raises:
        InputError: if the trainings do not suffice for a model, or none is held out.
    """
    spec = rerun.sources
    assert spec is not None
    trainings = read_trainings(rerun, layout)
    first, second, *_ = trainings
    for one in (first, second):
        if not one.held_out.any():
            raise InputError(f"key sources.held_out: no training on {one.size} samples is held out; lower at_least")
    runs = read_runs(rerun, layout)
    kept = first.where(~first.held_out), second.where(~second.held_out)
    models = fit_models(rerun, kept, runs)
    rows = pl.DataFrame(
        [row for name, model in models.items() for one in trainings for row in _predicted(rerun, name, model, one)],
        schema=SOURCE_PREDICTIONS.empty.schema,
        orient="row",
    )
    coefficients = [
        (form, fitted_to, size, name, float(estimate), float(np.sqrt(variance)))
        for fitted_to, some in (("not_held_out", kept), ("all", (first, second)))
        for form, found in fit_forms(spec, some).items()
        for size, fit in zip(spec.sizes, (found.projection.small, found.projection.large), strict=True)
        for name, estimate, variance in zip(
            coefficient_names(form, spec.names), fit.coefficients, np.diag(fit.covariance), strict=True
        )
    ]
    paths = [layout.source_runs(*job) for job in spec.jobs] or [layout.source_runs("imported", 0)]
    inputs = inputs_digest(laws_keys(rerun), layout.source("distances"), *paths)
    for schema, frame in (
        (COEFFICIENTS, pl.DataFrame(coefficients, schema=[c.name for c in COEFFICIENTS.columns], orient="row")),
        (SOURCE_PREDICTIONS, rows),
        (SOURCE_ERRORS, pl.DataFrame(list(error_rows(rerun, rows)), schema=SOURCE_ERRORS.empty.schema)),
    ):
        write(layout.source(schema.name.removeprefix("sources/")), schema, frame, study=rerun.study, inputs=inputs)


def _predicted(rerun: Rerun, name: Model, model: Fitted, trainings: Trainings) -> Iterator[tuple[Any, ...]]:
    spec = rerun.sources
    assert spec is not None
    means = trainings.means()
    found = model.predict(means)
    disclosed = means.size in spec.sizes
    for i, mixture in enumerate(means.names):
        role = ("held_out" if means.held_out[i] else "fitted") if disclosed else "projected"
        weights = [{"source": s, "weight": float(w)} for s, w in zip(spec.names, means.weights[i], strict=True)]
        ends = (None if side is None else float(side[i]) for side in (found.lower, found.upper))
        count = trainings.names.count(mixture)
        yield (
            name, mixture, means.size, weights, role, float(found.error[i]), *ends, float(means.error[i]), count,
            bool(means.held_out[i]),
        )  # fmt: skip
