"""Every model of the error on mixtures: fitted to the trainings at both disclosed sizes, and predicting any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.reproduction.mixing import predict as predict_mixing
from curation_scaling.laws.sources.forms import LINEAR_FORMS, LinearForm, Projection, fit_form, log_map
from curation_scaling.laws.sources.rational import fit_rational, predict_rational
from curation_scaling.laws.sources.trainings import Trainings, size_of
from curation_scaling.seeds import derive_seed
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.sources import Model, Sources

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """Errors (rows,), and the ends of intervals of one new training where the model knows its noise."""

    error: Array
    lower: Array | None = None
    upper: Array | None = None


class Fitted(Protocol):
    """A model after its fit."""

    def predict(self, rows: Trainings) -> Predicted:
        """Predict the trainings, whose errors are not looked at."""
        ...


@dataclass(frozen=True)
class LinearFit:
    """A form that is linear in its coefficients, fitted at each disclosed size, on the line in ln N between them."""

    projection: Projection
    level: float

    def predict(self, rows: Trainings) -> Predicted:
        """Predict with intervals; at a disclosed size that size's own fit."""
        mean, variance = self.projection.predict(rows.weights, rows.distances, rows.size)
        return Predicted(mean, *self.projection.interval(mean, variance, self.level))


@dataclass(frozen=True)
class RationalFit:
    """The rational form at each disclosed size, and the same line."""

    coefficients: tuple[Array, Array]
    sizes: tuple[int, int]

    def predict(self, rows: Trainings) -> Predicted:
        """Predict without intervals."""
        parts = [predict_rational(c, rows.weights) for c in self.coefficients]
        return Predicted(_on_line(rows.size, self.sizes, parts))


@dataclass(frozen=True)
class MixingLawFit:
    """The exponential mixing law of Ye et al. 2024 at each disclosed size, and the same line."""

    trainings: tuple[Trainings, Trainings]
    names: tuple[str, ...]

    def predict(self, rows: Trainings) -> Predicted:
        """Predict without intervals; the fit is made here, as it is one call."""
        others = pl.DataFrame(rows.weights, schema=list(self.names))
        parts = [
            predict_mixing("mixing_law", pl.DataFrame(t.weights, schema=list(self.names)), t.error, others)
            for t in self.trainings
        ]
        return Predicted(_on_line(rows.size, (self.trainings[0].size, self.trainings[1].size), parts))


@dataclass(frozen=True)
class RepetitionFit:
    """A repetition law of the single sources, fitted to the learning curves of all mixtures at both sizes."""

    fit: Fit
    ends: pl.DataFrame

    def predict(self, rows: Trainings) -> Predicted:
        """Predict the end of each run from the sizes of its pools and its passes; the size needs no line in ln N."""
        ends = self.ends.filter(pl.col("pool").is_in(rows.names)).unique("pool", keep="first").sort("pool")
        found = dict(zip(ends["pool"], self.fit.predict(ends)["predicted"].to_numpy(), strict=True))
        return Predicted(np.array([found[name] for name in rows.names]))


def fit_linear(spec: Sources, form: LinearForm, fitted: tuple[Trainings, Trainings]) -> LinearFit:
    """Fit a form at both sizes; raise InputError where the trainings do not suffice."""
    small, large = (fit_form(form, t.weights, t.distances[i], t.error) for i, t in enumerate(fitted))
    return LinearFit(Projection(small, large, (fitted[0].size, fitted[1].size)), spec.level)


def fit_models(rerun: Rerun, fitted: tuple[Trainings, Trainings], runs: pl.DataFrame) -> dict[Model, Fitted]:
    """Fit the models to the trainings at both disclosed sizes; `runs` hold the learning curves of all sizes, or none.

    What the trainings do not suffice for is left out, unless it is the form that chooses: a model with more
    coefficients than trainings, and the repetition law without errors after several passes.

    Raises:
        InputError: if the trainings do not suffice for the form that chooses.
    """
    spec = rerun.sources
    assert spec is not None
    means = fitted[0].means(), fitted[1].means()
    seed = derive_seed(rerun.seed, "rational")
    models: dict[Model, Fitted] = {}
    for form, found in fit_forms(spec, fitted).items():
        models[form] = found
    if min(len(t.names) for t in means) >= len(spec.names) ** 2:
        rational = [fit_rational(t.weights, t.error, seed) for t in means]
        models["rational"] = RationalFit((rational[0], rational[1]), (means[0].size, means[1].size))
    if min(len(t.names) for t in means) > len(spec.names) + 1:
        models["mixing_law"] = MixingLawFit(means, tuple(spec.names))
    if not runs.is_empty() and runs.select(pl.col("samples_seen").n_unique().over("run_id").min()).item() > 2:
        curves = _mean_curves(runs).filter(pl.col("pool").is_in([*means[0].names, *means[1].names]))
        fit = fit_law(spec.repetition, curves, loss="log_mse", bootstrap=0, fixed={"gamma": None})
        models["repetition"] = RepetitionFit(fit, _ends(runs))
    return models


def fit_forms(spec: Sources, fitted: tuple[Trainings, Trainings]) -> dict[LinearForm, LinearFit]:
    """Fit the forms that are linear in their coefficients and that the trainings suffice for.

    Raises:
        InputError: if they do not suffice for the form that chooses.
    """
    found: dict[LinearForm, LinearFit] = {}
    for form in LINEAR_FORMS:
        try:
            found[form] = fit_linear(spec, form, fitted)
        except InputError:
            if form == spec.choose.form:
                raise
    return found


def _on_line(size: int, sizes: tuple[int, int], parts: list[Array]) -> Array:
    small, large = log_map(size, *sizes)
    return np.asarray(small * parts[0] + large * parts[1])


def _mean_curves(runs: pl.DataFrame) -> pl.DataFrame:
    """The mean learning curve of every mixture, over its trainings."""
    rows = runs.group_by("pool", "samples_seen", maintain_order=True).agg(
        pl.col("weights").first(), pl.col("unique_samples").first(), pl.col("error").mean()
    )
    return rows.sort(size_of("pool"), "pool", "samples_seen").with_columns(run_id=pl.col("pool"), draw=pl.lit(0))


def _ends(runs: pl.DataFrame) -> pl.DataFrame:
    curves = _mean_curves(runs)
    return curves.filter(pl.col("samples_seen") == pl.col("samples_seen").max().over("pool"))
