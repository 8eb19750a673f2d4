"""What the perceptron theory says of a set of pruned pools, with no free parameter: where it stands beside the runs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
from scipy.optimize import brentq

from curation_scaling.laws.perceptron.solve import solve

_LEAST, _MOST = 0.05, 1e4  # examples a dimension that are looked at
_ENDS = ("hard", "easy")


def with_theory(curves: pl.DataFrame) -> pl.DataFrame:
    """Rows of `pruning/curves` with `theory`: error minus that of a random choice, as the theory has it; else null.

    A pool of some initial size stands for as many examples a dimension as give a student of the theory the measured
    error on everything (Sorscher et al. 2022, a perfect probe): two classes, so null where that error is .5 or more,
    and for other ends than hard and easy.
    """
    whole = dict(curves.filter(pl.col("fraction") == 1).select("initial", "error").iter_rows())
    found = [
        expected_gain(whole[initial], fraction, keep)
        if initial in whole and metric != "random" and keep in _ENDS and fraction < 1
        else None
        for initial, metric, keep, fraction in curves.select("initial", "metric", "keep", "fraction").iter_rows()
    ]
    return curves.with_columns(theory=pl.Series(found, dtype=pl.Float64))


@lru_cache
def expected_gain(error: float, fraction: float, keep: str) -> float | None:
    """Error of keeping the hard or easy `fraction` minus that of a random one, where everything gives `error`."""
    examples = examples_a_dimension(error)
    if examples is None:
        return None
    pruned = solve(examples, fraction, keep="hard" if keep == "hard" else "easy")
    return pruned.error - solve(examples * fraction, 1.0).error


@lru_cache
def examples_a_dimension(error: float) -> float | None:
    """Examples a dimension at which the student's test error is `error`; None where none of 0.05 to 10,000 gives it."""

    def above(log_examples: float) -> float:
        return solve(float(np.exp(log_examples)), 1.0).error - error

    ends = np.log([_LEAST, _MOST])
    if above(ends[0]) < 0 or above(ends[1]) > 0:
        return None
    return float(np.exp(brentq(above, *ends, xtol=1e-6)))
