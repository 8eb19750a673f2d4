"""Fitting a law to runs: the public entry, and the fit that it returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.bootstrap import plan, refit, standardised, weights_of
from curation_scaling.laws.chart import Chart
from curation_scaling.laws.columns import column
from curation_scaling.laws.law import Law
from curation_scaling.laws.losses import loss_named
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.solver import Problem, minimise

Array = npt.NDArray[np.float64]

STARTS = 16  # points of the grid that are polished
SAME_BASIN = 1e-6  # relative difference of objectives below which two starts reached the same basin
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
) -> "Fit":
    """Fit `law` to `runs` by minimising the summed loss, and bootstrap it.

    law: a name in LAWS, or a Law with its options set. runs: one row an evaluation, with the law's columns and `error`.
    loss: log_huber, log_mse, mse or lad; delta: width of the Huber loss in log units. weights: {"sd": column} or
    {"count": column}. cluster: the column of the independent units; "draw" falls back to runs, then to residual
    blocks (see `bootstrap.plan`); the method stands in `Fit.parameters`. bootstrap: replicates, 0 for none.
    fixed: parameter -> constant, or the name of the parameter it is tied to, or None to free a default constant.

    Raises InputError on bad columns, too few distinct rows, an unknown law, loss or parameter, or bad constants.
    """
    law = law_named(law) if isinstance(law, str) else law
    _check(runs, level, bootstrap)
    error = column(runs, "error")
    law = law.bind(runs)
    design = law.design(runs)
    chosen = {**law.defaults, **(fixed or {})}
    held: dict[str, float | str] = {name: value for name, value in chosen.items() if value is not None}
    chart = Chart(law.parameters, held, law.centres(design))
    measure = loss_named(loss, delta, error)
    problem = Problem(law, design, chart, measure, error, weights_of(weights, runs, error, measure))
    constants = {name: value for name, value in held.items() if not isinstance(value, str)}
    solutions, objectives, estimate = _solve(problem, law.seeds(design, error, constants), runs)

    theta = chart.theta(estimate[None])[0]
    predicted = law.predict(theta[None], design)[0]
    leverage = _leverage(problem, estimate)
    draws, method, switched = np.empty((0, len(chart.free))), "none", 0.0
    if bootstrap:
        rng = np.random.Generator(np.random.PCG64(seed))
        made = plan(runs, problem, predicted, leverage, cluster, bootstrap, rng)
        others = np.unique(solutions[objectives > objectives[0] * (1 + SAME_BASIN)][:2], axis=0)
        draws, switched = refit(problem, made, estimate, others)
        method = made.method
    residual = -measure.residual(predicted, error)
    return Fit(
        law=law,
        runs=runs,
        problem=problem,
        theta=theta,
        theta_draws=chart.theta(draws),
        objective=float(objectives[0]),
        level=level,
        seed=seed,
        method=method,
        at_bound=chart.at_bound(estimate[None])[0],
        noise=standardised(residual, leverage, len(chart.free)),
        leverage=leverage,
        starts=Starts(solutions, objectives),
        switched=switched,
        cluster=cluster,
    )


@dataclass(frozen=True)
class Starts:
    """Local minima reached from the starts, best first: free coordinates (starts, free), objectives (starts,)."""

    solutions: Array
    objectives: Array

    @property
    def share_best(self) -> float:
        """Share of the starts that reached the best objective."""
        return float((self.objectives <= self.objectives[0] * (1 + SAME_BASIN) + 1e-24).mean())

    @property
    def runner_up(self) -> tuple[float, float]:
        """Objective of the second-best basin and the share of starts in it; (inf, 0) when there is one basin."""
        rest = self.objectives[self.objectives > self.objectives[0] * (1 + SAME_BASIN) + 1e-24]
        if not rest.size:
            return float("inf"), 0.0
        return float(rest[0]), float((np.abs(rest - rest[0]) <= SAME_BASIN * rest[0]).sum() / self.objectives.size)


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
                raise InputError(f"fixed parameter {name!r} is unknown: the law has {', '.join(self.law.names)}")
            theta[:, self.law.names.index(name)] = value
        return theta


def _check(runs: pl.DataFrame, level: float, bootstrap: int) -> None:
    if runs.height == 0:
        raise InputError("the runs are empty: a law needs runs to fit")
    if not 0 < level < 1:
        raise InputError(f"level is {level}, but must lie between 0 and 1, such as 0.95")
    if bootstrap < 0:
        raise InputError(f"bootstrap is {bootstrap}, but the number of replicates cannot be negative")
    if "metric" in runs.columns and runs["metric"].n_unique() > 1:
        found = ", ".join(sorted(str(name) for name in runs["metric"].unique()))
        raise InputError(f"column 'metric' mixes {found}: a law speaks of one metric, so filter the runs first")


def _solve(problem: Problem, seeds: Array, runs: pl.DataFrame) -> tuple[Array, Array, Array]:
    """Polish the best and a spread of the seeds; return solutions and objectives, best first, and the estimate."""
    chart = problem.chart
    free = len(chart.free)
    read = [name for name in problem.law.columns if name in runs.columns] or ["error"]
    distinct = runs.select(pl.col(read)).unique().height if "weights" not in read else runs.height
    if problem.error.size < free or distinct < min(free, 2):
        raise InputError(
            f"law {problem.law.name} has {free} free parameters, but the runs have {problem.error.size} rows with"
            f" {distinct} distinct values of {', '.join(read)}: add runs at other scales or fix a parameter"
        )
    start = np.unique(chart.coordinates(seeds), axis=0)
    value = np.concatenate([problem.objective(start[i : i + 256]) for i in range(0, len(start), 256)])
    order = np.argsort(value, kind="stable")
    order = order[np.isfinite(value[order])]
    if not order.size:
        raise InputError(
            f"law {problem.law.name} is not finite at any start: check the runs' units and the fixed constants"
        )
    near = order[: STARTS // 2]
    # The other half is spread over the better part of the grid, to see other basins.
    spread = order[
        np.linspace(STARTS // 2, max(STARTS // 2, order.size // 4), STARTS - STARTS // 2)
        .astype(int)
        .clip(max=order.size - 1)
    ]
    chosen = np.unique(np.concatenate([near, spread]))
    _identified(problem, start[near[:4]])
    solutions, objectives = minimise(problem, start[chosen])
    best = np.argsort(objectives, kind="stable")
    return solutions[best], objectives[best], solutions[best[0]]


def _identified(problem: Problem, start: Array) -> None:
    matrix = problem.normal(start, 1.0)[2]
    dead = (np.einsum("bii->bi", matrix) <= 0).all(axis=0)
    if dead.any():
        name = problem.chart.free[int(np.argmax(dead))]
        raise InputError(
            f"no run depends on parameter {name}, so it cannot be fitted (a half-life needs runs that repeat their"
            " pool): fix it, tie it to another parameter, or add such runs"
        )


def _leverage(problem: Problem, estimate: Array) -> Array:
    """Return each row's leverage: the diagonal of the hat matrix of the linearised fit, unweighted by the loss."""
    theta = problem.chart.theta(estimate[None])
    predicted, jacobian = problem.law.evaluate(theta, problem.design)
    scaled = jacobian[0] / predicted[0] if problem.loss.logarithmic else jacobian[0]
    basis = (problem.chart.slope(theta)[0][:, None] * problem.chart.select).T @ scaled * np.sqrt(problem.weight)
    size = np.sqrt((basis**2).sum(axis=1, keepdims=True))
    _, values, right = np.linalg.svd(basis / np.where(size > 0, size, 1), full_matrices=False)
    return np.asarray((right[values > 1e-10 * values[0]] ** 2).sum(axis=0))


def _quantiles(draws: Array, level: float) -> tuple[Array, Array]:
    if not draws.shape[0]:
        return np.full(draws.shape[1], np.nan), np.full(draws.shape[1], np.nan)
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper
