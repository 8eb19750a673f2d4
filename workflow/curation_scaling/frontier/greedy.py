"""The greedy schedule: always sample the pool with the most utility left. A bound of the model, not advice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curation_scaling.frontier.forecaster import Forecaster
from curation_scaling.laws.fit import Array
from curation_scaling.laws.goyal import GoyalEq3
from curation_scaling.laws.goyal_anchored import GoyalAnchored
from curation_scaling.laws.repetition_law import RepetitionLaw
from curation_scaling.laws.saved import SavedFit


class Greedy(NamedTuple):
    """Least error of any schedule under the law: of the estimate, (budgets,), and the draws, (draws, budgets).

    repetitions: passes over each pool in the estimate, (budgets, pools).
    """

    estimate: Array
    draws: Array
    repetitions: Array


def bounded(fit: Forecaster) -> bool:
    """Whether the greedy schedule is a bound: ln(y - d) falls by the integral of the sampled pool's own utility."""
    if not isinstance(fit, SavedFit) or not isinstance(fit.law, GoyalEq3 | GoyalAnchored):
        return False
    if isinstance(fit.law, GoyalEq3) and fit.law.pool_amplitudes:
        return False
    at = fit.law.gamma_at
    return bool((fit.theta[:, at] == 0).all() and (fit.draws[:, at] == 0).all())


def greedy(fit: SavedFit, pools: list[str], sizes: Array, budgets: Array) -> Greedy:
    """The schedule that takes passes over pools in the order of their utility, whatever the pool.

    With half-lives that mixing does not change (gamma = 0) each pass of a pool has a utility of its own, and
    ln(y - d) = ln a - int u(m) w(m) dm with a falling weight w (1/m, or 1/(m + s)): the integral is largest with u in
    falling order (rearrangement). Eq. 3 counts from n0 on: what is seen before does not count but is used up, and is
    therefore taken from the first pass of the worst pool. No mixture, curriculum or schedule of these pools can be
    better under the law; real training on a changing mixture may well be worse, so it is a bound, not advice.

    Args:
        fit: a fit for which `bounded` holds.
        pools, sizes: disjoint pools and their unique samples, (pools,).
        budgets: samples seen, increasing, (budgets,).
    """
    law = fit.law
    epochs = [int(np.ceil(budgets[-1] / size)) for size in sizes]
    pool = np.repeat(np.arange(len(pools)), epochs)
    repeat = np.concatenate([np.arange(n) for n in epochs])
    theta = np.concatenate([fit.theta, fit.draws])
    at = [law.pools.index(name) for name in pools]
    slopes, half_lives = (theta[:, [index(i) for i in at]] for index in (law.slope_at, law.half_life_at))
    utility = np.maximum(-slopes[:, pool], 0) * np.exp2(-repeat / half_lives[:, pool])
    head = law.n0 if isinstance(law, GoyalEq3) and law.n0 is not None else 0.0
    first = np.concatenate([[0], np.cumsum(epochs)[:-1]])  # the first pass of each pool
    worst = first[np.argmin(utility[:, first], axis=1)]
    length = np.tile(sizes[pool], (len(theta), 1))
    length[np.arange(len(theta)), worst] -= head
    order = np.argsort(-utility, axis=1, kind="stable")
    falls, length = (np.take_along_axis(values, order, axis=1) for values in (utility, length))
    ends = head + np.cumsum(length, axis=1)
    errors = np.empty((len(theta), len(budgets)))
    for row in range(len(theta)):
        clock, amplitude = _clock(law, theta[row])
        times = np.concatenate([[0.0], clock(ends[row])])
        total = np.concatenate([[0.0], np.cumsum(falls[row] * np.diff(times))])
        errors[row] = theta[row, 0] + amplitude * np.exp(-np.interp(clock(budgets), times, total))
    done = np.clip(budgets[:, None] - (ends[0] - length[0]), 0, length[0])
    seen = np.stack([(done * (pool[order[0]] == p)).sum(axis=1) for p in range(len(pools))], axis=1)
    seen[:, pool[worst[0]]] += head
    return Greedy(errors[0], errors[1:], seen / sizes)


def _clock(law: RepetitionLaw, theta: Array) -> tuple[_Clock, float]:
    """The law's time, in which utility adds up, and its amplitude."""
    if isinstance(law, GoyalEq3):
        assert law.n0 is not None
        return _Clock(1.0, 0.0, law.n0), float(theta[1])
    assert isinstance(law, GoyalAnchored)
    assert law.n1 is not None
    onset = float(theta[law.gamma_at - 1])
    amplitude = float(theta[1]) if law.untrained is None else law.untrained - float(theta[0])
    return _Clock(1 + onset / law.n1, onset, onset), amplitude


class _Clock(NamedTuple):
    """scale ln((n + shift) / start)."""

    scale: float
    shift: float
    start: float

    def __call__(self, samples: Array) -> Array:
        """The time after so many samples."""
        return np.asarray(self.scale * np.log((samples + self.shift) / self.start))
