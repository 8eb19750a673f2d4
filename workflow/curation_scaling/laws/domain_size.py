"""Laws of a model that was trained on a mixture: its size with an amplitude a share, and the effective fraction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import column
from curation_scaling.laws.law import Array, Centre, ColumnLaw, Law, Parameter
from curation_scaling.laws.power_sum import EXPONENTS

_FLOORS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95)  # of the lowest loss: where the search for L_inf starts
Design = tuple[Array, npt.NDArray[np.intp]]  # ln N and the place of the share, each (rows,)


@dataclass(frozen=True)
class DomainSize(Law):
    """L = beta_p N^-alpha + L_inf, N the parameters and p the sampling weight of the domain that L is measured on.

    Each share that was trained has a beta of its own; alpha and L_inf do not depend on it.
    Source: Fernandes et al. 2023, "Scaling Laws for Multilingual Neural Machine Translation" (arXiv 2302.09650).
    """

    shares: tuple[float, ...] = ()

    name = "domain_size"
    source = "Fernandes et al. 2023"
    formula = "L = beta_p N^-alpha + L_inf"
    columns = ("params", "share")

    @property
    def parameters(self) -> tuple[Parameter, ...]:  # type: ignore[override]
        """Return alpha, L_inf and a beta a share."""
        betas = (Parameter(f"beta[{share:g}]", "loss", 1e-300, 1e300, log=True) for share in self.shares)
        return (Parameter("alpha", "1", 1e-2, 10.0, log=True), Parameter("L_inf", "loss", 0.0, np.inf), *betas)

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with the runs' shares, rising."""
        return replace(self, shares=tuple(np.unique(column(runs, "share")).tolist()))

    def design(self, frame: pl.DataFrame) -> Design:
        """Return ln N and the share's place; raise InputError on a share that the law was not fitted at."""
        share = column(frame, "share")
        if (unknown := share[~np.isin(share, self.shares)]).size:
            known = ", ".join(f"{s:g}" for s in self.shares)
            raise InputError(f"share {unknown[0]:g} has no beta: the law was fitted at the shares {known}")
        return np.log(column(frame, "params")), np.searchsorted(self.shares, share)

    def evaluate(self, theta: Array, design: Design) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (alpha, L_inf, beta)."""
        size, place = design
        beta = theta[:, 2 + place]
        term = np.exp(np.log(beta) - theta[:, :1] * size)
        jacobian = np.zeros((*theta.shape, size.size))
        jacobian[:, 0], jacobian[:, 1] = -term * size, 1
        jacobian[:, 2 + place, np.arange(size.size)] = term / beta
        return term + theta[:, 1, None], jacobian

    def seeds(self, design: Design, error: Array, fixed: Mapping[str, float]) -> Array:
        """Return coarse alpha and L_inf, each beta by the mean of ln((L - L_inf) N^alpha) at its share."""
        size, place = design
        alphas = [fixed["alpha"]] if "alpha" in fixed else EXPONENTS
        floors = [fixed["L_inf"]] if "L_inf" in fixed else [share * error.min() for share in _FLOORS]
        rows = []
        for alpha in alphas:
            for floor in floors:
                logs = np.log(np.maximum(error - floor, 1e-3 * error)) + alpha * size
                rows.append([alpha, floor, *np.exp(np.bincount(place, logs) / np.bincount(place))])
        theta = np.array(rows)
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        return theta

    def centres(self, design: Design) -> tuple[Centre, ...]:
        """Return every beta with alpha."""
        return tuple(Centre(name, "alpha", float(design[0].mean())) for name in self.names[2:])

    def requirements(self, design: Design) -> Mapping[str, tuple[int, int]]:
        """Return three sizes for alpha and for L_inf."""
        sizes = np.unique(design[0]).size
        return {"alpha": (3, sizes), "L_inf": (3, sizes)}

    def fractions(self, theta: Array) -> Array:
        """Return f(p) = (beta_1 / beta_p)^(1/alpha) of parameters (batch, parameters): shape (batch, shares).

        Raises:
            InputError: if the law was not fitted at share 1.
        """
        if 1.0 not in self.shares:
            raise InputError("no run was trained at share 1, whose beta every effective fraction is measured by")
        logs = np.log(theta[:, 2:])
        return np.asarray(np.exp((logs[:, self.shares.index(1.0), None] - logs) / theta[:, :1]))


class FractionTransfer(ColumnLaw):
    """f = p + c1 p^c2 (1-p)^c3, the effective fraction of a model that a domain of sampling weight p has.

    f is 1 at p = 1; above p where the other domain helps.
    Source: Fernandes et al. 2023 (arXiv 2302.09650), the approximation of the fractions that they measure.
    """

    name = "fraction_transfer"
    source = "Fernandes et al. 2023"
    formula = "f = p + c1 p^c2 (1-p)^c3"
    columns = ("share",)
    parameters = (
        Parameter("c1", "1", -10.0, 10.0),
        Parameter("c2", "1", 1e-3, 10.0, log=True),
        Parameter("c3", "1", 1e-3, 10.0, log=True),
    )
    can_rise = True
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {name: ("share", 4) for name in ("c1", "c2", "c3")}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return fractions and their derivatives by (c1, c2, c3)."""
        c1, c2, c3 = (theta[:, i, None] for i in range(3))
        share = design["share"]
        inside = (share > 0) & (share < 1)
        left, right = np.log(np.where(inside, share, 0.5)), np.log1p(-np.where(inside, share, 0.5))
        shape = np.where(inside, np.exp(c2 * left + c3 * right), 0.0)
        return share + c1 * shape, np.stack([shape, c1 * shape * left, c1 * shape * right], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse values of all three."""
        powers = np.array([0.1, 0.3, 0.6, 1.0, 2.0, 4.0])
        return {"c1": np.array([-0.5, -0.1, 0.02, 0.1, 0.3, 0.7, 1.5]), "c2": powers, "c3": powers}
