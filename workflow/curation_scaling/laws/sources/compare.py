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
from curation_scaling.laws.sources.trainings import Trainings, read_runs, read_trainings, run_paths
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, write
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import laws_keys
from curation_scaling.study.sources import Model

FOLDS = 5


def compare_models(rerun: Rerun, layout: Layout) -> None:
    """Write `sources/coefficients`, `sources/predictions` and `sources/errors`.

    Raises:
        InputError: if the trainings do not suffice for a model, or none is held out.
    """
    spec = rerun.sources
    assert spec is not None
    trainings = read_trainings(rerun, layout)
    first, second, *larger = trainings
    for one in (first, second):
        if not one.held_out.any():
            raise InputError(f"key sources.held_out: no training on {one.size} samples is held out; lower at_least")
    runs = read_runs(rerun, layout)
    kept = first.where(~first.held_out), second.where(~second.held_out)
    judged: list[tuple[dict[Model, Fitted], list[Trainings]]] = [(fit_models(rerun, kept, runs), [first, second])]
    if larger:  # what a choice is made with: all that is disclosed
        judged.append((fit_models(rerun, (first, second), runs), larger))
    predicted = [
        row
        for models, some in judged
        for name, model in models.items()
        for one in some
        for row in _predicted(rerun, name, model, one)
    ]
    predicted += _interpolated(rerun, (first, second), runs)
    rows = pl.DataFrame(predicted, schema=SOURCE_PREDICTIONS.empty.schema, orient="row")
    coefficients = [
        (form, fitted_to, size, name, float(estimate), float(np.sqrt(variance)))
        for fitted_to, some in (("not_held_out", kept), ("all", (first, second)))
        for form, found in fit_forms(spec, some).items()
        for size, fit in zip(spec.sizes, (found.projection.small, found.projection.large), strict=True)
        for name, estimate, variance in zip(
            coefficient_names(form, spec.names), fit.coefficients, np.diag(fit.covariance), strict=True
        )
    ]
    inputs = inputs_digest(laws_keys(rerun), layout.source("distances"), *run_paths(rerun, layout))
    for schema, frame in (
        (COEFFICIENTS, pl.DataFrame(coefficients, schema=[c.name for c in COEFFICIENTS.columns], orient="row")),
        (SOURCE_PREDICTIONS, rows),
        (SOURCE_ERRORS, pl.DataFrame(list(error_rows(rerun, rows)), schema=SOURCE_ERRORS.empty.schema)),
    ):
        write(layout.artifact(schema.name), schema, frame, study=rerun.study, inputs=inputs)


def _interpolated(rerun: Rerun, disclosed: tuple[Trainings, Trainings], runs: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Every mixture at a disclosed size predicted in its turn, by models fitted to the other folds of all mixtures.

    The folds cut across the grid, so that almost every mixture lies between others that are fitted. Without the
    repetition law, whose fit takes as long as all others together; none where four fifths are too few for the form
    that chooses.
    """
    names = sorted({name.rpartition("-n")[0] for one in disclosed for name in one.names})
    fold = {name: i % FOLDS for i, name in enumerate(names)}
    rows: list[tuple[Any, ...]] = []
    for k in range(FOLDS):
        out = [np.array([fold[n.rpartition("-n")[0]] == k for n in one.names]) for one in disclosed]
        if not all(part.any() for part in out):
            continue
        left = disclosed[0].where(~out[0]), disclosed[1].where(~out[1])
        try:
            models = fit_models(rerun, left, runs.clear())
        except InputError:
            return []
        for name, model in models.items():
            for one, part in zip(disclosed, out, strict=True):
                rows += _predicted(rerun, name, model, one.where(part), "interpolated")
    return rows


def _predicted(
    rerun: Rerun, name: Model, model: Fitted, trainings: Trainings, as_role: str | None = None
) -> Iterator[tuple[Any, ...]]:
    spec = rerun.sources
    assert spec is not None
    means = trainings.means()
    found = model.predict(means)
    disclosed = means.size in spec.sizes
    for i, mixture in enumerate(means.names):
        role = as_role or (("held_out" if means.held_out[i] else "fitted") if disclosed else "projected")
        weights = [{"source": s, "weight": float(w)} for s, w in zip(spec.names, means.weights[i], strict=True)]
        ends = (None if side is None else float(side[i]) for side in (found.lower, found.upper))
        count = trainings.names.count(mixture)
        yield (
            name, mixture, means.size, weights, role, float(found.error[i]), *ends, float(means.error[i]), count,
            bool(means.held_out[i]),
        )  # fmt: skip
