"""The numbers of checks of the parts `recipe` and `diversity`, from their artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from curation_scaling.errors import InputError, listed
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.study.diversity import DiversityBalanceCheck, DiversityChecks, DiversityRolloutCheck
from curation_scaling.study.recipe import RecipeCheck, RecipeChecks, RecipeTrajectoryCheck


def part_numbers(check: RecipeChecks | DiversityChecks, tables: Mapping[str, pl.DataFrame]) -> Iterator[Number]:
    """Compute a check's numbers; `tables` holds the parts' artifacts by their files' names.

    Raises:
        InputError: if it names a law that is not there, or nothing was held out.
    """
    match check:
        case RecipeCheck():
            rows = {row["constant"]: row for row in tables["recipe"].filter(step=check.step).iter_rows(named=True)}
            for name, published in check.published.items():
                row = rows[name]
                bounds = row["lower"], row["upper"]
                words = "" if check.step == "steps" else ", joint fit"
                yield Number(f"{name} ({row['unit']}){words}", published, row["estimate"], *bounds, row["level"])
        case RecipeTrajectoryCheck():
            held = tables["recipe_trajectories"].filter("judged", role="held_out").drop_nulls(check.method)
            if held.is_empty():
                raise InputError("no training is held out after the burn-in; set held_out of one, or mend burn_in")
            gap = (pl.col(check.method) / pl.col("error")).log() ** 2
            refit = float(held.select(gap.mean().sqrt()).item())
            yield Number(check.quantity, check.published, refit, tolerance=check.tolerance)
        case DiversityRolloutCheck():
            judged = tables["diversity"].filter(law=check.law, axis=check.axis)
            if judged.is_empty():
                known = listed(check.law, tables["diversity"]["law"].unique().sort())
                raise InputError(f"law {check.law!r} is not among diversity.laws; these are: {known}")
            if judged["rmse"][0] is None:
                raise InputError(f"law {check.law} could not be judged along {check.axis}: {judged['note'][0]}")
            yield Number(check.quantity, check.published, judged["rmse"][0], tolerance=check.tolerance)
        case DiversityBalanceCheck():
            row = tables["diversity_balance"].row(0, named=True)
            bounds = row["lower"], row["upper"]
            yield Number(check.quantity, check.published, row["per_group"], *bounds, row["level"], check.tolerance)
