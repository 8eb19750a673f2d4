"""Which examples pruning keeps: intervals of z, the probe's reading of an example, and its moments of the margin.

Both labels are mirror images, so that only examples with label +1 are described: z = J_probe.x of those has the density
2 phi(z) P(T.x > 0 | z), and the kept part of it is divided by the fraction kept.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t

from curation_scaling.errors import InputError

Array = npt.NDArray[np.float64]
Keep = Literal["hard", "easy", "band"]
Score = Literal["abs", "signed"]

FAR = 9.0  # standard deviations beyond which a normal density is below 1e-18
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


class Kept(NamedTuple):
    """The share of all examples that is kept, and the intervals (low, high) of z that hold them."""

    fraction: float
    intervals: tuple[tuple[float, float], ...]


def kept(fraction: float, theta: float, keep: Keep, score: Score, start: float | None = None) -> Kept:
    """Return what is kept.

    fraction: share kept, in (0, 1]. theta: angle between probe and teacher in radians. keep: `hard` keeps the lowest
    scores, `easy` the highest, `band` those from the quantile `start` on (default: the middle). score: `abs` ranks by
    |J_probe.x|, `signed` by the margin y J_probe.x that the probe has on the example; they agree at theta = 0.

    Raises:
        InputError: for a fraction outside (0, 1], an angle outside [0, pi/2), or a band that leaves [0, 1].
    """
    _check(fraction, theta, keep, start)
    first = {"hard": 0.0, "easy": 1 - fraction}.get(keep, (1 - fraction) / 2 if start is None else start)
    low, high = (_quantile(q, theta, score) for q in (first, min(first + fraction, 1.0)))
    if score == "signed" and theta > 0:
        return Kept(fraction, ((max(low, -FAR), min(high, FAR)),))
    above = (max(low, 0.0), min(high, FAR))
    if theta == 0:
        return Kept(fraction, (above,))
    return Kept(fraction, ((-above[1], above[1]),) if above[0] == 0 else ((-above[1], -above[0]), above))


def _check(fraction: float, theta: float, keep: str, start: float | None) -> None:
    if not 0 < fraction <= 1:
        raise InputError(f"fraction kept is {fraction}, but must be above 0 and at most 1")
    if not 0 <= theta < np.pi / 2:
        raise InputError(f"theta is {theta}, but must be an angle from 0 to below pi/2 radians")
    if keep not in ("hard", "easy", "band"):
        raise InputError(f"keep is {keep!r}: choose hard, easy or band")
    if start is not None and (keep != "band" or not 0 <= start <= 1 - fraction + 1e-12):
        raise InputError(f"start is {start}: only a band has one, a quantile from 0 to 1 - fraction")


def _quantile(share: float, theta: float, score: Score) -> float:
    """The score that a share of all examples lies below."""
    if score == "abs" or theta == 0:
        return float(ndtri((1 + share) / 2)) if share < 1 else np.inf
    if share <= 0 or share >= 1:
        return -np.inf if share <= 0 else np.inf
    return float(brentq(lambda g: margins_below(g, theta) - share, -FAR, FAR, xtol=1e-14, rtol=1e-15))


def margins_below(margin: float, theta: float) -> float:
    """The share of examples whose signed margin lies below `margin`: int 2 phi(m) H(-m cot theta) dm.

    By Owen's T function: P(z < g, T.x > 0) of two normals with correlation cos theta, doubled; theta above 0.
    """
    return float(ndtr(margin) - 2 * owens_t(margin, 1 / np.tan(theta)))


def panels(edges: Array) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights, (..., panels * 20), between consecutive `edges` (..., panels + 1)."""
    half = np.diff(edges, axis=-1)[..., None] / 2
    middle = (edges[..., :-1] + edges[..., 1:])[..., None] / 2
    shape = (*edges.shape[:-1], -1)
    return (middle + half * _NODES).reshape(shape), (half * _WEIGHTS).reshape(shape)
