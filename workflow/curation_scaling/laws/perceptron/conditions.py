"""The conditions that the student of maximal margin meets, integrated over the kept examples.

Unknowns are (ln psi, kappa, beta): the student is J = cos psi (cos beta e1 + sin beta e2) + sin psi w, so that its
angle to the plane of probe and teacher stays exact however small. With a perfect probe the plane is a line and beta is
absent.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from curation_scaling.laws.perceptron.kept import FAR, Array, Kept, panels

_REACH = (-9.0, -4.0, -1.5, 1.5, 4.0, 9.0)  # of the margin's noise: where the integrand bends


class Conditions:
    """The conditions at one (alpha_tot, what is kept, theta)."""

    def __init__(self, alpha_tot: float, kept: Kept, theta: float):
        """Set the load alpha = alpha_tot * fraction kept; theta in radians."""
        self.alpha = alpha_tot * kept.fraction
        self.kept = kept
        self.theta = theta

    def equations(self, x: Array) -> Array:
        """What must vanish at the unknowns `x`: feasibility, and the slopes of the margin along the unknowns."""
        return self._perfect(x) if self.theta == 0 else self._imperfect(x)

    def residual(self, x: Array) -> float:
        """The largest of them; infinite where they cannot be evaluated."""
        with np.errstate(all="ignore"):
            values = self.equations(x)
        return float(np.abs(values).max()) if np.isfinite(values).all() else np.inf

    def allows(self, x: Array) -> bool:
        """Whether `x` is a student at all: a margin above 0, angles in their range."""
        return bool(x[1] > 0 and np.exp(x[0]) < np.pi / 2)

    def overlaps(self, x: Array) -> tuple[float, float, float, float]:
        """R, rho, kappa and the error; the error without the cancellation of 1 - R."""
        psi, kappa = float(np.exp(x[0])), float(x[1])
        beta = float(x[2]) if self.theta > 0 else 0.0
        along = np.cos(psi) * np.cos(beta - self.theta)
        across = np.hypot(np.sin(psi), np.cos(psi) * np.sin(beta - self.theta))
        return float(along), float(np.cos(psi) * np.cos(beta)), kappa, float(np.arctan2(across, along) / np.pi)

    def of_perfect_probe(self) -> Array:
        """The solution at theta = 0: at each angle the largest feasible margin, and of these the stationary one."""

        def slope(log_psi: float) -> float:
            return float(self._perfect(np.array([log_psi, self._margin(log_psi)]))[1])

        low, high = np.log(1e-7), np.log(np.pi / 2 - 1e-9)
        place = float(brentq(slope, low, high, xtol=1e-15, rtol=1e-15))
        return np.array([place, self._margin(place)])

    def _margin(self, log_psi: float) -> float:
        """The largest feasible margin at an angle."""

        def excess(kappa: float) -> float:
            return float(self._perfect(np.array([log_psi, kappa]))[0])

        high = 1.0
        while excess(high) < 0:
            high *= 2
        low = -1.0
        while excess(low) > 0:
            low *= 2
        return float(brentq(excess, low, high, xtol=1e-15, rtol=1e-15))

    def _perfect(self, x: Array) -> Array:
        psi, kappa = np.exp(x[0]), x[1]
        R, s = np.cos(psi), np.sin(psi)
        z, weight = _along(self.kept.intervals, kappa, R, s)
        weight = 2 / self.kept.fraction * weight * _phi(z)
        first, second = _moments((kappa - R * z) / s)
        return np.array([self.alpha * weight @ second - 1, self.alpha / s * weight @ (first * (kappa * R - z))])

    def _imperfect(self, x: Array) -> Array:
        psi, kappa, beta = np.exp(x[0]), x[1], x[2]
        s, rho, c = np.sin(psi), np.cos(psi) * np.cos(beta), np.cos(psi) * np.sin(beta)
        breaks = np.tan(self.theta) * np.array([-6.0, -2.0, 0.0, 2.0, 6.0])
        z, outer = _along(self.kept.intervals, kappa, rho, s + abs(c), breaks)
        g, inner = _across(z, kappa, rho, c, s, self.theta)
        weight = 2 / self.kept.fraction * outer[:, None] * _phi(z)[:, None] * inner * _phi(g)
        plane = rho * z[:, None] + c * g
        first, second = _moments((kappa - plane) / s)
        # d x / d psi and d x / d beta of x = (kappa - m) / s, both times s.
        by_psi = plane * np.tan(psi) - (kappa - plane) / np.tan(psi)
        by_beta = c * z[:, None] - rho * g
        mean = [(weight * first * by).sum() for by in (by_psi, by_beta)]
        return np.array([self.alpha * (weight * second).sum() - 1, self.alpha * mean[0], self.alpha * mean[1]])


def _phi(x: Array) -> Array:
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi))


def _moments(x: Array) -> tuple[Array, Array]:
    """E[(x - h)_+] and E[(x - h)_+^2] of a standard normal h."""
    share, density = ndtr(x), _phi(x)
    return x * share + density, (1 + x * x) * share + x * density


def _along(
    intervals: tuple[tuple[float, float], ...], kappa: float, slope: float, width: float, breaks: Array | None = None
) -> tuple[Array, Array]:
    """Nodes and weights over z: panels between the interval's ends and where the integrand bends."""
    bends = (kappa + width * np.array(_REACH)) / max(abs(slope), 1e-12) * np.sign(slope or 1.0)
    inside = np.concatenate([bends, [-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0], () if breaks is None else breaks])
    nodes, weights = [], []
    for low, high in intervals:
        edges = np.unique(np.clip(np.concatenate([[low, high], inside]), low, high))
        z, w = panels(edges)
        nodes.append(z)
        weights.append(w)
    return np.concatenate(nodes), np.concatenate(weights)


def _across(z: Array, kappa: float, rho: float, c: float, s: float, theta: float) -> tuple[Array, Array]:
    """Nodes and weights (z, nodes) over g, the teacher's part beside the probe: label +1 means g > -z cot theta."""
    low = np.clip(-z / np.tan(theta), -FAR, FAR)
    high = np.full_like(z, FAR)
    edges = [low, high, *(np.clip(b, low, high) for b in (-4.5, -1.5, 1.5, 4.5))]
    if c != 0:
        edges += [np.clip((kappa - rho * z + s * x) / c, low, high) for x in _REACH]
    return panels(np.sort(np.stack(edges, axis=-1), axis=-1))
