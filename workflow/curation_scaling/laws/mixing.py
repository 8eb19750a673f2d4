"""Laws of the sampling weights: the exponential mixture law and the multiplicative weight of one pool."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.columns import mixtures
from curation_scaling.laws.compute_laws import ALPHA, BETA, A, B
from curation_scaling.laws.law import Array, Law, Parameter
from curation_scaling.laws.power_sum import FEW_EXPONENTS, PowerSum, Term


@dataclass(frozen=True)
class MixtureExponential(Law):
    """L = c + k exp(sum_j t_j r_j), r_j the sampling weights of the pools.

    Weights sum to 1, so that t and k are known up to a common shift: k is 1 unless freed with a t fixed.
    Source: Ye et al. 2024, "Data Mixing Laws" (arXiv 2403.16952), Eq. 1.
    """

    pools: tuple[str, ...] = ()

    name = "mixture_exponential"
    source = "Ye et al. 2024, Eq. 1"
    formula = "L = c + k exp(sum_j t_j r_j)"
    columns = ("weights",)
    can_rise = True

    @property
    def parameters(self) -> tuple[Parameter, ...]:  # type: ignore[override]
        """Return c, k and a slope a pool."""
        slopes = (Parameter(f"t[{pool}]", "1", -100.0, 100.0) for pool in self.pools)
        return (Parameter("c", "loss", 0.0, np.inf), Parameter("k", "loss", 1e-300, 1e300, log=True), *slopes)

    @property
    def defaults(self) -> Mapping[str, float | str]:
        """Return k = 1, which loses no generality."""
        return {"k": 1.0}

    def bind(self, runs: pl.DataFrame) -> Self:
        """Return the law with the runs' pools, in the order of their names."""
        return replace(self, pools=tuple(sorted({pool for mixture in mixtures(runs)[0] for pool in mixture.pools})))

    def design(self, frame: pl.DataFrame) -> Array:
        """Return the weights, shape (pools, rows); raise InputError on an unknown pool."""
        found, which = mixtures(frame)
        table = np.zeros((len(self.pools), len(found)))
        for i, mixture in enumerate(found):
            for pool, weight in zip(mixture.pools, mixture.weights, strict=True):
                if pool not in self.pools:
                    raise InputError(f"pool {pool!r} has no slope: the law was fitted on {', '.join(self.pools)}")
                table[self.pools.index(pool), i] = weight
        return np.asarray(table[:, which])

    def evaluate(self, theta: Array, design: Array) -> tuple[Array, Array]:
        """Return predicted losses and their derivatives by (c, k, t)."""
        term = theta[:, 1, None] * np.exp(theta[:, 2:] @ design)
        jacobian = np.empty((theta.shape[0], theta.shape[1], design.shape[1]))
        jacobian[:, 0], jacobian[:, 1] = 1, term / theta[:, 1, None]
        jacobian[:, 2:] = term[:, None, :] * design
        return term + theta[:, :1], jacobian

    def seeds(self, design: Array, error: Array, fixed: Mapping[str, float]) -> Array:
        """Return, for coarse c, the least-squares slopes of ln(L - c)."""
        rows = []
        k = fixed.get("k", 1.0)
        for share in (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98):
            c = fixed.get("c", share * error.min())
            if c < error.min():
                rows.append([c, k, *np.linalg.lstsq(design.T, np.log((error - c) / k), rcond=None)[0]])
        theta = np.array(rows).reshape(-1, len(self.names))
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        return theta


class EffectiveFraction(PowerSum):
    """L = (E + A N^-alpha + B D^-beta) p^-gamma, p in (0, 1] the sampling weight of the pool (column `fraction`).

    The weight of a language or domain changes only a multiplicative factor of its loss.
    Source: He et al. 2024, "Scaling Laws for Multilingual Language Models" (arXiv 2410.12883); Fernandes et al. 2023.
    """

    name = "effective_fraction"
    source = "He et al. 2024"
    formula = "L = (E + A/N^alpha + B/D^beta) p^-gamma"
    columns = ("params", "tokens", "fraction")
    parameters = (
        Parameter("E", "loss", 1e-300, 1e300, log=True),
        A,
        ALPHA,
        B,
        BETA,
        Parameter("gamma", "1", 0.0, 5.0),
    )
    linear = ("E", "A", "B")
    terms = (
        Term("E", (("fraction", "gamma", -1),)),
        Term("A", (("params", "alpha", -1), ("fraction", "gamma", -1))),
        Term("B", (("tokens", "beta", -1), ("fraction", "gamma", -1))),
    )
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {
        "alpha": ("params", 3),
        "beta": ("tokens", 3),
        "gamma": ("fraction", 2),
    }

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return coarse exponents; that of the weight is small."""
        return {"alpha": FEW_EXPONENTS, "beta": FEW_EXPONENTS, "gamma": np.array([0.0, 0.03, 0.1, 0.2, 0.4])}
