"""M1-M4 of Alabdulmohsin et al. 2022, "Revisiting Neural Scaling Laws in Language and Vision" (arXiv 2209.06640)."""

from collections.abc import Mapping
from itertools import product
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from curation_scaling.laws.law import Array, ColumnLaw, Parameter
from curation_scaling.laws.power_sum import FEW_EXPONENTS, PowerSum, Term

_SOURCE = "Alabdulmohsin et al. 2022"
_BETA = Parameter("beta", "error", 1e-300, 1e300, log=True)
_FALL = Parameter("c", "1", -10.0, 0.0)
_LIMIT = Parameter("eps_inf", "error", 0.0, np.inf)
_NEWTON_STEPS = 30


class M1(PowerSum):
    """eps = beta x^c, x the examples seen."""

    name = "m1"
    source = _SOURCE
    formula = "eps = beta x^c"
    columns = ("samples_seen",)
    parameters = (_BETA, _FALL)
    linear = ("beta",)
    terms = (Term("beta", (("samples_seen", "c", 1),)),)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"c": ("samples_seen", 2)}


class M2(PowerSum):
    """eps = beta x^c + eps_inf."""

    name = "m2"
    source = _SOURCE
    formula = "eps = beta x^c + eps_inf"
    columns = ("samples_seen",)
    parameters = (_BETA, _FALL, _LIMIT)
    linear = ("beta", "eps_inf")
    terms = (Term("beta", (("samples_seen", "c", 1),)),)
    floor = "eps_inf"
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"c": ("samples_seen", 3), "eps_inf": ("samples_seen", 3)}


class M3(ColumnLaw):
    """eps = beta (1 / x + gamma)^c with c, gamma >= 0: the limit at infinite data is beta gamma^c."""

    name = "m3"
    source = _SOURCE
    formula = "eps = beta (1/x + gamma)^c"
    columns = ("samples_seen",)
    parameters = (_BETA, Parameter("gamma", "1/samples", 1e-30, 1e3, log=True), Parameter("c", "1", 0.0, 10.0))
    linear = ("beta",)
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {"c": ("samples_seen", 3), "gamma": ("samples_seen", 3)}

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (beta, gamma, c)."""
        beta, gamma, c = (theta[:, i, None] for i in range(3))
        moved = 1 / design["samples_seen"] + gamma
        log_moved = np.log(moved)
        value = np.exp(np.log(beta) + c * log_moved)
        return value, np.stack([value / beta, c * value / moved, value * log_moved], axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return shifts from far below to above those of the runs."""
        x = design["samples_seen"]
        return {"gamma": np.geomspace(1e-3 / x.max(), 1 / x.min(), 12), "c": np.append(FEW_EXPONENTS, [2.0, 4.0])}


class M4(ColumnLaw):
    """(eps - eps_inf) / (eps_0 - eps)^alpha = beta x^c, alpha >= 0: a sigmoid-like curve that starts at eps_0.

    The parameter `span` is eps_0 - eps_inf > 0. The prediction solves the equation by Newton's method in the logit of
    (eps - eps_inf) / span, where its slope lies between min(1, alpha) and max(1, alpha).
    """

    name = "m4"
    source = _SOURCE
    formula = "(eps - eps_inf) / (eps_inf + span - eps)^alpha = beta x^c"
    columns = ("samples_seen",)
    parameters = (
        _BETA,
        _FALL,
        _LIMIT,
        Parameter("span", "error", 1e-12, 1e6, log=True),
        Parameter("alpha", "1", 0.0, 20.0),
    )
    scales: ClassVar[Mapping[str, tuple[str, int]]] = {
        "c": ("samples_seen", 3),
        "eps_inf": ("samples_seen", 3),
        "alpha": ("samples_seen", 5),
        "span": ("samples_seen", 5),
    }

    def evaluate(self, theta: Array, design: dict[str, Array]) -> tuple[Array, Array]:
        """Return predicted errors and their derivatives by (beta, c, eps_inf, span, alpha)."""
        beta, c, limit, span, alpha = (theta[:, i, None] for i in range(5))
        log_x = np.log(design["samples_seen"])
        level = np.log(beta) + c * log_x - (1 - alpha) * np.log(span)
        logit = _solve_logit(level, alpha)
        share, rest, _, log_rest = _shares(logit)
        # g(u) = ln s(u) - alpha ln s(-u) = level, with slope s(-u) + alpha s(u).
        by_level = span * share * rest / (rest + alpha * share)
        jacobian = [
            by_level / beta,
            by_level * log_x,
            np.ones_like(share),
            share - by_level * (1 - alpha) / span,
            by_level * (np.log(span) + log_rest),
        ]
        return limit + span * share, np.stack(np.broadcast_arrays(*jacobian), axis=1)

    def grid(self, design: dict[str, Array], error: Array) -> Mapping[str, npt.ArrayLike]:
        """Return nothing: `seeds` is written out."""
        return {}

    def seeds(self, design: dict[str, Array], error: Array, fixed: Mapping[str, float]) -> Array:
        """Return a grid over (eps_inf, span, alpha) with beta and c from a straight line in logs."""
        log_x = np.log(design["samples_seen"])
        line = np.stack([np.ones_like(log_x), log_x])
        starts = []
        for share, wide, alpha in product([0.0, 0.5, 0.9, 0.99], [1.02, 1.3, 2.0, 6.0], [0.0, 0.3, 1.0, 2.0]):
            limit = fixed.get("eps_inf", share * error.min())
            span = fixed.get("span", wide * (error.max() - limit))
            power = fixed.get("alpha", alpha)
            if limit >= error.min() or limit + span <= error.max():
                continue
            left = np.log(error - limit) - power * np.log(limit + span - error)
            offset, slope = np.linalg.lstsq(line.T, left, rcond=None)[0]
            beta = fixed.get("beta", float(np.exp(np.clip(offset, -600, 600))))
            starts.append([beta, fixed.get("c", min(slope, -1e-3)), limit, span, power])
        return np.array(starts).reshape(-1, 5)


def _solve_logit(level: Array, alpha: Array) -> Array:
    """Return u with -softplus(-u) + alpha softplus(u) = level, shape (batch, rows).

    The left side is close to u below 0 and to alpha u above. Its slope is
    monotone, so Newton's method overshoots at most once.
    """
    low = np.maximum(alpha, 1e-3)
    u = np.where(level < 0, level, np.minimum(level / low, 700.0))
    for _ in range(_NEWTON_STEPS):
        share, rest, log_share, log_rest = _shares(u)
        step = (log_share - alpha * log_rest - level) / np.maximum(rest + alpha * share, 1e-300)
        u = np.clip(u - step, -700.0, 700.0)
        if not (np.abs(step) > 1e-14 * (1 + np.abs(u))).any():
            break
    return np.asarray(u)


def _shares(u: Array) -> tuple[Array, Array, Array, Array]:
    """Return sigmoid(u), sigmoid(-u) and their logs, from one exponential."""
    small = np.exp(-np.abs(u))
    total = 1 + small
    log_total = np.log1p(small)
    positive = u >= 0
    large, little = 1 / total, small / total
    log_large, log_little = -log_total, -np.abs(u) - log_total
    return (
        np.where(positive, large, little),
        np.where(positive, little, large),
        np.where(positive, log_large, log_little),
        np.where(positive, log_little, log_large),
    )
