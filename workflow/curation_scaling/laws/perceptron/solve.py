"""The student of maximal margin on pruned examples: overlap with the teacher, margin and error at any angle theta.

With J = rho e1 + c e2 + w (e1 the probe, e2 orthogonal to it in the plane of the teacher, s = |w|), an example of
label +1 has the margin m = rho z + c g + s h, with z kept and g, h standard normal, g > -z cot theta. Gordon's
inequality (the convex Gaussian min-max theorem) makes a margin kappa feasible where

    alpha E[(kappa - m)_+^2] <= s^2,    alpha = alpha_tot * fraction examples a dimension,

which is Eq. (3) of Sorscher et al. 2022 (arXiv 2206.14486), appendix A; the largest kappa is stationary in rho and c,
which are its Eqs. (2) and (4). The mean over h is closed: E[(x - h)_+^2] = (1 + x^2) Phi(x) + x phi(x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import root

from curation_scaling.errors import InputError
from curation_scaling.laws.perceptron.conditions import Conditions
from curation_scaling.laws.perceptron.kept import Array, Keep, Score, kept

MOST_RESIDUAL = 1e-10
_SMALLEST_STEP = 1e-3  # of ln fraction, in the continuation from the whole data to the pruned


@dataclass(frozen=True)
class Solution:
    """One solution: R = J.T, rho = J.J_probe, the margin kappa, the test error arccos(R)/pi, the largest residual."""

    alpha_tot: float
    fraction: float
    theta: float
    keep: Keep
    score: Score
    R: float
    rho: float
    kappa: float
    error: float
    residual: float

    @property
    def alpha_prune(self) -> float:
        """Examples kept a dimension."""
        return self.alpha_tot * self.fraction


def solve(
    alpha_tot: float,
    keep_fraction: float,
    theta: float = 0.0,
    keep: Keep = "hard",
    score: Score = "abs",
    *,
    start: float | None = None,
) -> Solution:
    """Solve the theory for `alpha_tot` examples a dimension of which the fraction `keep_fraction` is kept.

    theta: angle between the probe that ranks and the teacher, radians. keep, score, start: see `kept.kept`.

    Raises:
        InputError: for values outside their range, or where no solution is found to a residual of 1e-10.
    """
    return curve([alpha_tot], keep_fraction, theta, keep, score, start=start)[0]


def curve(
    alpha_tot: Sequence[float] | Array,
    keep_fraction: float,
    theta: float = 0.0,
    keep: Keep = "hard",
    score: Score = "abs",
    *,
    start: float | None = None,
) -> list[Solution]:
    """`solve` at every `alpha_tot` (of one fraction); each solution starts from its neighbour's.

    Raises:
        InputError: as `solve`.
    """
    solver = Solver(theta, keep, score, start)
    return [solver.at(float(alpha), keep_fraction) for alpha in alpha_tot]


class Solver:
    """Solves at one place after another, each from the solution before it, where that leads there."""

    def __init__(self, theta: float, keep: Keep, score: Score, start: float | None = None):
        """Set what all places share; the arguments are those of `solve`."""
        self.theta, self.keep, self.score, self.start = theta, keep, score, start
        self._near: Array | None = None

    def at(self, alpha_tot: float, fraction: float) -> Solution:
        """The solution at one place; raise InputError as `solve`."""
        if not (np.isfinite(alpha_tot) and alpha_tot > 0):
            raise InputError(f"alpha_tot is {alpha_tot}, but must be a finite number above 0")
        conditions = Conditions(alpha_tot, kept(fraction, self.theta, self.keep, self.score, self.start), self.theta)
        solved = _newton(conditions, self._near) if self._near is not None else None
        if solved is None:
            solved = conditions.of_perfect_probe() if self.theta == 0 else self._continued(alpha_tot, conditions)
        residual = conditions.residual(solved)
        if not residual <= MOST_RESIDUAL:
            raise InputError(
                f"no solution at alpha_tot {alpha_tot:g}, fraction {fraction:g}, theta {self.theta:g} ({self.keep}, "
                f"{self.score}): the residual stays at {residual:.1e}"
            )
        self._near = solved
        overlaps = conditions.overlaps(solved)
        return Solution(alpha_tot, fraction, self.theta, self.keep, self.score, *overlaps, residual)

    def _continued(self, alpha: float, target: Conditions) -> Array:
        """From the whole data, where the probe does not matter, to the fraction kept, in steps as large as succeed."""
        fraction = target.kept.fraction
        whole = Conditions(alpha, kept(1.0, 0.0, "hard", "abs"), 0.0).of_perfect_probe()
        here = np.array([whole[0], whole[1], target.theta])
        place, end, step = 0.0, float(np.log(fraction)), float(np.log(0.7))
        while place > end:
            aim = max(place + step, end)
            moved = _newton(target if aim == end else self._between(alpha, float(np.exp(aim)), fraction), here)
            if moved is not None:
                here, place, step = moved, aim, 1.5 * step
            elif abs(step := step / 2) < _SMALLEST_STEP:
                break
        return here if (polished := _newton(target, here)) is None else polished

    def _between(self, alpha: float, share: float, fraction: float) -> Conditions:
        """The conditions at a share kept between the whole and `fraction`; a band moves to its place in proportion."""
        start = None if self.start is None else self.start * (1 - share) / (1 - fraction)
        return Conditions(alpha, kept(share, self.theta, self.keep, self.score, start), self.theta)


def _newton(conditions: Conditions, start: Array) -> Array | None:
    """The solution near `start`, or None where the search does not get there."""
    with np.errstate(all="ignore"):
        found = root(conditions.equations, start, method="hybr", tol=1e-14, options={"maxfev": 120})
    return found.x if conditions.residual(found.x) <= MOST_RESIDUAL and conditions.allows(found.x) else None
