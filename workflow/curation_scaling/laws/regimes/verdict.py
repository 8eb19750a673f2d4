"""The regime of a learning curve, from its fitted law and from what its data predict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation_scaling.study.regimes import Regime

Array = npt.NDArray[np.float64]

UNTRAINED = 0.9  # of the error of a model that has seen nothing: above it, hardly anything was learnt
IRREDUCIBLE = 0.02  # share of the last error above the floor: below it, no data could gain more
ONE = (0.9, 1.1)  # an exponent here counts as 1: finite sizes shift it
NEARLY_ONE = 0.75  # such an exponent must be known to exceed this
LEVEL = 0.95


class Span(NamedTuple):
    """An estimate with its interval."""

    value: float
    lower: float
    upper: float

    def holds(self, low: float, high: float) -> bool:
        """Whether the interval has something in common with low to high."""
        return self.lower <= high and low <= self.upper


def span(value: float, draws: Array) -> Span:
    """The estimate with the percentile interval of its draws (draws,)."""
    lower, upper = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Span(value, float(min(lower, value)), float(max(upper, value)))


def regime_of(
    exponent: Span, excess: Span, untrained: Span | None, resolution: tuple[float, float] | None
) -> tuple[Regime, str]:
    """The regime and the reason, from the whole intervals.

    exponent: of error - floor in fresh samples; excess: (error - floor) / error at the last evaluation; untrained: the
    ratio of that error to that of a model that has seen nothing; resolution: lowest and highest exponent that the data
    predict.

    In this order: small_data, the error hardly differs from a guess's (Hestness et al. 2017, Figure 6);
    irreducible, the floor is nearly all of it; variance_limited, the exponent is 1, as of a smooth approach to an
    infinite limit, and is told from the resolution's; resolution_limited, it is below 1, or above where the data
    predict that (Bahri et al. 2021). Else undecided.
    """
    told = f"exponent {exponent.value:.2f} ({exponent.lower:.2f} to {exponent.upper:.2f})"
    if untrained is not None and untrained.lower > UNTRAINED:
        return "small_data", f"the last error is still {untrained.value:.0%} of an untrained model's"
    if excess.upper < IRREDUCIBLE:
        return "irreducible", f"only {excess.value:.1%} of the last error is above the fitted floor"
    near = resolution is not None and exponent.holds(*resolution)
    if exponent.holds(*ONE):
        if exponent.lower < NEARLY_ONE:
            return "undecided", f"{told} does not tell 1 from much less"
        if near:
            return "undecided", f"{told} holds both 1 and what the data's dimension predicts"
        return "variance_limited", f"{told} agrees with 1 within {ONE[1] - 1:.0%}"
    if exponent.upper < 1:
        more = ", as the data's dimension predicts" if near else ""
        return "resolution_limited", f"{told} is below 1{more}"
    if near:
        return "resolution_limited", f"{told} is above 1, as the data's dimension predicts"
    return "undecided", f"{told} is above 1, which neither limit predicts"
