"""The recipe step by step: L(N), hyperbolas of steps and examples, the critical batch size, L(N, S)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.fit import fit_law
from curation_scaling.laws.recipe.curve import critical_batch, least_steps

Array = npt.NDArray[np.float64]
BATCHES, LEVELS = 3, 3  # least numbers of batch sizes, and of levels with a critical batch size
_SEEN = 0.01  # share of the steps that either part of a hyperbola must make somewhere


@dataclass(frozen=True)
class Found:
    """The constants by the recipe's steps, those of L(N, S) fitted at once, and the hyperbolas."""

    constants: dict[str, float]
    joint: dict[str, float]
    levels: pl.DataFrame


def find(points: pl.DataFrame, *, levels: int, burn_in: int) -> Found:
    """Follow the recipe of Su et al. 2024 (arXiv 2403.06563).

    1. L(N) = (N_c/N)^alpha_N, of each size's longest training. 2. At the size with the most batch sizes: at each of
    `levels` losses the steps S = S_min + E_min/B, then E_min/S_min = B_star / L^(1/alpha_B). 3. S_min of every
    evaluation, and L(N, S_min) with step 1 held. `joint` fits all four constants of step 3 at once instead.

    Args:
        points: params, batch_size, steps, error, a row an evaluation.
        levels: losses, evenly apart in their logs, inside the range that all batch sizes reach.
        burn_in: evaluations after fewer steps are left out.

    Raises:
        InputError: if there are too few sizes, batch sizes or levels for a step.
    """
    late = points.filter(pl.col("steps") >= burn_in)
    if late.is_empty():
        raise InputError(f"key recipe.burn_in: no evaluation comes after {burn_in} steps; lower it")
    first = _fit("model_size", "1 (model sizes)", longest(late))
    curves = batch_curves(late)
    hyperbolas = read_levels(curves, levels)
    sizes = hyperbolas.unique("loss", maintain_order=True).select("loss", error="b_crit")
    second = _fit("critical_batch", "2 (batch sizes)", sizes)
    made = late.with_columns(
        steps=pl.Series(least_steps(second, *(late[n].to_numpy() for n in ("error", "batch_size", "steps"))))
    )
    third = _fit("kaplan_steps", "3 (sizes and steps)", made, fixed=first)
    joint = _fit("kaplan_steps", "3 (sizes and steps)", made)
    law = pl.Series(critical_batch(second, hyperbolas["loss"].to_numpy()))
    return Found({**second, **third}, {**second, **joint}, hyperbolas.with_columns(b_law=law))


def longest(points: pl.DataFrame) -> pl.DataFrame:
    """The last evaluations of the training that each size came furthest in: most examples, then most steps."""
    seen = points.with_columns(examples=pl.col("steps") * pl.col("batch_size"))
    ends = seen.group_by("params").agg(pl.col("examples", "steps").top_k_by(["examples", "steps"], 1).first())
    return seen.join(ends, on=["params", "examples", "steps"], how="semi").sort("params", "batch_size")


def batch_curves(points: pl.DataFrame) -> pl.DataFrame:
    """The mean curves of the size with the most batch sizes: params, batch_size, steps, log_loss, a falling stretch.

    Raises:
        InputError: if no size was trained at enough batch sizes.
    """
    counts = points.group_by("params").agg(pl.col("batch_size").n_unique()).sort("batch_size", "params")
    params, most = counts.row(-1)
    if most < BATCHES:
        raise InputError(
            f"recipe: a hyperbola needs one model size at {BATCHES} batch sizes or more, the trainings have {most} at "
            "most; add some"
        )
    mean = (
        points.filter(params=params)
        .group_by("params", "batch_size", "steps")
        .agg(log_loss=pl.col("error").log().mean())
    )
    lowest = pl.col("log_loss").cum_min().over("batch_size")
    falling = mean.sort("batch_size", "steps").with_columns(lowest=lowest)
    before = pl.col("lowest").shift(1).over("batch_size")
    return falling.filter(before.is_null() | (pl.col("lowest") < before)).drop("lowest")


def read_levels(curves: pl.DataFrame, levels: int) -> pl.DataFrame:
    """Rows of `laws/recipe_levels` but for `b_law`: a hyperbola at each level, where it shows both its ends.

    Raises:
        InputError: if the batch sizes reach no loss in common, or too few levels show a critical batch size.
    """
    parts = {b: part for (b,), part in curves.group_by("batch_size", maintain_order=True)}
    high = min(part["log_loss"][0] for part in parts.values())
    low = max(part["log_loss"][-1] for part in parts.values())
    if high <= low:
        raise InputError("recipe: the batch sizes reach no loss in common; train the largest ones for longer")
    sizes = np.array([float(b) for b in parts])
    rows = []
    for level in np.linspace(high, low, levels + 2)[1:-1]:
        steps = np.exp(
            [np.interp(-level, -p["log_loss"].to_numpy(), np.log(p["steps"].to_numpy())) for p in parts.values()]
        )
        frame = pl.DataFrame({"batch_size": sizes, "error": steps})
        fit = fit_law("batch_steps", frame, loss="log_mse", bootstrap=0)
        s_min, e_min = (float(v) for v in fit.theta)
        share = s_min / (s_min + e_min / sizes)
        if share.max() < _SEEN or share.min() > 1 - _SEEN:
            continue
        rows.append(
            frame.select(
                params=pl.lit(float(curves["params"][0])),
                loss=pl.lit(float(np.exp(level))),
                batch_size="batch_size",
                steps="error",
                predicted=pl.Series(s_min + e_min / sizes),
                s_min=pl.lit(s_min),
                e_min=pl.lit(e_min),
                b_crit=pl.lit(e_min / s_min),
            )
        )
    if len(rows) < LEVELS:
        raise InputError(
            f"recipe: {len(rows)} of {levels} levels of the loss show a critical batch size, {LEVELS} are needed; add "
            "batch sizes below and above it"
        )
    return pl.concat(rows)


def _fit(law: str, step: str, runs: pl.DataFrame, fixed: dict[str, float] | None = None) -> dict[str, float]:
    try:
        fit = fit_law(law, runs, loss="log_mse", bootstrap=0, fixed=fixed)
    except InputError as error:
        raise InputError(f"recipe, step {step}: {error}") from None
    return dict(zip(fit.law.names, map(float, fit.theta), strict=True))
