"""Power laws of the samples seen: pure, saturating and shifted."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, Centre, ColumnLaw, Parameter

EXPONENTS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0])
_AMPLITUDE = Parameter("a", "error", 1e-300, 1e300, log=True)
_EXPONENT = Parameter("b", "1", -10.0, 10.0)
_FLOOR = Parameter("d", "error", 0.0, np.inf)


class Power(ColumnLaw):
    """y = a n^b, with n the samples seen; b < 0 where more data lowers the error.

    Source: Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically"; symbols of Goyal et al. 2024.
    """

    name: ClassVar[str] = "power"
    source: ClassVar[str] = "Hestness et al. 2017"
    formula: ClassVar[str] = "y = a n^b"
    columns = ("samples_seen",)
    parameters = (_AMPLITUDE, _EXPONENT)
    linear = ("a",)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"b": ("samples_seen", 2)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (a, b)."""
        a, b = theta[:, 0, None], theta[:, 1, None]
        log_n = np.log(design["samples_seen"])
        predicted = np.exp(np.log(a) + b * log_n)
        return predicted, np.stack([predicted / a, predicted * log_n], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return exponents of both signs."""
        return {"b": np.concatenate([-EXPONENTS, [0.0], EXPONENTS[:6]])}

    def centres(self, design: dict[str, Array]) -> tuple[Centre, ...]:
        """Return the one power term."""
        return (Centre("a", "b", -float(np.log(design["samples_seen"]).mean())),)


class SaturatingPower(ColumnLaw):
    """y = a n^b + d, with n the samples seen and d the irreducible error.

    Source: Goyal et al. 2024, Equation 1 (arXiv 2404.07177); also the M2 of Alabdulmohsin et al. 2022.
    """

    name: ClassVar[str] = "saturating_power"
    source: ClassVar[str] = "Goyal et al. 2024, Eq. 1"
    formula: ClassVar[str] = "y = a n^b + d"
    columns = ("samples_seen",)
    parameters = (_AMPLITUDE, Parameter("b", "1", -10.0, 0.0), _FLOOR)
    linear = ("a", "d")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"b": ("samples_seen", 3), "d": ("samples_seen", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (a, b, d)."""
        a, b, d = theta[:, 0, None], theta[:, 1, None], theta[:, 2, None]
        log_n = np.log(design["samples_seen"])
        term = np.exp(np.log(a) + b * log_n)
        return term + d, np.stack([term / a, term * log_n, np.ones_like(term)], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return falling exponents."""
        return {"b": -EXPONENTS}

    def centres(self, design: dict[str, Array]) -> tuple[Centre, ...]:
        """Return the one power term."""
        return (Centre("a", "b", -float(np.log(design["samples_seen"]).mean())),)
