"""Budgets in samples, tokens or FLOPs, and how far beyond the observed compute they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.fit import Array
from curation_scaling.laws.selection import largest_model
from curation_scaling.study import Study

FAR = 4.0  # times the largest observed compute: beyond it a prediction is a guess


@dataclass(frozen=True)
class BudgetAxis:
    """Budgets as samples seen, shape (budgets,), and the training FLOPs of one sample where they are known.

    most: the largest compute of any run, in samples seen by the model that the budgets are for.
    """

    samples: Array
    flops_per_sample: float | None
    most: float

    def flops(self, samples: float) -> float | None:
        """Training FLOPs of so many samples."""
        return None if self.flops_per_sample is None else samples * self.flops_per_sample

    def reach(self, samples: float) -> float:
        """Compute of so many samples as a multiple of the largest observed."""
        return samples / self.most


def budget_axis(study: Study, runs: pl.DataFrame) -> BudgetAxis:
    """The study's budgets in samples seen.

    Raises:
        InputError: if budgets are FLOPs and neither the study nor the runs know what a sample costs, or if budgets are
            tokens and a sample's tokens are not given.
    """
    asked = study.frontier
    tokens = asked.tokens_per_sample or (1.0 if study.unit == "tokens" else None)
    runs = largest_model(runs)
    observed = _cost_of_runs(runs)
    cost = observed
    if asked.flops_per_sample is not None:
        cost = asked.flops_per_sample
    elif asked.params is not None:
        cost = 6.0 * asked.params * (tokens or 1.0)
    budgets = np.asarray(asked.budgets, float)
    if asked.unit == "tokens":
        if tokens is None:
            raise InputError("key frontier.tokens_per_sample is missing: budgets in tokens need it, or use samples")
        budgets = budgets / tokens
    elif asked.unit == "flops":
        if cost is None:
            raise InputError(
                "key frontier.unit: budgets in flops need runs with one known cost a sample; give frontier.params, "
                "frontier.flops_per_sample or the runs' params, or use samples"
            )
        budgets = budgets / cost
    return BudgetAxis(budgets, cost, _most(runs, cost, observed))


def _cost_of_runs(runs: pl.DataFrame) -> float | None:
    """FLOPs a sample, where the runs know them and agree."""
    costs = (runs["flops"] / runs["samples_seen"]).drop_nulls()
    low, high = (costs.min(), costs.max()) if len(costs) else (None, None)
    single = isinstance(low, float) and isinstance(high, float) and high <= 1.001 * low
    return float(costs.median()) if single else None  # type: ignore[arg-type]


def _most(runs: pl.DataFrame, cost: float | None, observed: float | None) -> float:
    """The largest observed compute, as samples seen at `cost` each where the runs' own cost is known."""
    seen = float(runs["samples_seen"].max())  # type: ignore[arg-type]
    if cost is None or observed is None:
        return seen
    return seen * observed / cost
