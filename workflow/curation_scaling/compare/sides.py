"""The comparison itself: frontiers over one another, differences with intervals, crossings, dominance.

Differences are taken draw by draw. Where two sides resample the same data their draws are shared: draw k of the one
belongs to draw k of the other, and what both have in common cancels. Else each side's draws are put in a random order
of their own, so that nothing is paired that does not belong together (as in Nezhurina et al. 2025, arXiv 2506.04598,
whose procedures are fitted apart).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.compare.side import FLOPS, SAMPLES, Forecast, Side
from curation_scaling.errors import InputError
from curation_scaling.frontier.switches import GRID, crossing, finite
from curation_scaling.laws.fit import Array
from curation_scaling.seeds import derive_seed

Row = dict[str, Any]
Order = npt.NDArray[np.int64]
ANSWER = "answer"
_SIGNIFICANT = 12  # digits by which two budgets are the same


@dataclass(frozen=True)
class Compared:
    """Sides with the tables of `artifacts_compare`; sharing says in words whose draws are shared, and why."""

    sides: tuple[Side, ...]
    axis: str
    sharing: tuple[str, ...]
    parameters: pl.DataFrame
    frontiers: pl.DataFrame
    differences: pl.DataFrame
    crossings: pl.DataFrame


def compare_sides(sides: Sequence[Side], budgets: Sequence[float] = ()) -> Compared:
    """Compare two or more sides.

    Args:
        sides: all of one unit and one metric.
        budgets: budgets to decide for, on the common axis; default those of the studies that all sides cover.

    Raises:
        InputError: if the sides cannot be compared; the sentence says why.
    """
    _check(sides)
    axis = _common_axis(sides)
    low = max(side.low * side.scales[axis] for side in sides)
    high = min(side.high * side.scales[axis] for side in sides)
    if not low < high:
        ranges = "; ".join(f"{s.name} {s.low * s.scales[axis]:.4g} to {s.high * s.scales[axis]:.4g}" for s in sides)
        raise InputError(f"the sides share no range of {axis} ({ranges}): give the studies budgets in one range")
    asked = _asked(sides, axis, low, high, budgets)
    grid = np.unique(np.concatenate([np.geomspace(low, high, GRID), asked]))
    orders = [_order(side) for side in sides]
    count = min(order.size for order in orders)
    drawn = {
        (side.name, law): _forecast(side, axis, grid, law, order[:count])
        for side, order in zip(sides, orders, strict=True)
        for law in side.fits
    }
    level = min(side.level for side in sides)
    pairs = list(combinations(range(len(sides)), 2))
    differences, parameters = [], []
    crossings: list[Row] = []
    for i, j in pairs:
        first, second = sides[i], sides[j]
        for rule, law_i, law_j in _rules(first, second):
            one, other = drawn[first.name, law_i], drawn[second.name, law_j]
            key: Row = {"first": first.name, "second": second.name, "rule": rule}
            differences.append(_differences(grid, asked, one, other, level).with_columns(**_literals(key)))
            crossings.append(key | _crossing(grid, one, other, level, (first.name, second.name)))
        parameters += list(_parameters(first, second, orders[i][:count], orders[j][:count], level))
    return Compared(
        tuple(sides),
        axis,
        tuple(_sharing(sides[i], sides[j]) for i, j in pairs),
        pl.DataFrame(parameters, schema=_PARAMETERS),
        _frontiers(sides, axis, grid, asked, drawn, level),
        pl.concat(differences),
        pl.DataFrame(crossings, schema_overrides={"budget": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}),
    )


def _check(sides: Sequence[Side]) -> None:
    if len(sides) < 2:
        raise InputError("a comparison needs two sides or more: name two studies")
    names = [side.name for side in sides]
    for i, side in enumerate(sides):
        if side.name in names[:i]:
            raise InputError(f"{side.name} stands there twice: name two different studies")
        for what in ("unit", "metric"):
            mine, theirs = getattr(side, what), getattr(sides[0], what)
            if mine != theirs:
                raise InputError(
                    f"{sides[0].name} measures {theirs}, {side.name} measures {mine}: only studies of one {what} can "
                    "be compared"
                )
        for other in sides[:i]:
            if common := side.runs & other.runs:
                raise InputError(
                    f"{other.name} and {side.name} are fitted to {len(common)} runs in common, but as if they were "
                    "independent: compare fits of tables that share no run"
                )


def _common_axis(sides: Sequence[Side]) -> str:
    for axis in (FLOPS, SAMPLES):
        if all(axis in side.scales for side in sides):
            return axis
    without = next(side.name for side in sides if FLOPS not in side.scales)
    raise InputError(f"{without} knows no FLOPs, and the others know no samples: the sides share no axis")


def _asked(sides: Sequence[Side], axis: str, low: float, high: float, budgets: Sequence[float]) -> Array:
    for budget in budgets:
        if not low * (1 - 1e-9) <= budget <= high * (1 + 1e-9):
            raise InputError(f"budget {budget:g} is outside {low:.4g} to {high:.4g} {axis}, which all sides cover")
    found = list(budgets)
    if not found:
        found = [b * side.scales[axis] for side in sides for b in side.budgets]
        found = [b for b in found if low * (1 - 1e-9) <= b <= high * (1 + 1e-9)]
    if not found:  # fits know no budgets of their own
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [b for d in decades for b in (1.0 * 10.0**d, 3.0 * 10.0**d) if low <= b <= high] or [low, high]
    rounded = {float(f"{b:.{_SIGNIFICANT}g}"): min(max(b, low), high) for b in sorted(found)}
    return np.array(sorted(rounded.values()))


def _order(side: Side) -> Order:
    """The order of a side's draws: the same for all that resample the same data, else one of its own."""
    count = side.answer.draws.shape[0]
    identity = [f"{key}={value}" for key, value in sorted(side.joint.items())]
    return np.random.Generator(np.random.PCG64(derive_seed(0, "compare", *identity))).permutation(count)


def _sharing(first: Side, second: Side) -> str:
    names = f"{first.name} and {second.name}"
    if first.joint == second.joint:
        same = "both resample the same draws of the same data, so what they have in common cancels"
        return f"{names} share their draws: {same}."
    alone = first.why_alone or second.why_alone
    if not alone:
        keys = [key for key in first.joint if first.joint[key] != second.joint.get(key)]
        alone = f"the studies differ in {', '.join(keys)}"
    return f"{names} have independent draws: {alone}."


def _forecast(side: Side, axis: str, grid: Array, law: str, order: Order) -> Forecast:
    found = side.on(axis, grid, law)
    return found._replace(draws=found.draws[order])


def _rules(first: Side, second: Side) -> Iterator[tuple[str, str, str]]:
    """What is compared: the two answers, then under each law that both have fitted."""
    yield ANSWER, first.main, second.main
    for law in first.fits:
        if law in second.fits:
            yield law, law, law


def _differences(grid: Array, asked: Array, one: Forecast, other: Forecast, level: float) -> pl.DataFrame:
    draws = other.draws - one.draws
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pl.DataFrame(
        {
            "budget": grid,
            "asked": np.isin(grid, asked),
            "difference": other.estimate - one.estimate,
            "lower": lower,
            "upper": upper,
            "probability_second": (draws < 0).mean(axis=0) + 0.5 * (draws == 0).mean(axis=0),
        }
    )


def _crossing(grid: Array, one: Forecast, other: Forecast, level: float, names: tuple[str, str]) -> Row:
    gain, gains = one.estimate - other.estimate, one.draws - other.draws  # above 0: the second is better
    ahead = gain > 0
    second_last = bool(ahead[-1])
    turned, each = (gain, gains) if second_last else (-gain, -gains)
    changes = int(np.count_nonzero(np.diff(ahead)))
    budget, lower, upper = None, None, None
    if changes:
        budget = finite(crossing(grid, turned))
        found = np.array([crossing(grid, row) for row in each])
        # Order statistics, not interpolation: infinite crossings must not mix with finite ones.
        bounds = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], method="closest_observation")
        lower, upper = (finite(bound) for bound in bounds)
    always, never = (gains > 0).all(axis=1), (gains <= 0).all(axis=1)
    return {
        "ahead_low": names[int(ahead[0])],
        "ahead_high": names[int(second_last)],
        "crossings": changes,
        "budget": budget,
        "lower": lower,
        "upper": upper,
        "share_crossing": float((~always & ~never).mean()),
        "share_first": float(never.mean()),
        "share_second": float(always.mean()),
    }


_PARAMETERS = {
    **dict.fromkeys(("first", "second", "law", "parameter", "unit"), pl.String),
    **dict.fromkeys(("first_estimate", "second_estimate", "difference", "lower", "upper", "level"), pl.Float64),
    "probability_lower": pl.Float64,
    "flags": pl.String,
}


def _parameters(first: Side, second: Side, one: Order, other: Order, level: float) -> Iterator[Row]:
    """Parameters that both sides fitted under one law; what is a constant in both is left out."""
    for law, mine in first.fits.items():
        theirs = second.fits.get(law)
        if theirs is None or np.array_equal(mine.draws, theirs.draws):  # candidates of one study stand on one fit
            continue
        places = {name: i for i, name in enumerate(theirs.parameters["parameter"])}
        for i, row in enumerate(mine.parameters.iter_rows(named=True)):
            name = row["parameter"]
            if name not in places:
                continue
            twin = theirs.parameters.row(places[name], named=True)
            if row["fixed"] and twin["fixed"]:
                continue
            draws = theirs.draws[other, places[name]] - mine.draws[one, i]
            lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
            flags = [f"{s.name}: {r['flags']}" for s, r in ((first, row), (second, twin)) if r["flags"]]
            yield {
                "first": first.name,
                "second": second.name,
                "law": law,
                "parameter": name,
                "unit": row["unit"],
                "first_estimate": row["estimate"],
                "second_estimate": twin["estimate"],
                "difference": twin["estimate"] - row["estimate"],
                "lower": float(lower),
                "upper": float(upper),
                "level": level,
                "probability_lower": float((draws < 0).mean() + 0.5 * (draws == 0).mean()),
                "flags": "; ".join(flags),
            }


def _frontiers(
    sides: Sequence[Side],
    axis: str,
    grid: Array,
    asked: Array,
    drawn: dict[tuple[str, str], Forecast],
    level: float,
) -> pl.DataFrame:
    found = [drawn[side.name, side.main] for side in sides]
    errors = np.stack([f.draws for f in found])
    least = errors == errors.min(axis=0)
    votes = (least / least.sum(axis=0)).mean(axis=1)
    frames = []
    for side, forecast, vote in zip(sides, found, votes, strict=True):
        lower, upper = np.quantile(forecast.draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
        frame = pl.DataFrame(
            {
                "budget": grid,
                "asked": np.isin(grid, asked),
                "choice": forecast.choice,
                "predicted": forecast.estimate,
                "lower": lower,
                "upper": upper,
                "probability_best": vote,
                "reach": grid / side.scales[axis] / side.reached,
            }
        )
        frames.append(frame.with_columns(**_literals({"side": side.name, "law": side.main, "axis": axis})))
    return pl.concat(frames)


def _literals(values: Row) -> dict[str, pl.Expr]:
    return {name: pl.lit(value) for name, value in values.items()}
