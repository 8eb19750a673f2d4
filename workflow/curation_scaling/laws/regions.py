"""Laws with several regimes: Hestness' three regions and the broken neural scaling law."""

from collections.abc import Mapping
from itertools import combinations_with_replacement, product
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, ColumnLaw, Parameter
from curation_scaling.laws.linear import nonnegative_least_squares


class ThreeRegions(ColumnLaw):
    """y = d + g (1 + (n / s)^(1/f))^(b f): best guess d + g for n << s, power law with exponent b, irreducible d.

    f is the width of the first bend, a constant 0.5 unless freed.
    Source: the three regions of Hestness et al. 2017 (arXiv 1712.00409), Figure 6; the smooth bend is ours.
    """

    name = "three_regions"
    source = "Hestness et al. 2017, Figure 6"
    formula = "y = d + g (1 + (n/s)^(1/f))^(b f)"
    columns = ("samples_seen",)
    parameters = (
        Parameter("g", "error", 1e-300, 1e300, log=True),
        Parameter("s", "samples", 1e-30, 1e40, log=True),
        Parameter("b", "1", -10.0, 0.0),
        Parameter("d", "error", 0.0, np.inf),
        Parameter("f", "1", 1e-2, 1e2, log=True),
    )
    linear = ("g", "d")
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"s": ("samples_seen", 4), "b": ("samples_seen", 4)}

    @property
    def defaults(self) -> Mapping[str, float | str]:
        """Return the width of the bend."""
        return {"f": 0.5}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (g, s, b, d, f)."""
        g, s, b, d, f = (theta[:, i, None] for i in range(5))
        log_ratio = np.log(design["samples_seen"]) - np.log(s)
        bend, by_ratio, by_width = _bend(log_ratio, f)
        term = g * np.exp(b * f * bend)
        jacobian = [
            term / g,
            -term * b * f * by_ratio / s,
            term * f * bend,
            np.ones_like(term),
            term * b * (bend + f * by_width),
        ]
        return term + d, np.stack(jacobian, axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return bends inside the runs' range and coarse exponents."""
        n = design["samples_seen"]
        return {
            "s": np.geomspace(n.min() / 3, n.max(), 10),
            "b": -np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0]),
            "f": np.array([0.25, 0.5, 1.0]),
        }


class BrokenPower(ColumnLaw):
    """y = a + b x^-c0 prod_i (1 + (x / d_i)^(1/f_i))^(-c_i f_i), x the samples seen, with n smooth breaks.

    Source: Caballero et al. 2022, "Broken Neural Scaling Laws" (arXiv 2210.14891), Eq. 1.
    """

    name = "broken_power"
    source = "Caballero et al. 2022, Eq. 1"
    formula = "y = a + b x^-c0 prod_i (1 + (x/d_i)^(1/f_i))^(-c_i f_i)"
    columns = ("samples_seen",)
    can_rise = True

    def __init__(self, breaks: int = 1):
        """Name the parameters of `breaks` breaks."""
        self.breaks = breaks
        self.parameters = (
            Parameter("a", "error", 0.0, np.inf),
            Parameter("b", "error", 1e-300, 1e300, log=True),
            Parameter("c0", "1", -5.0, 10.0),
            *(Parameter(f"c{i}", "1", -10.0, 10.0) for i in range(1, breaks + 1)),
            *(Parameter(f"d{i}", "samples", 1e-30, 1e40, log=True) for i in range(1, breaks + 1)),
            *(Parameter(f"f{i}", "1", 1e-2, 1e2, log=True) for i in range(1, breaks + 1)),
        )

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (a, b, c0, c_i, d_i, f_i)."""
        k = self.breaks
        log_x = np.log(design["samples_seen"])
        a, b, c0 = theta[:, 0, None], theta[:, 1, None], theta[:, 2, None]
        exponent = np.log(b) - c0 * log_x
        parts = []
        for i in range(k):
            c, d, f = theta[:, 3 + i, None], theta[:, 3 + k + i, None], theta[:, 3 + 2 * k + i, None]
            bend, by_ratio, by_width = _bend(log_x - np.log(d), f)
            exponent = exponent - c * f * bend
            parts.append((c, d, f, bend, by_ratio, by_width))
        term = np.exp(exponent)
        jacobian = [np.ones_like(term), term / b, -term * log_x]
        jacobian += [-term * f * bend for c, d, f, bend, _, _ in parts]
        jacobian += [term * c * f * by_ratio / d for c, d, f, _, by_ratio, _ in parts]
        jacobian += [-term * c * (bend + f * by_width) for c, _, f, bend, _, by_width in parts]
        return term + a, np.stack(jacobian, axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return nothing: `seeds` orders the breaks."""
        return {}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return ordered breaks at quantiles of x with coarse slopes; a and b by non-negative least squares."""
        places = np.quantile(design["samples_seen"], [0.1, 0.3, 0.5, 0.7, 0.9] if self.breaks == 1 else [0.2, 0.5, 0.8])
        slopes = [-0.5, -0.15, 0.15, 0.5, 1.0] if self.breaks == 1 else [-0.3, 0.3]
        rows = [
            [1.0, 1.0, c0, *c, *d, *[f] * self.breaks]
            for c0 in (0.0, 0.1, 0.3, 0.6)
            for c in product(slopes, repeat=self.breaks)
            for d in combinations_with_replacement(places, self.breaks)
            for f in (0.1, 0.5)
        ]
        theta = np.array(rows)
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        basis = self.evaluate(theta, design)[1][:, :2] / error
        theta[:, :2] = nonnegative_least_squares(basis, np.ones_like(error))
        for name, value in fixed.items():
            theta[:, self.names.index(name)] = value
        return theta

    def requirements(self, design: dict[str, Array]) -> Mapping[str, tuple[int, int]]:
        """Return three scales a power term: (breaks + 1) of them."""
        have = np.unique(design["samples_seen"]).size
        return {name: (3 * (self.breaks + 1), have) for name in self.names if name[0] in "cdf"}


def _bend(log_ratio: Array, width: Array) -> tuple[Array, Array, Array]:
    """Return ln(1 + r^(1/f)) and its derivatives by ln r and by f, from ln r."""
    scaled = log_ratio / width
    bend = np.logaddexp(0, scaled)
    share = np.exp(scaled - bend)
    return bend, share / width, -share * scaled / width
