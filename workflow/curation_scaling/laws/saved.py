"""Fits as artifacts: what a fit writes, and the law that can be evaluated again from it without refitting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array, Fit
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.repetition_law import RepetitionLaw

_BOUND = "at a bound, at the estimate or in some replicates"
DECLARED = "declared"  # a constant of the law, stored beside its parameters
_ENTANGLED = "the other parameters can make up for it"
_OUTSIDE = "outside the interval of its own replicates"


def fit_rows(fit: Fit) -> pl.DataFrame:
    """Rows of `laws/fits`: every parameter with its interval, and the law's declared constants."""
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
        .when(pl.Series(fit.outside))
        .then(pl.lit(_OUTSIDE))
        .otherwise(pl.lit("")),
        lower=pl.when(fixed).then(None).otherwise("lower"),
        upper=pl.when(fixed).then(None).otherwise("upper"),
    )
    declared = {"pool": None, "lower": None, "upper": None, "level": fit.level, "at_bound": False, "fixed": True}
    constants = [
        {
            **declared,
            "law": law.name,
            "parameter": name,
            "estimate": value,
            "unit": unit,
            "method": DECLARED,
            "flags": "",
        }
        for name, (value, unit) in law.constants.items()
    ]
    return pl.concat([rows, pl.DataFrame(constants, schema=rows.schema)])


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

    def forecast(self, found: list[Mixture], which: npt.NDArray[np.intp], samples: Array) -> tuple[Array, Array]:
        """Return predicted errors of the estimate, (rows,), and of the draws, (draws, rows).

        found: distinct mixtures; which and samples: the mixture and the samples seen of each row, both (rows,).
        """
        design = self.law.curves(found, which, samples)
        return self.law.predict(self.theta, design)[0], self.law.predict(self.draws, design)

    @property
    def gamma(self) -> float:
        """The rule for mixtures."""
        return float(self.theta[0, self.law.gamma_at])

    def with_gamma(self, gamma: float, draws: float | Array | None = None) -> SavedFit:
        """The same fit under another rule for mixtures; draws: one gamma a draw, (draws,), where it is not known."""
        theta, moved = self.theta.copy(), self.draws.copy()
        theta[:, self.law.gamma_at] = gamma
        moved[:, self.law.gamma_at] = gamma if draws is None else draws
        return replace(self, theta=theta, draws=moved)


def saved(fit: Fit) -> SavedFit:
    """What of a fit is saved."""
    return SavedFit(_repetition_law(fit), fit.theta[None], fit.theta_draws)


def load_fit(name: str, fits: pl.DataFrame, draws: pl.DataFrame) -> SavedFit:
    """Rebuild the fit of law `name` from the rows of `laws/fits` and `laws/draws`."""
    rows = fits.filter(law=name)
    if rows.is_empty():
        raise InputError(f"laws/fits holds no fit of {name!r}: add it to laws.names")
    law = law_named(name)
    assert isinstance(law, RepetitionLaw)
    estimates = dict(rows.select("parameter", "estimate").iter_rows())
    pools = tuple(sorted({pool for pool in rows["pool"] if pool is not None}))
    constants: dict[str, Any] = dict(rows.filter(method=DECLARED).select("parameter", "estimate").iter_rows())
    law = replace(law, pools=pools, one_half_life="tau" in estimates, **constants)
    table = draws.filter(law=name).pivot("parameter", index="replicate", values="value").sort("replicate")
    theta = np.array([[estimates[name] for name in law.names]])
    return SavedFit(law, theta, table.select(law.names).to_numpy())


def _repetition_law(fit: Fit) -> RepetitionLaw:
    assert isinstance(fit.law, RepetitionLaw)
    return fit.law
