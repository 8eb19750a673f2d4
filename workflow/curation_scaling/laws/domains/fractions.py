"""One domain of a mixture: its law with a beta a share, its effective fractions, and f_hat through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.bootstrap import TOLERANCE
from curation_scaling.laws.domain_size import DomainSize
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.solver import minimise

Array = npt.NDArray[np.float64]
COEFFICIENTS = 3  # of f_hat
SIZES = 2  # the fewest that tell alpha from the betas


@dataclass(frozen=True)
class Domain:
    """A domain's law, its fractions at the shares below 1 with those of each replicate, and f_hat likewise."""

    name: str
    fit: Fit
    shares: Array
    fractions: Array
    fraction_draws: Array
    transfer: Fit
    coefficient_draws: Array

    def f_hat(self, share: Array) -> tuple[Array, Array]:
        """f_hat at shares (rows,), and by every replicate (draws, rows)."""
        law, design = self.transfer.law, {"share": np.asarray(share, float)}
        return law.predict(self.transfer.theta[None], design)[0], law.predict(self.coefficient_draws, design)

    def losses(self, share: Array, params: Array) -> tuple[Array, Array]:
        """L_inf + beta_1 (f_hat(p) N)^-alpha of rows (rows,), and by every replicate (draws, rows).

        Where a replicate's f_hat is not above 0 its loss is infinite.
        """
        estimate, draws = self.f_hat(share)
        return self._loss(self.fit.theta[None], estimate[None], params)[0], self._loss(
            self.fit.theta_draws, draws, params
        )

    def _loss(self, theta: Array, fraction: Array, params: Array) -> Array:
        law = self.fit.law
        assert isinstance(law, DomainSize)
        beta = theta[:, 2 + law.shares.index(1.0), None]
        with np.errstate(divide="ignore", over="ignore"):
            size = np.log(np.maximum(fraction, 0.0)) + np.log(params)
            return np.asarray(theta[:, 1, None] + np.exp(np.log(beta) - theta[:, :1] * size))


def fit_domain(name: str, rows: pl.DataFrame, *, bootstrap: int, level: float, seed: int) -> Domain:
    """Fit the law of a domain to rows of params, share (above 0), error, and f_hat to its fractions.

    f_hat minimises the squared differences of ln f, in every replicate anew. Replicates with the same seed weigh the
    same draws alike in every domain.

    Raises:
        InputError: if there is no share 1, too few shares for f_hat, or one size alone.
    """
    check_domain(name, rows)
    fit = fit_law(DomainSize(), rows, loss="log_mse", bootstrap=bootstrap, level=level, seed=seed)
    law = fit.law
    assert isinstance(law, DomainSize)
    below = np.array(law.shares) < 1
    shares = np.array(law.shares)[below]
    fractions, draws = (law.fractions(theta)[:, below] for theta in (fit.theta[None], fit.theta_draws))
    frame = pl.DataFrame({"share": shares, "error": fractions[0]})
    transfer = fit_law("fraction_transfer", frame, loss="log_mse", bootstrap=0)
    replicates = replace(transfer.problem, error=draws)
    start = np.tile(transfer.starts.solutions[0], (len(draws), 1))
    found = transfer.problem.chart.theta(minimise(replicates, start, tolerance=TOLERANCE)[0]) if len(draws) else start
    return Domain(name, fit, shares, fractions[0], draws, transfer, found)


def check_domain(name: str, rows: pl.DataFrame) -> None:
    """Raise InputError where a domain's runs cannot carry its law and f_hat."""
    shares: Sequence[float] = rows["share"].unique().sort().to_list()
    if 1.0 not in shares:
        raise InputError(
            f"domain {name}: no fitted run was trained at share 1, whose beta its effective fractions are measured by; "
            "train on this domain alone at each size"
        )
    if len(shares) - 1 < COEFFICIENTS:
        raise InputError(
            f"domain {name}: f_hat has {COEFFICIENTS} coefficients, and {len(shares) - 1} shares between 0 and 1 are "
            "fitted; train at more shares, or hold fewer apart"
        )
    if (sizes := rows["params"].n_unique()) < SIZES:
        raise InputError(
            f"domain {name}: the fitted runs have {sizes} model size, and alpha needs {SIZES} at least, 3 to tell "
            "L_inf; train at more sizes"
        )
