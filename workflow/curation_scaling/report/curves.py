"""The fitted law on dense grids: along the budgets of each run, and along the budgets of the frontier."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.frontier.candidates import by_size
from curation_scaling.frontier.compare import compare_each
from curation_scaling.frontier.curves import forecast_each, predict_pools
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array
from curation_scaling.laws.registry import law_named
from curation_scaling.report.results import Results

RUN_POINTS = 61  # a pool's learning curve
BUDGET_POINTS = 121  # a pool's line in the frontier
PRUNED_POINTS = 41  # a pruned set's law


def learning_curves(results: Results) -> pl.DataFrame:
    """The law over the range that was measured, for each pool of the runs that it can predict.

    Returns:
        Rows pool, samples_seen, repetitions, predicted, lower, upper (interval of the mean error).
    """
    ranges = results.runs.group_by("pool").agg(low=pl.min("samples_seen"), high=pl.max("samples_seen")).sort("pool")
    frames = []
    tail = (1 - results.study.laws.level) / 2
    sizes = predictable_pools(results)
    for pool, low, high in ranges.iter_rows():
        if pool not in sizes:
            continue
        grid = np.geomspace(low, high, RUN_POINTS)
        predicted, draws = predict_pools(results.fit, {pool: sizes[pool]}, grid)
        lower, upper = np.quantile(draws[:, 0], [tail, 1 - tail], axis=0)
        frames.append(_curve(pool, sum(sizes[pool].values()), grid, predicted=predicted[0], lower=lower, upper=upper))
    return pl.concat(frames)


def frontier_curves(results: Results) -> pl.DataFrame:
    """All candidates between the smallest and the largest budget.

    Returns:
        Rows pool, samples_seen, repetitions, predicted, lower, upper, probability_best, best, extrapolated.
    """
    budgets = results.main(results.frontier)["budget"]
    low, high = float(budgets.min()), float(budgets.max())  # type: ignore[arg-type]
    if low == high:
        low, high = low / 2, 2 * high
    grid = np.geomspace(low, high, BUDGET_POINTS)
    sizes = predictable_pools(results)
    mixtures = {pool: by_size(sizes[pool]) for pool in results.pools if pool in results.study.candidates}
    mixtures |= chosen_mixtures(results)
    compared = compare_each(forecast_each(results.fit, mixtures.values(), grid), results.study.laws.level)
    most_seen, most_repeated = fitted_reach(results)
    frames = [
        _curve(
            pool,
            float(mixture.sizes.sum()),
            grid,
            predicted=compared.predicted[p],
            lower=compared.lower[p],
            upper=compared.upper[p],
            probability_best=compared.probability_best[p],
            best=compared.best[p].astype(float),
        )
        for p, (pool, mixture) in enumerate(mixtures.items())
    ]
    beyond = (pl.col("samples_seen") > most_seen) | (pl.col("repetitions") > most_repeated)
    return pl.concat(frames).with_columns(pl.col("best") > 0, extrapolated=beyond)


def predictable_pools(results: Results) -> dict[str, dict[str, int]]:
    """Unique samples of the components of each pool whose components were fitted, in the mean over draws."""
    single = {
        pool: round(size)
        for pool, size in results.runs.filter(pl.col("pool").is_in(list(results.fit.law.pools)))
        .group_by("pool")
        .agg(pl.mean("unique_samples"))
        .iter_rows()
    }
    return {
        pool: {member: single[member] for member in members}
        for pool, members in results.study.pools.members.items()
        if all(member in single for member in members)
    }


def chosen_mixtures(results: Results) -> dict[str, Mixture]:
    """The candidates without a pool of their own (mixes, generated ones) that are best at some budget of the study."""
    rows = results.main(results.frontier).filter(pl.col("best") & ~pl.col("pool").is_in(results.study.candidates))
    found = {}
    for pool, parts in rows.sort("budget").select("pool", "parts").iter_rows():
        weights, sizes = (np.array([part[key] for part in parts], float) for key in ("weight", "size"))
        found[pool] = Mixture(tuple(part["pool"] for part in parts), weights, sizes)
    return found


def fitted_reach(results: Results) -> tuple[float, float]:
    """The most samples seen and the most repetitions among the fitted runs; beyond either the law extrapolates."""
    fitted = results.main(results.predictions).filter(role="fitted")
    most = fitted.select(pl.max("samples_seen"), pl.max("repetitions")).row(0)
    return float(most[0]), float(most[1])


def pruned_curves(fits: pl.DataFrame, curves: pl.DataFrame) -> pl.DataFrame:
    """The chosen law of every pruned set and fraction along the samples kept, from `pruning/fits` and its `curves`.

    Returns:
        Rows label, fraction, law, kept, predicted; none of a set without a law.
    """
    schema = {"label": pl.String, "fraction": pl.Float64, "law": pl.String, "kept": pl.Float64, "predicted": pl.Float64}
    frames = [pl.DataFrame(schema=schema)]
    chosen = fits.filter((pl.col("axis") == "kept") & pl.col("chosen") & (pl.col("note") == ""))
    for (label, fraction, name), rows in chosen.group_by("label", "fraction", "law", maintain_order=True):
        law = law_named(str(name))
        sizes = curves.filter(label=label, fraction=fraction)["kept"]
        kept = np.geomspace(float(sizes.min()), float(sizes.max()), PRUNED_POINTS)  # type: ignore[arg-type]
        value = dict(rows.select("parameter", "estimate").iter_rows())
        theta = np.array([[value[parameter] for parameter in law.names]])
        predicted = law.predict(theta, law.design(pl.DataFrame({"samples_seen": kept, "unique_samples": kept})))[0]
        found = {"label": label, "fraction": fraction, "law": name, "kept": kept, "predicted": predicted}
        frames.append(pl.DataFrame(found, schema=schema))
    return pl.concat(frames)


def _curve(pool: str, unique: float, grid: Array, **columns: Array) -> pl.DataFrame:
    return pl.DataFrame({"pool": [pool] * len(grid), "samples_seen": grid, "repetitions": grid / unique, **columns})
