"""The stage of the recipe: constants with intervals, hyperbolas, and the curves of trainings that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.artifacts_trainings import LEVELS, RECIPE, TRAJECTORIES
from curation_scaling.laws.batch import CriticalBatch, KaplanSteps
from curation_scaling.laws.columns import table_rows
from curation_scaling.laws.recipe.curve import solve_loss
from curation_scaling.laws.recipe.steps import Found, find
from curation_scaling.layout import Layout
from curation_scaling.store import inputs_digest, read, write
from curation_scaling.study.recipe import Recipe
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import recipe_keys

Array = npt.NDArray[np.float64]
_NEEDED = ("params", "batch_size", "steps")
_PARAMETERS = (*KaplanSteps.parameters, *CriticalBatch.parameters)


def follow_recipe(rerun: Rerun, layout: Layout) -> None:
    """Find the constants, and write `laws/recipe`, `laws/recipe_levels` and `laws/recipe_trajectories`.

    Raises:
        InputError: if the points lack a column, or do not carry a step of the recipe.
    """
    part = rerun.recipe
    assert part is not None
    points = table_rows(read(layout.points, POINTS, study=rerun.study), part.table, _NEEDED, "recipe.table")
    found, without = repeated(points.filter(role="fitted"), part)
    known = rerun.simulation.constants.model_dump() if rerun.simulation else {}
    constants = pl.concat([constant_rows(step, found, without, part.level, known) for step in ("steps", "joint")])
    inputs = inputs_digest(recipe_keys(rerun), layout.points)
    for name, schema, frame in (
        ("recipe", RECIPE, constants),
        ("recipe_levels", LEVELS, found.levels),
        ("recipe_trajectories", TRAJECTORIES, trajectories(points, found, without, part)),
    ):
        write(layout.law(name), schema, frame, study=rerun.study, inputs=inputs)


def repeated(points: pl.DataFrame, part: Recipe) -> tuple[Found, list[Found]]:
    """The recipe on all fitted points, and without each draw in turn where there are several."""
    draws = points["draw"].unique().sort().to_list() if "draw" in points.columns else []
    parts = [points.filter(pl.col("draw") != draw) for draw in draws] if len(draws) > 1 else []
    found, *without = (find(p, levels=part.levels, burn_in=part.burn_in) for p in (points, *parts))
    return found, without


def interval(estimate: Array, without: Array, level: float) -> tuple[Array, Array]:
    """The delete-one jackknife over draws with Student's quantile: bounds (rows,) from `without` (draws, rows)."""
    if not len(without):
        nothing = np.full(estimate.shape, np.nan)
        return nothing, nothing
    draws = len(without)
    error = np.sqrt((draws - 1) / draws * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    room = float(stdtrit(draws - 1, (1 + level) / 2)) * error
    return estimate - room, estimate + room


def constant_rows(
    step: str, found: Found, without: Sequence[Found], level: float, known: Mapping[str, float]
) -> pl.DataFrame:
    """Rows of `laws/recipe`: intervals are of the logs of the constants."""
    names = [parameter.name for parameter in _PARAMETERS]
    logs = np.log([_of(found, step)[name] for name in names])
    others = np.log([[_of(one, step)[name] for name in names] for one in without]).reshape(-1, len(names))
    lower, upper = interval(logs, others, level)
    return pl.DataFrame(
        {
            "step": step,
            "constant": names,
            "estimate": np.exp(logs),
            "lower": np.exp(lower),
            "upper": np.exp(upper),
            "level": level,
            "unit": [parameter.unit for parameter in _PARAMETERS],
            "known": pl.Series([known.get(name) for name in names], dtype=pl.Float64),
        },
        nan_to_null=True,
    )


def trajectories(points: pl.DataFrame, found: Found, without: Sequence[Found], part: Recipe) -> pl.DataFrame:
    """Rows of `laws/recipe_trajectories`: every training's mean curve beside what the recipe foretells."""
    cell = ["role", "params", "batch_size", "steps"]
    mean = points.group_by(cell).agg(error=pl.col("error").log().mean().exp(), draws=pl.len()).sort(cell)
    where = [mean[name].to_numpy() for name in cell[1:]]
    logs = np.log(solve_loss(found.constants, *where))
    others = np.array([np.log(solve_loss(one.constants, *where)) for one in without]).reshape(-1, logs.size)
    lower, upper = interval(logs, others, part.level)
    rows = mean.with_columns(
        run=pl.format("{} parameters, batch {}", *(pl.col(n).cast(pl.Int64) for n in ("params", "batch_size"))),
        draws=pl.col("draws").cast(pl.Int64),
        judged=pl.col("steps") >= part.burn_in,
        predicted=pl.Series(np.exp(logs)),
        lower=pl.Series(np.exp(lower)),
        upper=pl.Series(np.exp(upper)),
        joint=pl.Series(solve_loss(found.joint, *where)),
        last=pl.Series(_last(mean), dtype=pl.Float64),
    )
    return rows.with_columns(pl.col("lower", "upper", "last").fill_nan(None))


def _last(mean: pl.DataFrame) -> Array:
    """The loss of the largest fitted size after as many examples, at the nearest batch size; NaN beyond its curve."""
    fitted = mean.filter(role="fitted")
    largest = fitted.filter(pl.col("params") == pl.col("params").max())
    sizes = largest["batch_size"].unique().sort().to_numpy()
    values = np.full(mean.height, np.nan)
    for i, row in enumerate(mean.iter_rows(named=True)):
        nearest = sizes[np.argmin(np.abs(np.log(sizes / row["batch_size"])))]
        curve = largest.filter(batch_size=nearest).sort("steps")
        seen = np.log(curve["steps"].to_numpy() * nearest)
        at = np.log(row["steps"] * row["batch_size"])
        values[i] = np.exp(np.interp(at, seen, np.log(curve["error"].to_numpy()), left=np.nan, right=np.nan))
    return values


def _of(found: Found, step: str) -> dict[str, float]:
    return found.constants if step == "steps" else found.joint
