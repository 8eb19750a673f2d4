"""The fits of a rerun: one to all rows of a table, or one a run, and what they say of the rows held out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property

import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.compare import compare
from curation_scaling.laws.expression import ExpressionLaw
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.law import Law
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.reproduction.combined import CombinedFit, combine
from curation_scaling.laws.reproduction.made import FITTED, HELD_OUT
from curation_scaling.laws.rollout import compute_of
from curation_scaling.seeds import derive_seed
from curation_scaling.study.checks import RSquaredCheck
from curation_scaling.study.rerun import DESIGNED, NUMBERS, FitOf, Formula, Rerun

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class PointFit:
    """A law fitted to points: all of a table, or one run of it (`run_id` is empty for all)."""

    run_id: str
    group: str
    fit: Fit
    held_out: pl.DataFrame

    @cached_property
    def predictions(self) -> pl.DataFrame:
        """The held-out points with their distance (compute / largest fitted compute) and predicted error."""
        compute = compute_of(self.fit.law, self.held_out)
        reach = compute_of(self.fit.law, self.fit.runs).max()
        return self.held_out.with_columns(
            distance=pl.Series(compute / reach), predicted=self.fit.predict(self.held_out)["predicted"]
        )

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """The interval of each free parameter: of the bootstrap, else of the profile; none for a single run."""
        if self.run_id:
            return {}
        fit = self.fit
        rows = fit.interval(fit.level) if fit.theta_draws.shape[0] else fit.profile_intervals()
        free = set(fit.problem.chart.free)
        return {name: (lower, upper) for name, lower, upper in rows.iter_rows() if name in free}

    @property
    def method(self) -> str:
        """How the intervals were made."""
        if self.run_id:
            return "none"
        return self.fit.method if self.fit.theta_draws.shape[0] else "profile"


@dataclass(frozen=True)
class Fitted:
    """One entry of the rerun's `fits`: its points and its fits, one or one a run; or laws combined, one a run."""

    spec: FitOf
    fits: tuple[PointFit, ...]
    combined: tuple[CombinedFit, ...] = ()

    @property
    def judged(self) -> list[PointFit | CombinedFit]:
        """What predicts the rows held out."""
        return [*self.fits, *self.combined]

    @property
    def only(self) -> PointFit:
        """The fit to all rows."""
        (fit,) = self.fits
        return fit


def law_of(rerun: Rerun, name: str) -> Law:
    """A law of the study's own formulas, or one of the registry; raise InputError on an unknown name."""
    own = {formula.name: formula for formula in rerun.formulas}
    return _formula_law(own[name]) if name in own else law_named(name)


def laws_of(rerun: Rerun, spec: FitOf) -> list[Law]:
    """The laws of a fit, with their options set; raise InputError on an unknown law or option."""
    return [_with_options(law_of(rerun, name), spec.options) for name in spec.laws]


def _with_options(law: Law, options: Mapping[str, float | bool]) -> Law:
    known: list[str] = []
    if is_dataclass(law):
        known = [field.name for field in fields(law) if isinstance(field.default, bool | float | None)]
    if unknown := [name for name in options if name not in known]:
        raise InputError(f"law {law.name} has no option {unknown[0]!r}; it has {listed(unknown[0], known)}")
    return replace(law, **options) if options and is_dataclass(law) else law


def check_laws(rerun: Rerun) -> None:
    """Raise InputError, before anything is fitted, if a law is unknown or a fit fixes an unknown parameter."""
    for i, spec in enumerate(rerun.fits):
        try:
            plain = [law_of(rerun, name) for name in spec.laws]
        except InputError as error:
            raise InputError(f"key fits[{i}].laws: {error}") from None
        try:
            laws = [_with_options(law, spec.options) for law in plain]
        except InputError as error:
            raise InputError(f"key fits[{i}].options: {error}") from None
        for law in laws:
            if unknown := [name for name in spec.fixed if name not in law.names]:
                raise InputError(
                    f"key fits[{i}].fixed.{unknown[0]}: law {law.name} has no such parameter; it has "
                    f"{listed(unknown[0], law.names)}"
                )
    for i, check in enumerate(rerun.reproduction):
        if isinstance(check, RSquaredCheck) and check.law is not None:
            try:
                law_of(rerun, check.law)
            except InputError as error:
                raise InputError(f"key reproduction[{i}].law: {error}") from None


def _formula_law(formula: Formula) -> ExpressionLaw:
    specs = {p.name: p.model_dump(exclude={"name"}, exclude_none=True) for p in formula.parameters}
    return ExpressionLaw.from_config(formula.name, {"formula": formula.formula, "parameters": specs})


def fit_points(rerun: Rerun, spec: FitOf, points: pl.DataFrame) -> Fitted:
    """Fit the laws of `spec` to its table's points.

    Raises:
        InputError: if the points do not carry the law; the sentence names the fit.
    """
    rows = rows_of(spec, points)
    try:
        if spec.combine:
            return Fitted(spec, (), tuple(combine(laws_of(rerun, spec), rows, spec)))
        return Fitted(spec, tuple(_fits(rerun, spec, rows)))
    except InputError as error:
        raise InputError(f"fit {spec.name!r}: {error}") from None


def rows_of(spec: FitOf, points: pl.DataFrame) -> pl.DataFrame:
    """The points of a fit, with the columns of which its table knows something."""
    rows = points.filter(table=spec.table)
    rows = rows.with_columns(pool=pl.lit(spec.table))  # one quality, at whatever number of unique samples
    return rows.select(
        name for name in rows.columns if name not in (*NUMBERS, *DESIGNED) or rows[name].null_count() < rows.height
    )


def _fits(rerun: Rerun, spec: FitOf, rows: pl.DataFrame) -> Iterator[PointFit]:
    laws = laws_of(rerun, spec)
    seed = derive_seed(rerun.seed, "bootstrap", spec.name)
    parts = rows.partition_by("run_id", maintain_order=True) if spec.each_run else [rows]
    for part in parts:
        fitted = part.filter(role=FITTED)
        law = laws[0] if len(laws) == 1 else _chosen(laws, fitted, spec)
        fit = fit_law(
            law,
            fitted,
            loss=spec.loss,
            delta=spec.delta,
            fixed=spec.fixed,
            bootstrap=spec.bootstrap,
            level=spec.level,
            seed=seed,
        )
        run = part["run_id"][0] if spec.each_run else ""
        yield PointFit(run, part["group"][0] or "", fit, part.filter(role=HELD_OUT))


def _chosen(laws: list[Law], fitted: pl.DataFrame, spec: FitOf) -> Law:
    """The law that extrapolates best inside the fitted rows; the held-out ones are never seen."""
    best = compare(laws, fitted, loss=spec.loss, delta=spec.delta).filter("chosen")["law"].item()
    return next(law for law in laws if law.name == best)
