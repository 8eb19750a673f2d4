"""The stage that compares pruned pools: curves, laws, local exponents, the envelope, and prune-or-repeat by budget."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from curation_scaling.artifacts import FRONTIER, RUNS, SWITCHES
from curation_scaling.artifacts_ranking import CURVES, ENVELOPE, EXPONENTS, PRUNING_FITS
from curation_scaling.errors import InputError
from curation_scaling.frontier.budgets import FAR
from curation_scaling.frontier.candidates import by_size
from curation_scaling.frontier.compare import compare, pareto_set
from curation_scaling.frontier.curves import predict_pools
from curation_scaling.frontier.forecaster import utility_left
from curation_scaling.frontier.switches import find_switches, switch_rows
from curation_scaling.laws.fit import Array, fit_law
from curation_scaling.laws.pruned import (
    fit_pruned,
    last_evaluations,
    local_exponents,
    pruned_runs,
    pruning_curves,
)
from curation_scaling.laws.pruned_theory import with_theory
from curation_scaling.laws.repetition_law import RepetitionLaw
from curation_scaling.laws.saved import SavedFit
from curation_scaling.laws.selection import select_runs
from curation_scaling.layout import Layout
from curation_scaling.seeds import derive_seed
from curation_scaling.store import empty, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import pruning_keys
from curation_scaling.study.pruning import Pruning

LAW = "goyal_eq3"  # of the budgets: pruned pools are pools, each with its own utility and its decay
BUDGETS = 13
_REPLICATES = 2000


def compare_pruned(study: Study, layout: Layout) -> None:
    """Collect the runs on pruned pools and write every table of `pruning/`."""
    pruning = study.pruning
    assert pruning is not None
    paths = [layout.pruned_runs(*job) for job in pruning.jobs]
    runs = pl.concat([read(path, RUNS, study=study.study) for path in paths])
    seed = derive_seed(study.seed, "pruning", pruning.seed)
    cells = pruned_runs(pruning, runs)
    frontier, switches = budget_frontier(pruning, cells, seed)
    inputs = inputs_digest(pruning_keys(study), *paths)
    for name, schema, frame in (
        ("runs", RUNS, runs),
        ("curves", CURVES, with_theory(pruning_curves(cells))),
        ("fits", PRUNING_FITS, fit_pruned(pruning, cells, seed)),
        ("exponents", EXPONENTS, exponents(pruning, cells)),
        ("envelope", ENVELOPE, envelope(pruning, cells, seed)),
        ("frontier", FRONTIER, frontier),
        ("switches", SWITCHES, switches),
    ):
        write(layout.pruning(name), schema, frame, study=study.study, inputs=inputs)


def errors_by_draw(rows: pl.DataFrame, draws: int) -> tuple[pl.DataFrame, Array]:
    """The cells of final evaluations, sorted, and their errors (draws, cells)."""
    key = ["initial", "label", "metric", "keep", "fraction", "kept"]
    wide = rows.sort("draw").group_by(key, maintain_order=True).agg("error").sort(key)
    return wide.drop("error"), np.array(wide["error"].to_list(), float).T.reshape(draws, wide.height)


def envelope(pruning: Pruning, runs: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Rows of `pruning/envelope`: at each initial size every set against the others, and the Pareto set of them all.

    Draws are resampled jointly, so that differences between sets keep their pairing. A set that was chosen because its
    mean is the lowest looks better than it is by up to its interval; `probability_best` says how sure the choice is.
    """
    cells, errors = errors_by_draw(last_evaluations(runs), pruning.draws)
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(pruning.draws), size=_REPLICATES)
    draws = weights @ errors
    frames = []
    for size in pruning.sizes:
        at = np.flatnonzero((cells["initial"] == size).to_numpy())
        found = compare(errors[:, at].mean(axis=0)[:, None], draws[:, at][:, :, None], pruning.level)
        frames.append(
            cells[at].with_columns(
                error=pl.Series(found.predicted[:, 0]),
                lower=pl.Series(found.lower[:, 0]),
                upper=pl.Series(found.upper[:, 0]),
                probability_best=pl.Series(found.probability_best[:, 0]),
                best=pl.Series(found.best[:, 0]),
            )
        )
    frame = pl.concat(frames)
    ordered = frame.sort("kept", "error")
    before = pl.col("error").cum_min().shift(1, fill_value=float("inf"))
    pareto = ordered.filter(pl.col("error") < before).select("initial", "label", "fraction", pareto=pl.lit(True))
    return frame.join(pareto, on=["initial", "label", "fraction"], how="left").with_columns(
        pl.col("pareto").fill_null(False)
    )


def exponents(pruning: Pruning, runs: pl.DataFrame) -> pl.DataFrame:
    """Rows of `pruning/exponents`: of every set and fraction along both sizes, and of the envelope."""
    cells, errors = errors_by_draw(last_evaluations(runs), pruning.draws)
    rows: list[dict[str, Any]] = []
    for (label, fraction), part in cells.with_row_index("at").group_by("label", "fraction", maintain_order=True):
        part = part.sort("initial")
        if part.height < 2:
            continue
        for axis in ("initial", "kept"):
            sizes = part[axis].cast(pl.Float64).to_list()
            of = errors[:, part["at"].to_numpy()]
            rows += local_exponents(str(label), float(fraction), axis, sizes, of, pruning.level)
    best = envelope_errors(cells, errors)
    if best.shape[1] > 1:
        rows += local_exponents("envelope", None, "initial", [float(s) for s in pruning.sizes], best, pruning.level)
    types = {c.name: pl.Float64 for c in EXPONENTS.columns} | {"label": pl.String, "axis": pl.String}
    return pl.DataFrame(rows, schema=types | {"faster": pl.Boolean}, orient="row")


def envelope_errors(cells: pl.DataFrame, errors: Array) -> Array:
    """The least error at each initial size, (draws, sizes), the set being chosen on the other draws: no optimism."""
    best = []
    for size in cells["initial"].unique().sort():
        at = np.flatnonzero((cells["initial"] == size).to_numpy())
        of = errors[:, at]
        others = of.sum(axis=0, keepdims=True) - of
        best.append(of[np.arange(len(of)), others.argmin(axis=1)])
    return np.stack(best, axis=1)


def budget_frontier(pruning: Pruning, runs: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Prune or repeat: all sets of the largest initial size at every budget, with the law of repeated pools.

    Each pruned set is a pool of its own, seen budget / kept times. Returns rows of the frontier and of its switches.

    Raises:
        InputError: if no set has an evaluation that a law can be fitted to.
    """
    largest = runs.filter(pl.col("initial") == pruning.sizes[-1])
    pools = largest["pool"].unique(maintain_order=True).to_list()
    named = largest.drop("metric").rename({"measure": "metric"})
    bare = named.select(c.name for c in RUNS.columns if c.name in named.columns)
    selected = select_runs(bare, pools, None)
    fitted = selected.filter(role="fitted")
    counts = fitted.group_by("pool").agg(n=pl.col("samples_seen").n_unique())
    usable = sorted(counts.filter(pl.col("n") >= 2)["pool"])
    if not usable:
        raise InputError("key pruning.checkpoints: no pruned pool has two evaluations before its error rises; add some")
    fitted = fitted.filter(pl.col("pool").is_in(usable))
    fit = fit_law(LAW, fitted, loss="log_mse", bootstrap=pruning.bootstrap, level=pruning.level, seed=seed)
    assert isinstance(fit.law, RepetitionLaw)
    saved = SavedFit(fit.law, fit.theta[None], fit.theta_draws).with_gamma(0.0)
    sizes = {
        p: {p: round(n)} for p, n in fitted.group_by("pool").agg(pl.mean("unique_samples")).sort("pool").iter_rows()
    }
    low, high = pruning.checkpoints[0], pruning.checkpoints[-1]
    budgets = np.unique(np.concatenate([np.geomspace(low, high, BUDGETS), np.array(pruning.checkpoints, float)]))
    measured = {(p, n): e for p, n, e in bare.group_by("pool", "samples_seen").agg(pl.mean("error")).iter_rows()}
    cost = float(bare["flops"][0] / bare["samples_seen"][0])
    frontier = _frontier_rows(saved, sizes, budgets, measured, cost, pruning.level, float(bare["samples_seen"].max()))  # type: ignore[arg-type]
    found = find_switches(lambda b: predict_pools(saved, sizes, b), low, high, pruning.level)
    switches = switch_rows(found, list(sizes), lambda samples: samples * cost)
    rule = {"law": pl.lit(LAW), "gamma": pl.lit(0.0), "main": pl.lit(True)}
    return frontier.with_columns(**rule), switches.with_columns(**rule)


def _frontier_rows(
    fit: SavedFit,
    sizes: dict[str, dict[str, int]],
    budgets: Array,
    measured: dict[tuple[str, int], float],
    cost: float,
    level: float,
    most_seen: float,
) -> pl.DataFrame:
    compared = compare(*predict_pools(fit, sizes, budgets), level)
    tails = [(1 - level) / 2, (1 + level) / 2]
    rows: list[dict[str, Any]] = []
    for p, (pool, members) in enumerate(sizes.items()):
        unique = members[pool]
        mixture = by_size(members)
        for b, samples in enumerate(budgets.tolist()):
            at = {name: measured.get((name, round(samples))) for name in sizes}
            known = [e for e in at.values() if e is not None]
            part: dict[str, Any] = {"pool": pool, "weight": 1.0, "size": unique, "repetitions": samples / unique}
            part |= dict.fromkeys(("utility_left", "lower", "upper"))
            if (left := utility_left(fit, mixture, samples)) is not None:
                lower, upper = np.quantile(left[1][:, 0], tails)
                part |= {"utility_left": float(left[0][0]), "lower": float(lower), "upper": float(upper)}
            rows.append(
                {
                    "budget": samples,
                    "unit": "samples",
                    "flops": samples * cost,
                    "pool": pool,
                    "unique_samples": unique,
                    "repetitions": samples / unique,
                    "parts": [part],
                    **{k: v[p, b].item() for k, v in compared._asdict().items()},
                    "reach": samples / most_seen,
                    "far": samples > FAR * most_seen,
                    "extrapolated": False,
                    "measured": at[pool],
                    "measured_best": at[pool] == min(known) if len(known) == len(sizes) else None,
                }
            )
    types = empty(FRONTIER).schema
    frame = pl.DataFrame(rows, schema={name: types[name] for name in rows[0]})
    spent, unique_samples, error = (
        frame[name].to_numpy().astype(float) for name in ("budget", "unique_samples", "predicted")
    )
    return frame.with_columns(pareto_unique=pl.Series(pareto_set(spent, unique_samples, error)))
