"""The stage that compares all candidate pools at all budgets, for every law and rule of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, FRONTIER, RUNS, SWITCHES
from curation_scaling.errors import InputError
from curation_scaling.frontier.compare import compare
from curation_scaling.frontier.curves import predict_pools
from curation_scaling.frontier.switches import find_switches
from curation_scaling.laws.fit import Array
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.rule import is_main, under_rules
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.laws.selection import fitted_runs, select_runs
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import frontier_keys

Sizes = Mapping[str, Mapping[str, int]]


def build_frontier(study: Study, layout: Layout) -> None:
    """Read runs, fits and draws, and write the frontier and the switches."""
    paths = layout.runs, layout.law("fits"), layout.law("draws"), layout.law("comparison")
    runs, fits, draws, comparison = (
        read(path, schema, study=study.study)
        for path, schema in zip(paths, (RUNS, FITS, DRAWS, COMPARISON), strict=True)
    )
    frontier, switches = compare_all(with_main_law(study, comparison), runs, fits, draws)
    inputs = inputs_digest(frontier_keys(study), *paths)
    write(layout.frontier, FRONTIER, frontier, study=study.study, inputs=inputs)
    write(layout.switches, SWITCHES, switches, study=study.study, inputs=inputs)


def compare_all(
    study: Study, runs: pl.DataFrame, fits: pl.DataFrame, draws: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frontier and the switches of every law and rule; `study` names its main law."""
    axis, sizes = budget_axis(study, runs), pool_sizes(study, runs)
    frontier = compare_budgets(study, runs, fits, draws)
    rules = _rules(study, fits, draws)
    return frontier, pl.concat(_switches(study, fit, axis, sizes).with_columns(**rule) for fit, rule in rules)


def compare_budgets(study: Study, runs: pl.DataFrame, fits: pl.DataFrame, draws: pl.DataFrame) -> pl.DataFrame:
    """The frontier alone, of every law and rule; `study` names its main law.

    Raises:
        InputError: if the smallest budget is below one pool.
    """
    axis, sizes = budget_axis(study, runs), pool_sizes(study, runs)
    _check_budgets(study, axis, sizes)
    observed = _observe(study, runs)
    rules = _rules(study, fits, draws)
    return pl.concat(_frontier(study, fit, axis, sizes, observed).with_columns(**rule) for fit, rule in rules)


def _rules(study: Study, fits: pl.DataFrame, draws: pl.DataFrame) -> Iterator[tuple[SavedFit, dict[str, pl.Expr]]]:
    """Every law under every rule for mixtures, with the columns that name it."""
    for name in study.laws.names:
        for fit in under_rules(study, load_fit(name, fits, draws)):
            yield fit, {"law": pl.lit(name), "gamma": pl.lit(fit.gamma), "main": pl.lit(is_main(study, fit))}


@dataclass(frozen=True)
class Observed:
    """How far the fitted runs reach, and the mean error of each (pool, samples seen) that was trained."""

    most_seen: int
    most_repeated: float
    mean_error: dict[tuple[str, float], float]


def _observe(study: Study, runs: pl.DataFrame) -> Observed:
    fitted = fitted_runs(study, select_runs(runs, study.pools.bucket_names, study.laws.max_repetitions))
    most_seen, most_repeated = fitted.select(pl.max("samples_seen"), pl.max("repetitions")).row(0)
    means = runs.group_by("pool", "samples_seen").agg(pl.mean("error")).iter_rows()
    return Observed(most_seen, most_repeated, {(pool, seen): error for pool, seen, error in means})


@dataclass(frozen=True)
class BudgetAxis:
    """Budgets as samples seen, shape (budgets,), and the training FLOPs of one sample where they are known."""

    samples: Array
    flops_per_sample: float | None

    def flops(self, samples: float) -> float | None:
        """Training FLOPs of so many samples."""
        return None if self.flops_per_sample is None else samples * self.flops_per_sample


def budget_axis(study: Study, runs: pl.DataFrame) -> BudgetAxis:
    """The study's budgets in samples seen.

    Raises:
        InputError: if budgets are FLOPs and the runs do not know theirs, or are of models of several sizes.
    """
    costs = (runs["flops"] / runs["samples_seen"]).drop_nulls()
    low, high = (costs.min(), costs.max()) if len(costs) else (None, None)
    single = isinstance(low, float) and isinstance(high, float) and high <= 1.001 * low
    cost = float(costs.median()) if single else None  # type: ignore[arg-type]
    budgets = np.asarray(study.frontier.budgets, float)
    if study.frontier.unit == "samples":
        return BudgetAxis(budgets, cost)
    if cost is None:
        raise InputError(
            "key frontier.unit: budgets in flops need runs with one known cost a sample; give params, or use samples"
        )
    return BudgetAxis(budgets / cost, cost)


def pool_sizes(study: Study, runs: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Unique samples of the components of each candidate, in the mean over draws.

    Raises:
        InputError: if a component has no run of its own, so that no law was fitted to it.
    """
    parts = (
        runs.filter(pl.col("pool").is_in(study.pools.bucket_names))
        .group_by("pool")
        .agg(pl.col("unique_samples").mean().round().cast(pl.Int64))
    )
    single = dict(parts.iter_rows())
    for name in study.candidates:
        for member in study.pools.members[name]:
            if member not in single:
                raise InputError(
                    f"key frontier.candidates: {name!r} contains {member!r}, which has no run alone; add one, or leave "
                    f"{name!r} out"
                )
    return {name: {m: single[m] for m in study.pools.members[name]} for name in study.candidates}


def _check_budgets(study: Study, axis: BudgetAxis, sizes: Sizes) -> None:
    smallest = min(sum(parts.values()) for parts in sizes.values())
    if axis.samples[0] < 0.9 * smallest:
        raise InputError(
            f"key frontier.budgets[0] is {axis.samples[0]:g} {study.unit}, below one pool (the smallest holds "
            f"{smallest} {study.unit}): raise it"
        )


def _frontier(study: Study, fit: SavedFit, axis: BudgetAxis, sizes: Sizes, observed: Observed) -> pl.DataFrame:
    compared = compare(*predict_pools(fit, sizes, axis.samples), study.laws.level)
    rows = []
    for p, (pool, parts) in enumerate(sizes.items()):
        unique = sum(parts.values())
        for b, samples in enumerate(axis.samples):
            whole = round(samples) if np.isclose(samples, round(samples), rtol=1e-9) else samples
            at = {name: observed.mean_error.get((name, whole)) for name in sizes}
            known = [e for e in at.values() if e is not None]
            rows.append(
                {
                    "budget": float(samples),
                    "unit": study.unit,
                    "flops": axis.flops(float(samples)),
                    "pool": pool,
                    "unique_samples": unique,
                    "repetitions": float(samples) / unique,
                    **{k: v[p, b].item() for k, v in compared._asdict().items()},
                    "extrapolated": bool(samples > observed.most_seen or samples / unique > observed.most_repeated),
                    "measured": at[pool],
                    "measured_best": at[pool] == min(known) if len(known) == len(sizes) else None,
                }
            )
    types = {"flops": pl.Float64, "measured": pl.Float64, "measured_best": pl.Boolean}
    return pl.DataFrame(rows, schema_overrides=types)


def _switches(study: Study, fit: SavedFit, axis: BudgetAxis, sizes: Sizes) -> pl.DataFrame:
    names = list(sizes)
    found = find_switches(
        lambda budgets: predict_pools(fit, sizes, budgets), axis.samples[0], axis.samples[-1], study.laws.level
    )
    rows = [
        {
            "order": i,
            "from_pool": names[s.from_pool],
            "to_pool": names[s.to_pool],
            "budget": s.budget,
            "flops": axis.flops(s.budget),
            "lower": s.lower,
            "upper": s.upper,
            "share": s.share,
        }
        for i, s in enumerate(found)
    ]
    schema = {
        "order": pl.Int32,
        "from_pool": pl.String,
        "to_pool": pl.String,
        "budget": pl.Float64,
        "flops": pl.Float64,
        "lower": pl.Float64,
        "upper": pl.Float64,
        "share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema)
