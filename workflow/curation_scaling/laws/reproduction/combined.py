"""Several laws weighed together, one prediction a run: the weights of a group, and what they say of rows held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.extrapolate import Extrapolation, extrapolate
from curation_scaling.laws.law import Law
from curation_scaling.laws.reproduction.made import FITTED, HELD_OUT
from curation_scaling.laws.rollout import compute_of
from curation_scaling.study.rerun import FitOf

RUN = "run_id"


@dataclass(frozen=True)
class CombinedFit:
    """One run, extrapolated with the weights that its group shares."""

    run_id: str
    group: str
    shared: Extrapolation
    reach: float  # largest fitted compute
    held_out: pl.DataFrame

    @cached_property
    def predictions(self) -> pl.DataFrame:
        """The held-out points with their distance (compute / largest fitted compute) and predicted error."""
        law = self.shared.curves[self.run_id].laws[0]
        predicted = self.shared.predict(self.held_out) if self.held_out.height else np.empty(0)
        return self.held_out.with_columns(
            distance=pl.Series(compute_of(law, self.held_out) / self.reach, dtype=pl.Float64),
            predicted=pl.Series(predicted, dtype=pl.Float64),
        )


def combine(laws: list[Law], rows: pl.DataFrame, spec: FitOf) -> list[CombinedFit]:
    """Weigh the laws anew in each group of runs; the rows held out are never seen.

    Raises InputError when no law can be fitted to a run.
    """
    found = []
    for part in rows.partition_by("group", maintain_order=True):
        fitted = part.filter(role=FITTED)
        bare = [run for run in part[RUN].unique(maintain_order=True) if run not in set(fitted[RUN])]
        if bare:
            raise InputError(f"run {bare[0]!r} has no fitted row: mend the table's fitted")
        shared = extrapolate(fitted, laws, curve=RUN, loss=spec.loss, delta=spec.delta)
        for run in part.partition_by(RUN, maintain_order=True):
            name = run[RUN][0]
            reach = float(compute_of(shared.curves[name].laws[0], run.filter(role=FITTED)).max())
            found.append(CombinedFit(name, run["group"][0] or "", shared, reach, run.filter(role=HELD_OUT)))
    return found


def weight_rows(spec: FitOf, fits: list[CombinedFit]) -> pl.DataFrame:
    """Rows of `laws/fits`: the weight of each candidate in each group, `weight of LAW (moved)[group]`."""
    groups = {fit.group: fit.shared for fit in fits}
    rows = pl.concat(shared.table.with_columns(group=pl.lit(group)) for group, shared in groups.items())
    moved = pl.when("moved").then(pl.lit(" moved")).otherwise(pl.lit(""))
    of_group = pl.when(pl.col("group") == "").then(pl.lit("")).otherwise(pl.lit("[") + pl.col("group") + "]")
    nothing = pl.lit(None, pl.Float64)
    return rows.select(
        law=pl.lit(spec.name),
        parameter=pl.lit("weight of ") + pl.col("law") + moved + of_group,
        pool=pl.col("group"),
        estimate=pl.col("weight"),
        lower=nothing,
        upper=nothing,
        level=pl.lit(spec.level),
        unit=pl.lit("1"),
        at_bound=pl.lit(False),
        fixed=pl.lit(False),
        method=pl.lit("rollout, pooled over the group's runs"),
        flags=pl.lit(""),
    )


def describe_weights(fits: list[CombinedFit]) -> str:
    """The weights in words, one line a group."""
    lines = []
    for group, shared in {fit.group: fit.shared for fit in fits}.items():
        told = [
            f"{law}{' moved' if moved else ''} {weight:.3f}"
            for law, moved, _, weight in shared.table.sort("weight", descending=True).iter_rows()
        ]
        lines.append(f"  {group or 'all runs'}, {len(shared.curves)} runs, weights: {', '.join(told)}\n")
    return "".join(lines)
