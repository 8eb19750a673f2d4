"""Fits as artifacts: what a fit writes, and the law that can be evaluated again from it without refitting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.fit import Array, Fit
from curation_scaling.laws.goyal import GoyalEq3
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.repetition_law import RepetitionLaw

_BOUND = "at a bound, at the estimate or in some replicates"
_ENTANGLED = "the other parameters can make up for it"
N0 = "n0"  # a constant of the law, stored beside its parameters


def fit_rows(fit: Fit) -> pl.DataFrame:
    """Rows of `laws/fits`: every parameter with its interval, and the constant n0 where the law has one."""
    law = _repetition_law(fit)
    fixed = pl.col("method") == "fixed"
    rows = fit.parameters.with_columns(
        law=pl.lit(law.name),
        pool=pl.col("parameter").str.extract(r"\[(.*)\]$"),
        level=pl.lit(fit.level),
        fixed=fixed,
        flags=pl.when(fixed)
        .then(pl.lit(""))
        .when(pl.Series(fit.near_bound))
        .then(pl.lit(_BOUND))
        .when(pl.Series(fit.weak))
        .then(pl.lit(_ENTANGLED))
        .otherwise(pl.lit("")),
        lower=pl.when(fixed).then(None).otherwise("lower"),
        upper=pl.when(fixed).then(None).otherwise("upper"),
    )
    if not isinstance(law, GoyalEq3):
        return rows
    constant: dict[str, Any] = {
        "parameter": N0,
        "pool": None,
        "lower": None,
        "upper": None,
        "unit": "samples",
        "flags": "",
    }
    constant |= {"estimate": law.n0, "at_bound": False, "fixed": True, "method": "declared"}
    types = {name: rows.schema[name] for name in constant}
    return pl.concat([rows, rows.head(1).with_columns(**{k: pl.lit(v, types[k]) for k, v in constant.items()})])


def draw_rows(fit: Fit) -> pl.DataFrame:
    """Rows of `laws/draws`: one a replicate and parameter."""
    return (
        fit.draws.with_row_index("replicate")
        .with_columns(pl.col("replicate").cast(pl.Int32), law=pl.lit(fit.law.name))
        .unpivot(index=["law", "replicate"], variable_name="parameter", value_name="value")
    )


@dataclass(frozen=True)
class SavedFit:
    """A repetition law with its estimate (1, parameters) and its bootstrap draws (draws, parameters)."""

    law: RepetitionLaw
    theta: Array
    draws: Array

    def with_gamma(self, gamma: float) -> SavedFit:
        """The same fit under another rule for mixtures."""
        theta, draws = self.theta.copy(), self.draws.copy()
        theta[:, self.law.gamma_at] = draws[:, self.law.gamma_at] = gamma
        return replace(self, theta=theta, draws=draws)


def load_fit(name: str, fits: pl.DataFrame, draws: pl.DataFrame) -> SavedFit:
    """Rebuild the fit of law `name` from the rows of `laws/fits` and `laws/draws`."""
    rows = fits.filter(law=name)
    if rows.is_empty():
        raise InputError(f"laws/fits holds no fit of {name!r}: add it to laws.names")
    law = law_named(name)
    assert isinstance(law, RepetitionLaw)
    estimates = dict(rows.select("parameter", "estimate").iter_rows())
    pools = tuple(sorted({pool for pool in rows["pool"] if pool is not None}))
    law = replace(law, pools=pools)
    if isinstance(law, GoyalEq3):
        law = replace(law, n0=estimates[N0])
    table = draws.filter(law=name).pivot("parameter", index="replicate", values="value").sort("replicate")
    theta = np.array([[estimates[name] for name in law.names]])
    return SavedFit(law, theta, table.select(law.names).to_numpy())


def _repetition_law(fit: Fit) -> RepetitionLaw:
    assert isinstance(fit.law, RepetitionLaw)
    return fit.law
