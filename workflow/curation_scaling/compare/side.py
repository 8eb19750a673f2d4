"""One side of a comparison: what it predicts along the budget axis, with its parameters, under one or more laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl

from curation_scaling.laws.fit import Array

FLOPS, SAMPLES = "flops", "samples_seen"


class Forecast(NamedTuple):
    """What is taken at each budget, and its error: of the estimate, (budgets,), and of the draws, (draws, budgets)."""

    choice: list[str]
    estimate: Array
    draws: Array


@dataclass(frozen=True)
class Fitted:
    """One law as one side fitted it: its forecast along the side's own axis, and its parameters.

    parameters: rows parameter, unit, estimate, fixed, flags. draws: (draws, parameters), in their order.
    """

    law: str
    forecast: Callable[[Array], Forecast]
    parameters: pl.DataFrame
    draws: Array


@dataclass(frozen=True)
class Side:
    """One side.

    scales: axis -> its units in one unit of the side's own axis; low, high and reached are in the side's own units: the
    budgets that it covers, and its largest observed compute. joint: what two sides must share so that their draws
    resample the same data; why_alone: why the draws cannot be shared with another study's, or "".
    """

    name: str
    title: str
    unit: str
    metric: str
    main: str
    fits: Mapping[str, Fitted]
    scales: Mapping[str, float]
    low: float
    high: float
    reached: float
    level: float
    joint: Mapping[str, str] = field(default_factory=dict)
    why_alone: str = ""
    budgets: tuple[float, ...] = ()
    runs: frozenset[str] = frozenset()

    @property
    def answer(self) -> Fitted:
        """The law that the side answers with."""
        return self.fits[self.main]

    def on(self, axis: str, budgets: Array, law: str) -> Forecast:
        """Forecast at budgets of the common axis."""
        return self.fits[law].forecast(np.asarray(budgets, float) / self.scales[axis])
