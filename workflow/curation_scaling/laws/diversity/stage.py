"""The stage of diversity: laws compared by rollout, and at each budget of samples more groups or more of each."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.artifacts_trainings import BALANCE, CELLS, DIVERSITY
from curation_scaling.errors import InputError
from curation_scaling.laws.columns import table_rows
from curation_scaling.laws.diversity.rollouts import fit_groups, rollouts
from curation_scaling.laws.fit import Fit
from curation_scaling.laws.groups import balance
from curation_scaling.laws.registry import law_named
from curation_scaling.layout import Layout
from curation_scaling.seeds import derive_seed
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study.diversity import JOINT
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import diversity_keys

_NEEDED = ("groups", "per_group", "unique_samples")


def compare_diversity(rerun: Rerun, layout: Layout) -> None:
    """Judge the laws, and write `laws/diversity`, `laws/diversity_cells` and `laws/diversity_balance`.

    Raises:
        InputError: if the points lack a column, all groups hold one sample, or a law is unknown.
    """
    part = rerun.diversity
    assert part is not None
    for i, law in enumerate(part.laws):
        try:
            law_named(law)
        except InputError as error:
            raise InputError(f"key diversity.laws[{i}]: {error}") from None
    points = group_points(read(layout.points, POINTS, study=rerun.study), part.table)
    fitted = points.filter(role="fitted")
    seed = derive_seed(rerun.seed, "diversity")
    fit = fit_groups(JOINT, fitted, part.floor, bootstrap=part.bootstrap, level=part.level, seed=seed)
    inputs = inputs_digest(diversity_keys(rerun), layout.points)
    for name, schema, frame in (
        ("diversity", DIVERSITY, rollouts(fitted, part.laws, part.floor)),
        ("diversity_cells", CELLS, cells(points, fit, part.budgets)),
        ("diversity_balance", BALANCE, balance_row(fit)),
    ):
        write(layout.law(name), schema, frame, study=rerun.study, inputs=inputs)


def group_points(points: pl.DataFrame, table: str) -> pl.DataFrame:
    """The rows of one table; raise InputError if they cannot tell groups from samples."""
    rows = table_rows(points, table, _NEEDED, "diversity.table")
    if rows["per_group"].max() == 1:
        raise InputError(
            f"key diversity.table: table {table!r} has groups of one sample alone, so that groups and samples are the "
            "same thing; add runs with several samples a group"
        )
    return rows


def cells(points: pl.DataFrame, fit: Fit, budgets: list[int]) -> pl.DataFrame:
    """Rows of `laws/diversity_cells`: every number of groups and samples of each; at each budget the best is marked.

    Raises:
        InputError: if a budget was not measured in two ways.
    """
    by = ["groups", "per_group", "role"]
    means = points.group_by(by).agg(measured=pl.mean("error"), se=pl.std("error") / pl.len().sqrt())
    means = means.with_columns(pl.col("groups", "per_group").cast(pl.Int64)).sort("groups", "per_group", "role")
    means = means.with_columns(budget=pl.col("groups") * pl.col("per_group"))
    means = means.hstack(fit.predict(means)).with_row_index("cell")
    draws = fit.predict_draws(means)
    best = {}
    for i, budget in enumerate(budgets):
        ways = means.filter(budget=budget)
        if ways.height < 2:
            raise InputError(
                f"key diversity.budgets[{i}]: {budget} samples were measured in {ways.height} ways, two are needed; "
                "choose another budget, or add groups and samples a group"
            )
        winners = draws[:, ways["cell"].to_numpy()].argmin(axis=1)
        for k, (cell, measured, predicted) in enumerate(ways.select("cell", "measured", "predicted").iter_rows()):
            share = float((winners == k).mean()) if winners.size else None
            best[cell] = (measured == ways["measured"].min(), predicted == ways["predicted"].min(), share)
    marked = pl.DataFrame(
        [(cell, *marks) for cell, marks in best.items()],
        schema={
            "cell": pl.UInt32,
            "measured_best": pl.Boolean,
            "predicted_best": pl.Boolean,
            "probability_best": pl.Float64,
        },
        orient="row",
    )
    return means.join(marked, on="cell", how="left", maintain_order="left").drop("cell")


def balance_row(fit: Fit) -> pl.DataFrame:
    """The row of `laws/diversity_balance`."""
    draws = balance(fit.theta_draws)
    ends = [(1 - fit.level) / 2, (1 + fit.level) / 2]
    # Replicates without a balance stand at 0: the quantiles are of single replicates, never between two.
    lower, upper = np.quantile(draws, ends, method="closest_observation") if draws.size else (None, None)
    return pl.DataFrame(
        {
            "per_group": [float(balance(fit.theta[None])[0])],
            "lower": pl.Series([lower], dtype=pl.Float64),
            "upper": pl.Series([upper], dtype=pl.Float64),
            "level": [fit.level],
            "always": pl.Series([float((draws == 0).mean()) if draws.size else None], dtype=pl.Float64),
        }
    )
