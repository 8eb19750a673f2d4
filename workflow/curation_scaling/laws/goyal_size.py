"""Model size, data quality and repetition in one law: the floor of Eq. 3 falls with the model's parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws.columns import Mixture, column, mixtures
from curation_scaling.laws.goyal import GoyalEq3
from curation_scaling.laws.law import Array, Parameter
from curation_scaling.laws.repetition import MixtureDesign

_EXPONENTS = (0.2, 0.35, 0.6)
_SHARES = (0.1, 0.3, 0.6)  # of the first error above the floor that the model's size explains


@dataclass(frozen=True)
class SizedDesign(MixtureDesign):
    """Rows grouped by mixture, and ln(N / N0) of each row, (rows,)."""

    log_size: Array


@dataclass(frozen=True)
class GoyalSize(GoyalEq3):
    """Eq. 3 for models of several sizes: L = d + A (N/N0)^-alpha + a exp(sum_i q_i b_i int ...).

    ln of the last term is that of Eq. 3: sampling weights q_i, a utility b_i and a half-life tau_i of each pool. For
    one pool without repetition the law is Chinchilla's, E = d, B = a n0^-b, beta = -b; for one model size it is Eq. 3
    with the floor d + A (N/N0)^-alpha. Repeated data are worth less as in Muennighoff et al. 2023, by half-lives
    instead of R*_D; their second decay, of parameters in excess of what the unique data can feed (R*_N), is left out.

    params0: N0, the geometric mean of the fitted sizes, filled in by `bind`: A is the share of a model of that size.
    Source: this project; Hoffmann et al. 2022 (Eq. 2), Muennighoff et al. 2023 (Eq. 5), Goyal et al. 2024 (Eq. 3).
    """

    params0: float | None = None

    name = "goyal_size"
    source = "this project, after Hoffmann 2022, Muennighoff 2023 and Goyal 2024"
    formula = "L = d + A (N/N0)^-alpha + a exp(sum_i q_i b_i int_n0^n (1/2)^(floor(m q_i/N_i)/(tau_i q_i^-gamma)) dm/m)"
    columns = ("weights", "samples_seen", "params")  # type: ignore[assignment]

    @property
    def shared(self) -> tuple[Parameter, ...]:
        """Return a (or one a per pool), A and alpha."""
        return (
            *super().shared,
            Parameter("A", "error", 1e-12, 1e12, log=True),
            Parameter("alpha", "1", 0.01, 3.0),
        )

    @property
    def constants(self) -> Mapping[str, tuple[float, str]]:
        """Return n0 and N0."""
        assert self.params0 is not None
        return {"params0": (self.params0, "parameters"), **super().constants}

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with the runs' pools, n0 and N0."""
        law = super().bind(runs)
        return replace(law, params0=float(np.exp(np.log(column(runs, "params")).mean())))

    def design(self, frame: pl.DataFrame) -> SizedDesign:
        """Return the rows grouped by mixture, with their model sizes."""
        found, which = mixtures(frame)
        return self.sized(found, which, column(frame, "samples_seen"), column(frame, "params"))

    def sized(self, found: list[Mixture], which: npt.NDArray[np.intp], samples: Array, params: Array) -> SizedDesign:
        """Return the design of rows given as mixture number, samples seen and parameters, all (rows,)."""
        assert self.params0 is not None
        plain = self.curves(found, which, samples)
        return SizedDesign(plain.rows, plain.curves, np.log(params / self.params0))

    def heads(self, error: float, samples: float, floor: float) -> Iterator[Array]:
        """Return starting values of (a, A, alpha)."""
        for share, alpha in product(_SHARES, _EXPONENTS):
            for start in super().heads((1 - share) * error, samples, floor):
                start[-2:] = share * error, alpha
                yield start

    def predict(self, theta: Array, design: MixtureDesign) -> Array:
        """Return predicted errors (batch, rows)."""
        return super().predict(theta, design) + self._of_size(theta, design)

    def evaluate(self, theta: Array, design: MixtureDesign) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives."""
        predicted, jacobian = super().evaluate(theta, design)
        assert isinstance(design, SizedDesign)
        term = self._of_size(theta, design)
        jacobian[:, self.gamma_at - 2] = term / theta[:, self.gamma_at - 2, None]
        jacobian[:, self.gamma_at - 1] = -design.log_size * term
        return predicted + term, jacobian

    def requirements(self, design: MixtureDesign) -> Mapping[str, tuple[int, int]]:
        """Return three model sizes for alpha, beside what the pools need."""
        assert isinstance(design, SizedDesign)
        return {**super().requirements(design), "alpha": (3, np.unique(design.log_size).size)}

    def _of_size(self, theta: Array, design: MixtureDesign) -> Array:
        assert isinstance(design, SizedDesign)
        amplitude, alpha = theta[:, self.gamma_at - 2, None], theta[:, self.gamma_at - 1, None]
        return np.asarray(amplitude * np.exp(-alpha * design.log_size))
