"""Power laws of one quantity: pure, saturating, and the ones of pruned data."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, ColumnLaw, Parameter
from curation_scaling.laws.power_sum import PowerSum, Term

AMPLITUDE = Parameter("a", "error", 1e-300, 1e300, log=True)
FLOOR = Parameter("d", "error", 0.0, np.inf)
FALLING = Parameter("b", "1", -10.0, 0.0)


class Power(PowerSum):
    """y = a n^b, with n the samples seen; b < 0 where more data lowers the error.

    Source: Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically"; symbols of Goyal et al. 2024.
    """

    name = "power"
    source = "Hestness et al. 2017"
    formula = "y = a n^b"
    columns = ("samples_seen",)
    parameters = (AMPLITUDE, Parameter("b", "1", -10.0, 10.0))
    linear = ("a",)
    terms = (Term("a", (("samples_seen", "b", 1),)),)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"b": ("samples_seen", 2)}


class SaturatingPower(PowerSum):
    """y = a n^b + d, with n the samples seen and d the irreducible error.

    Source: Goyal et al. 2024, Eq. 1 (arXiv 2404.07177); the M2 of Alabdulmohsin et al. 2022.
    """

    name = "saturating_power"
    source = "Goyal et al. 2024, Eq. 1"
    formula = "y = a n^b + d"
    columns = ("samples_seen",)
    parameters = (AMPLITUDE, FALLING, FLOOR)
    linear = ("a", "d")
    terms = (Term("a", (("samples_seen", "b", 1),)),)
    floor = "d"
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"b": ("samples_seen", 3), "d": ("samples_seen", 3)}


class PrunedPower(SaturatingPower):
    """y = a u^b + d, with u the samples that are kept after pruning a pool at random or at a fixed fraction.

    Source: Sorscher et al. 2022, "Beyond neural scaling laws" (arXiv 2206.14486), section 2.
    """

    name = "pruned_power"
    source = "Sorscher et al. 2022"
    formula = "y = a u^b + d"
    columns = ("unique_samples",)
    terms = (Term("a", (("unique_samples", "b", 1),)),)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"b": ("unique_samples", 3), "d": ("unique_samples", 3)}


class PrunedExponential(ColumnLaw):
    """y = a exp(-u / s) + d, with u the samples that are kept at the best pruning fraction of every pool size.

    Source: Sorscher et al. 2022 (arXiv 2206.14486): the envelope over fractions can fall faster than any power.
    """

    name = "pruned_exponential"
    source = "Sorscher et al. 2022"
    formula = "y = a exp(-u/s) + d"
    columns = ("unique_samples",)
    parameters = (AMPLITUDE, Parameter("s", "samples", 1e-30, 1e30, log=True), FLOOR)
    linear = ("a", "d")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"s": ("unique_samples", 3), "d": ("unique_samples", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (a, s, d)."""
        a, s, d = (theta[:, i, None] for i in range(3))
        ratio = design["unique_samples"] / s
        term = a * np.exp(-ratio)
        return term + d, np.stack([term / a, term * ratio / s, np.ones_like(term)], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return scales around those of the runs."""
        u = design["unique_samples"]
        return {"s": np.geomspace(u.min() / 5, u.max() * 10, 24)}
