"""The sampling weights that minimise the predicted error at a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import NamedTuple

import numpy as np

from curation_scaling.frontier.candidates import lattice
from curation_scaling.frontier.forecaster import Forecaster, separable, without_draws
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.fit import Array
from curation_scaling.laws.goyal import GoyalEq3
from curation_scaling.laws.saved import SavedFit

_STEPS = 4  # of the coarse lattice of the global search
_MOST_STARTS = 500
_IMPROVED = 4  # of the best starts
_FINEST = 1e-4  # mass moved between two pools at the end of the search
_TURNS = 60  # of the bisection


class Optimum(NamedTuple):
    """Weights of the estimate, (pools,), and each draw's own, (draws, pools), where the problem is convex."""

    weights: Array
    draws: Array | None


def optimal_weights(
    fit: Forecaster, pools: list[str], sizes: Array, samples: float, starts: Sequence[Array] = ()
) -> Optimum:
    """The best weights at one budget.

    Where the law is Eq. 3 and half-lives stay (gamma = 0) the problem is separable and concave in the weights, and the
    optimum is exact, for every draw. Elsewhere a deterministic global search: all points of a coarse lattice, then the
    best ones are improved by moving ever smaller masses between two pools.

    Args:
        fit: the law that is believed.
        pools, sizes: disjoint pools and their unique samples, (pools,).
        samples: the budget in samples seen.
        starts: more weights to start the search from, each (pools,).
    """
    if separable(fit):
        assert isinstance(fit, SavedFit)
        both = np.concatenate([fit.theta, fit.draws])
        weights = dual_weights(fit.law, both, pools, sizes, np.array([samples]))[:, 0]
        return Optimum(weights[0], weights[1:])
    return Optimum(search_weights(fit, pools, sizes, samples, starts), None)


def dual_weights(law: object, theta: Array, pools: list[str], sizes: Array, samples: Array) -> Array:
    """Exact optimal weights under Eq. 3 with gamma = 0, shape (batch, budgets, pools).

    ln(y - d) falls by sum_i g_i(q_i), g_i(q) = |b_i| q (ln(n/n0) - ln x + S(x)) with x = n q / N_i the repetitions of
    pool i and S(x) the integral of (1/2)^(floor(u)/tau) du / u from 1 to x (S = ln x below 1). The marginal gain is
    |b_i| (ln(n/n0) - H(x)), H(x) = ln x - S(x) + 1 - (1/2)^(floor(x)/tau): 0 on the first pass, jumping up at each
    integer, and rising between, so that g_i is concave. All pools that are used have one marginal gain lambda; it is
    found by bisection on sum q = 1, with q(lambda) in closed form; what a flat stretch or the last digit leaves
    open is filled between the two ends of the bisection.
    """
    assert isinstance(law, GoyalEq3)
    assert law.n0 is not None
    at = [law.pools.index(pool) for pool in pools]
    gain = np.maximum(-theta[:, [law.slope_at(i) for i in at]], 0.0)
    level = -np.log(theta[:, [law.amplitude_at(i) for i in at]])  # all alike, unless pools have their own amplitudes
    level -= level.max(axis=1, keepdims=True)
    half_lives = theta[:, [law.half_life_at(i) for i in at]]
    tables = [_Marginal(half_lives[:, p], float(samples.max() / sizes[p])) for p in range(len(pools))]
    reach = np.log(samples / law.n0)
    per_weight = samples[:, None] / sizes  # repetitions at weight 1, (budgets, pools)

    def weights(price: Array) -> Array:
        """q of each pool at the price lambda, (batch, budgets), as much as is worth it."""
        found = np.empty((theta.shape[0], samples.size, len(pools)))
        for p, table in enumerate(tables):
            with np.errstate(divide="ignore", invalid="ignore"):
                height = reach - (price - level[:, p, None]) / gain[:, p, None]
            repeats = table.inverse(np.nan_to_num(height, nan=0.0, posinf=np.inf, neginf=-np.inf))
            found[:, :, p] = np.minimum(repeats / per_weight[:, p], 1.0)
        return found

    top = (gain[:, None, :] * reach[:, None] + level[:, None, :]).max(axis=2)
    low, high = np.full_like(top, level.min() - 1e-12), top * (1 + 1e-12) + 1e-300
    # At `low` every pool is worth all of the budget; where gains cannot pay that, the price falls further.
    short = weights(low).sum(axis=2) < 1
    while short.any():
        low = np.where(short, low - np.maximum(np.abs(top), 1.0), low)
        short = weights(low).sum(axis=2) < 1
    for _ in range(_TURNS):
        middle = 0.5 * (low + high)
        enough = weights(middle).sum(axis=2) >= 1
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    more, less = weights(low), weights(high)
    span = more.sum(axis=2) - less.sum(axis=2)
    share = np.where(span > 0, (1 - less.sum(axis=2)) / np.where(span > 0, span, 1), 0.0)
    result = less + np.clip(share, 0, 1)[..., None] * (more - less)
    return np.asarray(result / result.sum(axis=2, keepdims=True))


class _Marginal:
    """The inverse of H for a batch of half-lives: repetitions up to which the marginal gain is above a level."""

    def __init__(self, half_life: Array, most: float):
        """Tabulate H just before and just after each whole repetition up to `most`."""
        epochs = int(np.ceil(most)) + 1
        k = np.arange(1, epochs + 1)
        self.left = np.exp2(-np.arange(epochs + 1) / half_life[:, None])  # utility left in repetition 0, 1, ...
        log = np.log(k)
        steps = self.left[:, 1:-1] * np.diff(log)
        self.sums = np.concatenate([np.zeros((half_life.size, 1)), np.cumsum(steps, axis=1)], axis=1)  # S(k)
        after = log - self.sums + 1 - self.left[:, 1:]
        before = log - self.sums + 1 - self.left[:, :-1]
        self.knots = np.empty((half_life.size, 2 * epochs))
        self.knots[:, 0::2], self.knots[:, 1::2] = before, after
        # One sorted table for the whole batch: each row is lifted above the one before.
        self.lift = 2.0 * float(self.knots[:, -1].max()) + 1.0
        self.flat = (self.knots + self.lift * np.arange(half_life.size)[:, None]).ravel()
        self.log = np.concatenate([[0.0], log])

    def inverse(self, height: Array) -> Array:
        """The largest x with H(x) <= height, (batch, budgets); 0 where even the first sample is not worth it."""
        batch, width = self.knots.shape
        row = np.arange(batch)[:, None]
        capped = np.clip(height, -1.0, self.lift / 2 - 0.25)
        place = np.searchsorted(self.flat, (capped + self.lift * row).ravel(), side="right").reshape(height.shape)
        place = np.clip(place - row * width, 0, width)
        jump = place % 2 == 1  # between `before` and `after` of an integer: the kink itself
        k = np.maximum((place + 1) // 2, 1)
        left = self.left[row, k]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log_x = (capped - 1 + left + self.sums[row, k - 1] - left * self.log[k]) / (1 - left)
            x = np.where(jump | (left >= 1), k, np.exp(np.clip(log_x, self.log[k], np.log(k + 1))))
        return np.where(height < 0, 0.0, x)


def search_weights(
    fit: Forecaster, pools: list[str], sizes: Array, samples: float, starts: Sequence[Array] = ()
) -> Array:
    """Weights of the least predicted error of the estimate by a deterministic global search, (pools,)."""
    fit = without_draws(fit)

    def errors(points: Array) -> Array:
        mixtures = [Mixture(tuple(pools), q, sizes).sampled() for q in points]
        return fit.forecast(mixtures, np.arange(len(points)), np.full(len(points), samples))[0]

    points = np.array([*starts, *_starts(sizes)])
    order = np.argsort(errors(points), kind="stable")[:_IMPROVED]
    found = [_improve(errors, start) for start in points[order]]
    return min(found, key=lambda item: item[1])[0]


def _starts(sizes: Array) -> Array:
    """A coarse lattice of weights, and all prefixes in proportion to size."""
    count = len(sizes)
    steps = _STEPS
    while steps > 1 and comb(count + steps - 1, steps) > _MOST_STARTS:
        steps -= 1
    points = [np.array(shares) / steps for shares in lattice(count, steps)]
    for k in range(2, count + 1):
        part = np.where(np.arange(count) < k, sizes, 0.0)
        points.append(part / part.sum())
    return np.array(points)


def _improve(errors: Callable[[Array], Array], start: Array) -> tuple[Array, float]:
    """Move mass between two pools while it helps, then less and less of it."""
    point, step = start.copy(), 0.125
    error = float(errors(point[None])[0])
    count = len(point)
    while step > _FINEST:
        moves = []
        for giver in range(count):
            for taker in range(count):
                mass = min(step, point[giver])
                if giver != taker and mass > 0:
                    moved = point.copy()
                    moved[giver] -= mass
                    moved[taker] += mass
                    moves.append(moved if moved[giver] > 1e-12 else _without(moved, giver))
        if not moves:
            break
        tried = errors(np.array(moves))
        at = int(np.argmin(tried))
        if tried[at] < error * (1 - 1e-13):
            point, error = moves[at], float(tried[at])
        else:
            step /= 2
    return point, error


def _without(point: Array, pool: int) -> Array:
    point[pool] = 0.0
    return np.asarray(point / point.sum())
