"""Model size, data and repetition chosen together at a FLOPs budget, where the runs are of several model sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from curation_scaling.frontier.budgets import FAR
from curation_scaling.frontier.candidates import Candidate
from curation_scaling.laws.fit import Array, fit_law
from curation_scaling.laws.goyal_size import GoyalSize
from curation_scaling.laws.saved import SavedFit
from curation_scaling.laws.selection import select_runs
from curation_scaling.seeds import derive_seed
from curation_scaling.study import Study

LEAST_SIZES = 3  # model sizes, for an amplitude, an exponent and a floor
_BEYOND = 8.0  # times the largest, or a part of the smallest, of the observed sizes
_GRID = 241
_FINE = 81


def several_sizes(runs: pl.DataFrame) -> bool:
    """Whether the runs can tell what the model's size does."""
    return runs["params"].null_count() == 0 and runs["params"].n_unique() >= LEAST_SIZES


def fit_sizes(study: Study, runs: pl.DataFrame) -> SavedFit:
    """Fit the law of size, quality and repetition to the single pools' runs of all model sizes."""
    limit = study.laws.max_repetitions
    parts = runs.sort("params", maintain_order=True).partition_by("params", maintain_order=True)
    chosen = pl.concat(select_runs(part, study.pools.fitted_names, limit) for part in parts).filter(role="fitted")
    laws = study.laws
    fit = fit_law(
        GoyalSize(n0=laws.n0, one_half_life="goyal_eq3" in laws.one_half_life),
        chosen,
        loss=laws.loss,
        bootstrap=laws.bootstrap,
        level=laws.level,
        seed=derive_seed(study.seed, "bootstrap"),
    )
    assert isinstance(fit.law, GoyalSize)
    return SavedFit(fit.law, fit.theta[None], fit.theta_draws).with_gamma(laws.gamma)


def cost_per_parameter(study: Study, runs: pl.DataFrame) -> float:
    """Training FLOPs of one sample and one parameter: that of the runs, else 6 a token."""
    known = (runs["flops"] / runs["samples_seen"] / runs["params"]).drop_nulls()
    return float(known.median()) if len(known) else 6.0 * (study.frontier.tokens_per_sample or 1.0)  # type: ignore[arg-type]


def allocate(study: Study, runs: pl.DataFrame, candidates: list[Candidate], fit: SavedFit) -> pl.DataFrame:
    """Rows of `beyond/allocation`: for every candidate and budget the model size of least predicted error.

    The compute-optimal size of a pool is smaller than without repetition would be only as long as fresh data last:
    once a pool repeats, a larger model on fewer passes wins. Sizes are searched from an eighth of the smallest
    observed one to eight times the largest; those that would see less than the law's n0 are left out.
    """
    cost = cost_per_parameter(study, runs)
    sizes = runs["params"].cast(pl.Float64)
    low, high = float(sizes.min()) / _BEYOND, float(sizes.max()) * _BEYOND  # type: ignore[arg-type]
    observed = float((sizes * runs["samples_seen"] * cost).max())  # type: ignore[arg-type]
    asked = np.asarray(study.frontier.budgets, float)
    budgets = asked if study.frontier.unit == "flops" else asked * cost * float(sizes.max())  # type: ignore[arg-type]
    if study.frontier.unit == "tokens":
        budgets = budgets / (study.frontier.tokens_per_sample or 1.0)
    tail = (1 - study.laws.level) / 2
    rows = []
    for flops in budgets:
        at: list[dict[str, Any]] = []
        spread = []
        for candidate in candidates:
            grid = np.geomspace(low, high, _GRID)
            grid = grid[flops / cost / grid >= fit.law.n0]  # type: ignore[attr-defined]
            if not grid.size:
                continue
            estimate, draws = _along(fit, candidate, grid, flops / cost / grid)
            best = int(np.argmin(estimate))
            fine = np.geomspace(grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)], _FINE)
            near, near_draws = _along(fit, candidate, fine, flops / cost / fine)
            chosen = int(np.argmin(near))
            params = float(fine[chosen])
            lower, upper = np.quantile(near_draws[:, chosen], [tail, 1 - tail])
            own = grid[np.argmin(draws, axis=1)]  # each draw's own best size
            spread.append(draws.min(axis=1))
            at.append(
                {
                    "flops": float(flops),
                    "pool": candidate.name,
                    "params": params,
                    "samples_seen": float(flops / cost / params),
                    "repetitions": float(flops / cost / params / candidate.unique),
                    "predicted": float(near[chosen]),
                    "lower": float(lower),
                    "upper": float(upper),
                    "params_lower": float(np.quantile(own, tail)),
                    "params_upper": float(np.quantile(own, 1 - tail)),
                    "far": bool(flops > FAR * observed),
                }
            )
        least = min((row["predicted"] for row in at), default=None)
        winners = np.argmin(np.stack(spread), axis=0) if spread else np.zeros(0)
        rows += [
            row | {"best": row["predicted"] == least, "probability_best": float(np.mean(winners == i))}
            for i, row in enumerate(at)
        ]
    return pl.DataFrame(rows)


def _along(fit: SavedFit, candidate: Candidate, params: Array, samples: Array) -> tuple[Array, Array]:
    assert isinstance(fit.law, GoyalSize)
    design = fit.law.sized([candidate.mixture], np.zeros(params.size, dtype=np.intp), samples, params)
    return fit.law.predict(fit.theta, design)[0], fit.law.predict(fit.draws, design)
