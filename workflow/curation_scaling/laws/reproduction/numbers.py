"""The numbers of a rerun's checks: each published number beside the same number computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.fit import Array, Fit, fit_law
from curation_scaling.laws.law import Law
from curation_scaling.laws.regimes.simulate import exponent_number
from curation_scaling.laws.reproduction.combined import CombinedFit
from curation_scaling.laws.reproduction.domain_numbers import domain_numbers
from curation_scaling.laws.reproduction.fits import Fitted, Interval, PointFit, law_of
from curation_scaling.laws.reproduction.mixing import mixing_number
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.laws.reproduction.part_numbers import part_numbers
from curation_scaling.laws.reproduction.ranking_numbers import ranking_numbers
from curation_scaling.laws.reproduction.selectors import selector_number
from curation_scaling.laws.reproduction.theory_numbers import theory_numbers
from curation_scaling.laws.sources.errors import source_number
from curation_scaling.study.checks import (
    AnyCheck,
    BestShareCheck,
    ExtrapolationCheck,
    HeldOutErrorCheck,
    ObjectiveCheck,
    ParameterCheck,
    PredictionCheck,
    ProfileRangeCheck,
    RSquaredCheck,
)
from curation_scaling.study.diversity import DiversityChecks
from curation_scaling.study.domains import DomainChecks
from curation_scaling.study.mixing import MixtureRankingCheck
from curation_scaling.study.ranking_checks import RankingCheck
from curation_scaling.study.recipe import RecipeChecks
from curation_scaling.study.regimes import ExponentCheck
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.selectors import SelectionCostCheck, SelectionRatioCheck
from curation_scaling.study.sources import SourceErrorCheck
from curation_scaling.study.theory_checks import TheoryCheck

_BISECTIONS = 40


def numbers_of(
    rerun: Rerun, check: AnyCheck, fits: Mapping[str, Fitted], tables: Mapping[str, pl.DataFrame]
) -> Iterator[Number]:
    """Compute a check's numbers from the rerun's fits (by name), and from its `points`, `correlation`, `reliability`.

    Raises:
        InputError: if it names a parameter, run or group that is not there.
    """
    if isinstance(check, TheoryCheck):
        yield from theory_numbers(rerun.seed, check)
        return
    if isinstance(check, RankingCheck):
        yield from ranking_numbers(rerun.seed, check, tables)
        return
    if isinstance(check, RecipeChecks | DiversityChecks):
        yield from part_numbers(check, tables)
        return
    if isinstance(check, DomainChecks):
        yield from domain_numbers(check, tables)
        return
    match check:
        case MixtureRankingCheck():
            yield mixing_number(check, tables["mixing"])
        case SourceErrorCheck():
            yield source_number(check, tables["errors"])
        case ExponentCheck():
            assert rerun.teacher_student is not None
            yield exponent_number(check, tables["limits"], rerun.teacher_student.bootstrap, rerun.seed)
        case SelectionCostCheck() | SelectionRatioCheck():
            yield selector_number(check, tables)
        case ObjectiveCheck():
            fit = fits[check.fit].only.fit
            theta = with_values(fit, check.at)
            refit = objective(fit, theta) if check.at else fit.objective
            yield Number(check.quantity, check.published, refit, tolerance=check.tolerance)
        case RSquaredCheck():
            fit = fits[check.fit].only.fit
            law = fit.law if check.law is None else law_of(rerun, check.law)
            refit = r_squared(law, _carried(law, fit, with_values(fit, check.at)), fit.runs)
            yield Number(check.quantity, check.published, refit, tolerance=check.tolerance)
        case PredictionCheck():
            refit = _relative_error(fits[check.fit].only, check.run)
            yield Number(check.quantity, check.published, refit, tolerance=check.tolerance)
        case HeldOutErrorCheck():
            rows = fits[check.fit].only.predictions
            if rows.is_empty():
                raise InputError(f"fit {check.fit!r} has no held-out row: give its table `fitted`")
            gap = (pl.col("predicted") - pl.col("error")).abs()
            refit = float(rows.group_by("run_id").agg(gap.mean()).sort("run_id").to_series(1).mean())  # type: ignore[arg-type]
            yield Number(check.quantity, check.published, refit, tolerance=check.tolerance)
        case ParameterCheck():
            yield from _parameters(check, fits[check.fit].only)
        case ProfileRangeCheck():
            fit = fits[check.fit].only.fit
            lower, upper = profile_range(fit, check.parameter, check.within)
            quantity = f"{check.fit}: {check.parameter}, and its range within {check.within:.2%} of the least objective"
            yield Number(quantity, check.published, _value(fit, check.parameter), lower, upper)
        case ExtrapolationCheck():
            for name, published in check.published.items():
                refit = float(np.mean([_log_rmse(one) for one in _of_group(fits[name], check.group)]))
                quantity = f"{check.group}: rmse of the log error, mean over curves, {name}"
                yield Number(quantity, published, refit, tolerance=None if published is None else check.tolerance)
        case BestShareCheck():
            refit = _best_share(check, fits)
            quantity = f"{check.group}: share of curves that {check.fit} extrapolates best, at least"
            yield Number(quantity, check.published, refit, reaches=True)


def _value(fit: Fit, name: str) -> float:
    return float(fit.theta[_index(fit, name)])


def _index(fit: Fit, name: str) -> int:
    if name not in fit.law.names:
        raise InputError(f"parameter {name!r} is unknown: law {fit.law.name} has {listed(name, fit.law.names)}")
    return fit.law.names.index(name)


def with_values(fit: Fit, values: Mapping[str, float]) -> Array:
    """The fitted parameters (parameters,) with some replaced."""
    theta = fit.theta.copy()
    for name, value in values.items():
        theta[_index(fit, name)] = value
    return theta


def _carried(law: Law, fit: Fit, theta: Array) -> Array:
    """The parameters of another law, by their names in the fit."""
    missing = [name for name in law.names if name not in fit.law.names]
    if missing:
        raise InputError(f"law {law.name} has the parameter {missing[0]!r}, which the fit of {fit.law.name} lacks")
    return theta[[fit.law.names.index(name) for name in law.names]]


def objective(fit: Fit, theta: Array) -> float:
    """The summed loss of the fitted runs at the parameters `theta` (parameters,)."""
    loss, error = fit.problem.loss, fit.problem.error
    predicted = fit.law.predict(theta[None], fit.problem.design)[0]
    return float(loss.cost(loss.residual(predicted, error)).sum())


def r_squared(law: Law, theta: Array, runs: pl.DataFrame) -> float:
    """R^2 = 1 - sum (y - predicted)^2 / sum (y - mean)^2 on the raw error."""
    error = runs["error"].to_numpy()
    predicted = law.predict(theta[None], law.design(runs))[0]
    return float(1 - ((error - predicted) ** 2).sum() / ((error - error.mean()) ** 2).sum())


def _relative_error(one: PointFit, run: str) -> float:
    rows = one.predictions.filter(run_id=run)
    if rows.height != 1:
        raise InputError(f"run {run!r} has {rows.height} held-out rows, one is needed: name a held-out run")
    return float(abs(rows["predicted"][0] / rows["error"][0] - 1))


def _parameters(check: ParameterCheck, one: PointFit) -> Iterator[Number]:
    for name, published in check.published.items():
        refit = _value(one.fit, name)
        interval: Interval = one.intervals.get(name, (None, None))
        if check.tolerance is None and interval == (None, None):
            raise InputError(f"parameter {name!r} of fit {check.fit!r} has no interval: give the check a tolerance")
        yield Number(f"{check.fit}: {name}", published, refit, *interval, one.fit.level, check.tolerance)


def profile_range(fit: Fit, name: str, within: float) -> tuple[float, float]:
    """Where a parameter may lie while the best objective exceeds the fit's by a share of at most `within`.

    The other parameters are fitted anew at each value. Infinite on a side where the parameter's bound is reached.
    """
    specification = fit.law.parameters[_index(fit, name)]
    limit = fit.objective * (1 + within)

    def inside(z: float) -> bool:
        value = float(np.exp(z)) if specification.log else z
        fixed = {**fit.held, name: value}
        loss = fit.problem.loss
        return fit_law(fit.law, fit.runs, loss=loss.name, delta=loss.delta, fixed=fixed, bootstrap=0).objective <= limit

    bounds = np.array([specification.lower, specification.upper])
    centre, ends = _value(fit, name), bounds
    if specification.log:
        centre, ends = float(np.log(centre)), np.log(bounds)
    step = 0.1 if specification.log else 0.1 * max(abs(centre), 1e-3)
    edges = [_edge(inside, centre, sign * step, float(end)) for sign, end in zip((-1, 1), ends, strict=True)]
    lower, upper = (float(np.exp(z)) if specification.log and np.isfinite(z) else z for z in edges)
    return (0.0 if specification.log and np.isneginf(lower) else lower), upper


def _edge(inside: Callable[[float], bool], centre: float, step: float, end: float) -> float:
    """Walk from the centre in growing steps until outside, then bisect; infinite if `end` is still inside."""
    near, far = centre, centre + step
    while (far - end) * step < 0 and inside(far):
        near, step = far, 2 * step
        far = near + step
    if (far - end) * step >= 0:
        if inside(end):
            return float(np.copysign(np.inf, step))
        far = end
    for _ in range(_BISECTIONS):
        middle = 0.5 * (near + far)
        if inside(middle):
            near = middle
        else:
            far = middle
        if abs(far - near) <= 1e-4 * max(abs(near), 1e-3):
            break
    return near


def _of_group(fitted: Fitted, group: str) -> list[PointFit | CombinedFit]:
    found = [one for one in fitted.judged if one.group == group]
    if not found:
        known = ", ".join(sorted({one.group for one in fitted.judged}))
        raise InputError(f"group {group!r} is not in table {fitted.spec.table!r}: it has {known}")
    return found


def _log_rmse(one: PointFit | CombinedFit) -> float:
    rows = one.predictions
    if rows.is_empty():
        raise InputError(f"run {one.run_id!r} has no held-out row: mend the table's fitted")
    return float(rows.select(((pl.col("predicted") / pl.col("error")).log() ** 2).mean().sqrt()).item())


def _best_share(check: BestShareCheck, fits: Mapping[str, Fitted]) -> float:
    scores: dict[str, Any] = {
        name: {one.run_id: _log_rmse(one) for one in _of_group(fits[name], check.group)} for name in check.among
    }
    ours = {one.run_id: _log_rmse(one) for one in _of_group(fits[check.fit], check.group)}
    return float(np.mean([all(value <= other[run] for other in scores.values()) for run, value in ours.items()]))
