"""Fitting a law to runs: the public entry, and the fit that it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.bootstrap import plan, precision_of, refit, standardised, weights_of
from curation_scaling.laws.chart import Chart
from curation_scaling.laws.columns import column
from curation_scaling.laws.describe import describe
from curation_scaling.laws.diagnostics import diagnose
from curation_scaling.laws.law import Law
from curation_scaling.laws.losses import loss_named
from curation_scaling.laws.pooling import PartialPooling
from curation_scaling.laws.profile import Profile, profile
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.rollout import rollout
from curation_scaling.laws.solver import Problem
from curation_scaling.laws.starts import SAME_BASIN, Starts, leverages, polish, variance_inflation

Array = npt.NDArray[np.float64]

MOST_INFLATION = 1e4  # of a parameter's variance by the others: its standard error is 100 times what it could be
WEAK_SHARE = 0.002  # of the draws at a bound: beyond it the bound has shaped the interval
DRAWS_AT_ONCE = 1 << 23  # predictions held at once while the draws are walked through


def fit_law(
    law: str | Law,
    runs: pl.DataFrame,
    *,
    loss: str = "log_huber",
    delta: float = 1e-3,
    weights: Mapping[str, str] | None = None,
    cluster: str = "draw",
    bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    fixed: Mapping[str, float | str | None] | None = None,
    pooling: PartialPooling | None = None,
) -> "Fit":
    """Fit `law` to `runs` by minimising the summed loss, and bootstrap it.

    law: a name in LAWS, or a Law with its options set. runs: one row an evaluation, with the law's columns and `error`.
    loss: log_huber, log_mse, mse, lad or binomial; delta: width of the Huber loss in log units. weights:
    {"sd": column}, {"noise": column} or {"count": column} (see `bootstrap.weights_of`). cluster: the column of the
    independent units; "draw" falls back to runs, then to residual blocks (see `bootstrap.plan`); the method stands in
    `Fit.parameters`. bootstrap: replicates, 0 for none.
    fixed: parameter -> constant, or the name of the parameter it is tied to, or None to free a default constant.
    pooling: a prior that draws the parameters of ordered pools together; the objective then includes it.

    Raises InputError on bad columns, too few distinct rows, an unknown law, loss or parameter, or bad constants.
    """
    law = law_named(law) if isinstance(law, str) else law
    _check(runs, level, bootstrap, seed)
    error = column(runs, "error")
    law = law.bind(runs)
    design = law.design(runs)
    chosen = {**law.defaults, **(fixed or {})}
    held: dict[str, float | str] = {name: value for name, value in chosen.items() if value is not None}
    chart = Chart(law.parameters, held, law.centres(design))
    measure = loss_named(loss, delta, error)
    problem = Problem(law, design, chart, measure, error, weights_of(weights, runs, error, measure))
    constants = {name: value for name, value in held.items() if not isinstance(value, str)}
    starts = polish(problem, law.seeds(design, error, constants), runs)
    if pooling is not None:
        variance = 2 * float(starts.objectives[0]) / max(error.size - len(chart.free), 1)
        problem = replace(problem, penalty=pooling.penalty(chart, starts.solutions[0], variance))
        starts = polish(problem, chart.theta(starts.solutions), runs)
    estimate = starts.solutions[0]

    theta = chart.theta(estimate[None])[0]
    predicted = law.predict(theta[None], design)[0]
    leverage = leverages(problem, estimate)
    precision = precision_of(weights, problem.weight, measure)
    draws, method, switched = np.empty((0, len(chart.free))), "none", 0.0
    if bootstrap and not chart.free:
        draws, method = np.empty((bootstrap, 0)), "fixed"
    elif bootstrap:
        rng = np.random.Generator(np.random.PCG64(seed))
        made = plan(runs, problem, predicted, leverage, cluster, bootstrap, rng, precision)
        others = np.unique(starts.solutions[starts.objectives > starts.objectives[0] * (1 + SAME_BASIN)][:2], axis=0)
        draws, switched = refit(problem, made, estimate, others)
        method = made.method
    residual = -measure.residual(predicted, error)
    return Fit(
        law=law,
        runs=runs,
        problem=problem,
        theta=theta,
        theta_draws=chart.theta(draws),
        objective=float(starts.objectives[0]),
        level=level,
        seed=seed,
        method=method,
        at_bound=chart.at_bound(estimate[None])[0],
        noise=standardised(residual * precision, leverage, len(chart.free)),
        leverage=leverage,
        starts=starts,
        switched=switched,
        cluster=cluster,
        held=held,
        weights=weights,
        pooling=pooling,
    )


@dataclass(frozen=True)
class Fit:
    """A fitted law: estimate, bootstrap draws, and what they predict."""

    law: Law
    runs: pl.DataFrame
    problem: Problem
    theta: Array
    theta_draws: Array
    objective: float
    level: float
    seed: int
    method: str
    at_bound: npt.NDArray[np.bool_]
    noise: Array
    leverage: Array
    starts: Starts
    switched: float
    cluster: str
    held: Mapping[str, float | str]
    weights: Mapping[str, str] | None
    pooling: PartialPooling | None

    @property
    def parameters(self) -> pl.DataFrame:
        """Parameters with their percentile interval: parameter, estimate, lower, upper, unit, at_bound, method."""
        bounds = self.interval(self.level)
        return bounds.with_columns(
            estimate=pl.Series(self.theta),
            unit=pl.Series([parameter.unit for parameter in self.law.parameters]),
            at_bound=pl.Series(self.at_bound),
            method=pl.Series([self._method_of(i) for i in range(self.theta.size)]),
        ).select("parameter", "estimate", "lower", "upper", "unit", "at_bound", "method")

    def _method_of(self, index: int) -> str:
        chart = self.problem.chart
        if not np.isnan(chart.constant[index]):
            return "fixed"
        name = self.law.names[index]
        return self.method if name in chart.free else f"tied to {chart.free[chart.owner[index]]}"

    def interval(self, level: float) -> pl.DataFrame:
        """Return percentile intervals of the parameters: parameter, lower, upper; null without bootstrap draws."""
        lower, upper = _quantiles(self.theta_draws, level)
        return pl.DataFrame({"parameter": list(self.law.names), "lower": lower, "upper": upper}, nan_to_null=True)

    @property
    def draws(self) -> pl.DataFrame:
        """Bootstrap draws, one row a replicate, one column a parameter; joint across pools."""
        return pl.DataFrame({name: self.theta_draws[:, i] for i, name in enumerate(self.law.names)})

    @property
    def weak(self) -> npt.NDArray[np.bool_]:
        """Return which parameters (parameters,) have an interval that cannot be trusted alone.

        They are near a bound, or the others can make up for them: a variance inflation above MOST_INFLATION.
        """
        chart = self.problem.chart
        entangled = variance_inflation(self.problem, self.starts.solutions[0]) > MOST_INFLATION
        moving = chart.owner >= 0
        weak = self.near_bound.copy()
        weak[moving] |= entangled[chart.owner[moving]]
        return weak

    @property
    def near_bound(self) -> npt.NDArray[np.bool_]:
        """Return which parameters (parameters,) are at a bound, or are so in more than WEAK_SHARE of the draws."""
        if not self.theta_draws.shape[0]:
            return self.at_bound
        chart = self.problem.chart
        return np.asarray(
            self.at_bound | (chart.at_bound(chart.coordinates(self.theta_draws)).mean(axis=0) > WEAK_SHARE)
        )

    @property
    def outside(self) -> npt.NDArray[np.bool_]:
        """Return which parameters (parameters,) lie outside their own percentile interval, away from any bound."""
        lower, upper = _quantiles(self.theta_draws, self.level)
        room = 1e-9 * np.abs(self.theta)  # without noise all replicates are the fit
        return np.asarray(((self.theta < lower - room) | (self.theta > upper + room)) & ~self.near_bound)

    def profile(self, name: str, level: float | None = None) -> Profile:
        """Return the profile of a parameter: the best objective with it held at each of many values."""
        return profile(self, name, level or self.level)

    def profile_intervals(self, level: float | None = None) -> pl.DataFrame:
        """Return the profile interval of every free parameter: parameter, lower, upper; infinite where it is open."""
        found = [self.profile(name, level) for name in self.problem.chart.free]
        rows = [(profile.name, profile.lower, profile.upper) for profile in found]
        return pl.DataFrame(
            rows, schema={"parameter": pl.String, "lower": pl.Float64, "upper": pl.Float64}, orient="row"
        )

    @property
    def diagnostics(self) -> pl.DataFrame:
        """Whether the fit can be trusted: name, subject, value, flag, message; one row a check and its subject."""
        return diagnose(self)

    @cached_property
    def held_out(self) -> pl.DataFrame:
        """The law judged on this fit's runs, with its options: fitted to the smaller compute, asked for the larger.

        The table of `holdout`: the largest compute held out and the rollout, beside naive baselines; raises InputError
        when too few runs are left to fit.
        """
        loss = self.problem.loss
        fixed = {name: self.held.get(name) for name in {**self.law.defaults, **self.held}}

        def fit_to(part: pl.DataFrame) -> Fit:
            return fit_law(
                self.law,
                part,
                loss=loss.name,
                delta=loss.delta,
                weights=self.weights,
                bootstrap=0,
                fixed=fixed,
                pooling=self.pooling,
            )

        return rollout(self.law, self.runs, fit_to)

    def report(self) -> str:
        """Return the fit in words: law, parameters with intervals, extrapolation, and what is doubtful."""
        return describe(self)

    def predict(
        self,
        frame: pl.DataFrame,
        kind: Literal["mean", "run"] = "mean",
        *,
        level: float | None = None,
        fixed: Mapping[str, float] | None = None,
    ) -> pl.DataFrame:
        """Return predicted, lower, upper for each row of `frame`, in units of the error.

        kind "mean": interval of the expected error; "run": of the error that one new run would measure.
        fixed: constants that replace fitted ones, for instance {"gamma": 1.0}.
        """
        design = self.law.design(frame)
        lower, upper = _quantiles(self.predict_draws(design, kind, fixed=fixed), level or self.level)
        predicted = self.law.predict(self._with(self.theta[None], fixed), design)[0]
        return pl.DataFrame({"predicted": predicted, "lower": lower, "upper": upper}, nan_to_null=True)

    def predict_draws(
        self, frame: Any, kind: Literal["mean", "run"] = "mean", *, fixed: Mapping[str, float] | None = None
    ) -> Array:
        """Return the draws' predictions, shape (draws, rows); all rows share the draws, so differences are right.

        frame: a polars frame, or a design that `law.design` or `law.curves` made.
        """
        design = self.law.design(frame) if isinstance(frame, pl.DataFrame) else frame
        theta = self._with(self.theta_draws, fixed)
        rows = self.law.predict(self.theta[None], design).shape[1]
        result = np.empty((theta.shape[0], rows))
        step = max(1, DRAWS_AT_ONCE // max(1, rows))
        for first in range(0, theta.shape[0], step):
            result[first : first + step] = self.law.predict(theta[first : first + step], design)
        if kind == "run" and result.size:
            rng = np.random.Generator(np.random.PCG64([self.seed, 1]))
            result = self.problem.loss.perturbed(result, rng.choice(self.noise, size=result.shape))
        return result

    def _with(self, theta: Array, fixed: Mapping[str, float] | None) -> Array:
        if not fixed:
            return theta
        theta = theta.copy()
        for name, value in fixed.items():
            if name not in self.law.names:
                raise InputError(f"fixed parameter {name!r} is unknown: the law has {listed(name, self.law.names)}")
            theta[:, self.law.names.index(name)] = value
        return theta


def _check(runs: pl.DataFrame, level: float, bootstrap: int, seed: int) -> None:
    if runs.height == 0:
        raise InputError("the runs are empty: a law needs runs to fit")
    if not 0 < level < 1:
        raise InputError(f"level is {level}, but must lie between 0 and 1, such as 0.95")
    if bootstrap < 0:
        raise InputError(f"bootstrap is {bootstrap}, but the number of replicates cannot be negative")
    if seed < 0:
        raise InputError(f"seed is {seed}, but must be a whole number from 0 on")
    if "metric" in runs.columns and runs["metric"].n_unique() > 1:
        found = ", ".join(sorted(str(name) for name in runs["metric"].unique()))
        raise InputError(f"column 'metric' mixes {found}: a law speaks of one metric, so filter the runs first")


def _quantiles(draws: Array, level: float) -> tuple[Array, Array]:
    if not draws.shape[0]:
        return np.full(draws.shape[1], np.nan), np.full(draws.shape[1], np.nan)
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper
