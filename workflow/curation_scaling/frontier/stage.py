"""The stage that compares all candidates at all budgets, for every law and rule of the study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, FRONTIER, PREDICTIONS, RUNS, SWITCHES
from curation_scaling.artifacts_beyond import ALLOCATION
from curation_scaling.errors import InputError
from curation_scaling.frontier.beyond import beyond
from curation_scaling.frontier.budgets import FAR, BudgetAxis, budget_axis
from curation_scaling.frontier.candidates import Candidate, generate
from curation_scaling.frontier.compare import Comparison, compare_each, pareto_set
from curation_scaling.frontier.curves import forecast_each, predict_mixtures
from curation_scaling.frontier.forecaster import smallest_pool, utility_left, without_draws
from curation_scaling.frontier.sizes import allocate, fit_sizes, several_sizes
from curation_scaling.frontier.switches import GRID, find_switches, switch_rows
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.rule import is_main, under_rules
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.laws.selection import fitted_runs, largest_model, select_runs
from curation_scaling.laws.weighing import of_metric
from curation_scaling.layout import Layout
from curation_scaling.store import empty, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import frontier_keys


def build_frontier(study: Study, layout: Layout) -> None:
    """Read runs, fits and draws, and write the frontier, the switches, and what lies past the plain frontier."""
    names = "fits", "draws", "comparison", "predictions"
    paths = layout.runs, *(layout.law(name) for name in names)
    runs, fits, draws, comparison, predictions = (
        read(path, schema, study=study.study)
        for path, schema in zip(paths, (RUNS, FITS, DRAWS, COMPARISON, PREDICTIONS), strict=True)
    )
    runs = of_metric(study, runs)
    study = with_main_law(study, comparison)
    compared = compared_by(study, runs, fits, draws)
    frontier, switches = compare_all(study, runs, compared)
    inputs = inputs_digest(frontier_keys(study), *paths)
    write(layout.frontier, FRONTIER, frontier, study=study.study, inputs=inputs)
    write(layout.switches, SWITCHES, switches, study=study.study, inputs=inputs)
    axis, candidates = compared.axis, compared.candidates
    tables = [*beyond(study, axis, candidates, bucket_sizes(study, runs), compared.rules, predictions)]
    whole = [c for c in candidates if c.epochs is None]
    sized = several_sizes(runs)
    tables.append((ALLOCATION, allocate(study, runs, whole, fit_sizes(study, runs)) if sized else empty(ALLOCATION)))
    for schema, frame in tables:
        write(layout.artifact(schema.name), schema, frame, study=study.study, inputs=inputs)


@dataclass(frozen=True)
class Compared:
    """What is compared: candidates at budgets, by every law under every rule for mixtures, with what names these."""

    axis: BudgetAxis
    candidates: list[Candidate]
    rules: list[tuple[SavedFit, dict[str, pl.Expr]]]


def compared_by(study: Study, runs: pl.DataFrame, fits: pl.DataFrame, draws: pl.DataFrame) -> Compared:
    """All that a study compares; `study` names its main law."""
    rules = [
        (fit, {"law": pl.lit(name), "gamma": pl.lit(fit.gamma), "main": pl.lit(is_main(study, fit))})
        for name in study.laws.names
        for fit in under_rules(study, load_fit(name, fits, draws))
    ]
    return Compared(budget_axis(study, runs), study_candidates(study, runs), rules)


def compare_all(study: Study, runs: pl.DataFrame, compared: Compared) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frontier and the switches of every law and rule."""
    frontier = compare_budgets(study, runs, compared)
    axis, candidates = compared.axis, compared.candidates
    switches = [_switches(study, fit, axis, candidates).with_columns(**rule) for fit, rule in compared.rules]
    return frontier, pl.concat(switches)


def compare_budgets(study: Study, runs: pl.DataFrame, compared: Compared) -> pl.DataFrame:
    """The frontier alone, of every law and rule.

    Raises:
        InputError: if the smallest budget is below one pool.
    """
    axis, candidates = compared.axis, compared.candidates
    _check_budgets(study, axis, candidates)
    observed = _observe(study, runs)
    return pl.concat(
        _frontier(study, fit, axis, candidates, observed).with_columns(**rule) for fit, rule in compared.rules
    )


@dataclass(frozen=True)
class Observed:
    """How far the fitted runs reach, and the mean error of each (pool, samples seen) that was trained."""

    most_seen: int
    most_repeated: float
    mean_error: dict[tuple[str, float], float]


def _observe(study: Study, runs: pl.DataFrame) -> Observed:
    fitted = fitted_runs(study, select_runs(runs, study.pools.fitted_names, study.laws.max_repetitions))
    most_seen, most_repeated = fitted.select(pl.max("samples_seen"), pl.max("repetitions")).row(0)
    means = largest_model(runs).group_by("pool", "samples_seen").agg(pl.mean("error")).iter_rows()
    return Observed(most_seen, most_repeated, {(pool, seen): error for pool, seen, error in means})


def single_sizes(study: Study, runs: pl.DataFrame) -> dict[str, int]:
    """Unique samples of each bucket and pruned pool that has runs of its own, in the mean over draws, best first."""
    parts = (
        runs.filter(pl.col("pool").is_in(study.pools.fitted_names))
        .group_by("pool")
        .agg(pl.col("unique_samples").mean().round().cast(pl.Int64))
    )
    single = dict(parts.iter_rows())
    return {name: single[name] for name in study.pools.fitted_names if name in single}


def bucket_sizes(study: Study, runs: pl.DataFrame) -> dict[str, int]:
    """`single_sizes` of the buckets that share no samples."""
    single = single_sizes(study, runs)
    return {name: single[name] for name in study.pools.disjoint if name in single}


def pool_sizes(study: Study, runs: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Unique samples of the components of each named candidate, in the mean over draws.

    Raises:
        InputError: if a component has no run of its own, so that no law was fitted to it.
    """
    single = single_sizes(study, runs)
    for name in study.candidates:
        for member in study.pools.members[name]:
            if member not in single:
                raise InputError(
                    f"key frontier.candidates: {name!r} contains {member!r}, which has no run alone; add one, or leave "
                    f"{name!r} out"
                )
    return {name: {m: single[m] for m in study.pools.members[name]} for name in study.candidates}


def study_candidates(study: Study, runs: pl.DataFrame) -> list[Candidate]:
    """The named candidates, the study's own mixes, and the generated ones.

    Raises:
        InputError: if a component has no run of its own, or if there is nothing to compare.
    """
    disjoint = bucket_sizes(study, runs)
    mixes = []
    for i, mix in enumerate(study.frontier.mixes):
        for member in mix.weights:
            if member not in disjoint:
                raise InputError(f"key frontier.mixes[{i}]: {member!r} has no run alone; add one, or leave it out")
        counts = np.array([disjoint[m] for m in mix.weights], float)
        mixture = Mixture(tuple(mix.weights), np.array(list(mix.weights.values())), counts).sampled()
        mixes.append(Candidate(mix.name, mixture))
    return generate(pool_sizes(study, runs), disjoint, study.frontier.generate, mixes)


def _check_budgets(study: Study, axis: BudgetAxis, candidates: list[Candidate]) -> None:
    smallest = min(c.unique for c in candidates)
    if axis.samples[0] < 0.9 * smallest:
        raise InputError(
            f"key frontier.budgets[0] is {axis.samples[0]:g} {study.unit}, below one pool (the smallest holds "
            f"{smallest:g} {study.unit}): raise it"
        )


def _frontier(
    study: Study, fit: SavedFit, axis: BudgetAxis, candidates: list[Candidate], observed: Observed
) -> pl.DataFrame:
    whole = [c for c in candidates if c.epochs is None]
    level = study.laws.level
    compared = compare_each(forecast_each(fit, [c.mixture for c in whole], axis.samples), level)
    rows = []
    for p, candidate in enumerate(whole):
        for b, samples in enumerate(axis.samples):
            rows.append(
                _row(study, fit, axis, observed, candidate.name, candidate.mixture, float(samples))
                | {k: v[p, b].item() for k, v in compared._asdict().items()}
            )
    rows += _parts(study, fit, axis, [c for c in candidates if c.epochs is not None], compared, observed)
    types = empty(FRONTIER).schema
    frame = pl.DataFrame(rows, schema={name: types[name] for name in rows[0]})
    cost, unique, error = (frame[name].to_numpy().astype(float) for name in ("budget", "unique_samples", "predicted"))
    return frame.with_columns(pareto_unique=pl.Series(pareto_set(cost, unique, error)))


def _parts(
    study: Study, fit: SavedFit, axis: BudgetAxis, parts: list[Candidate], whole: Comparison, observed: Observed
) -> list[dict[str, Any]]:
    """Random parts of a pool, repeated more often: worse at their budget, but they need fewer samples."""
    rows = []
    for candidate in parts:
        for b, samples in enumerate(axis.samples):
            mixture = candidate.at(float(samples))
            if mixture is None or mixture.sizes.min() < smallest_pool(fit):
                continue
            estimate, draws = predict_mixtures(fit, [mixture], np.array([samples]))
            compared = compare_each([(estimate[0], draws[:, 0])], study.laws.level)
            best = whole.predicted[:, b].min()
            rows.append(
                _row(study, fit, axis, observed, candidate.name, mixture, float(samples))
                | {k: v[0, 0].item() for k, v in compared._asdict().items()}
                | {
                    "probability_best": 0.0,
                    "expected_regret": max(float(estimate[0, 0] - best), 0.0),
                    "best": False,
                    "pareto": False,
                }
            )
    return rows


def _row(
    study: Study,
    fit: SavedFit,
    axis: BudgetAxis,
    observed: Observed,
    name: str,
    mixture: Mixture,
    samples: float,
) -> dict[str, Any]:
    """What a row of the frontier says before candidates are compared."""
    repeats = samples * mixture.weights / mixture.sizes
    left = utility_left(fit, mixture, samples)
    tail = (1 - study.laws.level) / 2
    bounds = None if left is None else np.quantile(left[1], [tail, 1 - tail], axis=0)
    unique = round(float(mixture.sizes.sum()))
    reach = axis.reach(samples)
    return {
        "budget": samples,
        "unit": study.unit,
        "flops": axis.flops(samples),
        "pool": name,
        "unique_samples": unique,
        "repetitions": samples / unique,
        "parts": [
            {
                "pool": pool,
                "weight": float(mixture.weights[i]),
                "size": round(float(mixture.sizes[i])),
                "repetitions": float(repeats[i]),
                "utility_left": None if left is None else float(left[0][i]),
                "lower": None if bounds is None else float(bounds[0, i]),
                "upper": None if bounds is None else float(bounds[1, i]),
            }
            for i, pool in enumerate(mixture.pools)
        ],
        "extrapolated": bool(samples > observed.most_seen or repeats.max() > observed.most_repeated),
        "reach": reach,
        "far": reach > FAR,
        **_measured(study, observed, name, samples),
    }


def _measured(study: Study, observed: Observed, name: str, samples: float) -> dict[str, Any]:
    """The mean of the runs there, and whether it is the least of all named candidates' where all were measured."""
    seen = round(samples) if np.isclose(samples, round(samples), rtol=1e-9) else samples
    mine = observed.mean_error.get((name, seen))
    known = [e for e in (observed.mean_error.get((c, seen)) for c in study.candidates) if e is not None]
    full = mine is not None and len(known) == len(study.candidates)
    return {"measured": mine, "measured_best": mine == min(known) if full else None}


def _switches(study: Study, fit: SavedFit, axis: BudgetAxis, candidates: list[Candidate]) -> pl.DataFrame:
    whole = [c for c in candidates if c.epochs is None]
    low, high = float(axis.samples[0]), float(axis.samples[-1])
    # Only what is best somewhere is followed through the draws.
    grid = np.geomspace(low, high, GRID)
    estimate = without_draws(fit)
    errors = np.stack([e for e, _ in forecast_each(estimate, [c.mixture for c in whole], grid)])
    followed = [whole[i] for i in np.unique(np.argmin(errors, axis=0))]
    mixtures, names = [c.mixture for c in followed], [c.name for c in followed]
    found = find_switches(lambda n: predict_mixtures(fit, mixtures, n), low, high, study.laws.level)
    return switch_rows(found, names, axis.flops)
