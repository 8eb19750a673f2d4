"""Ways of choosing data that cost compute: what each reaches at a budget, and how large a model must be to repay it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws.fit import Fit, fit_law

Array = npt.NDArray[np.float64]

LAW = "pruned_exponential"  # y = a exp(-u/s) + d: the score's distance from the best one
MOST, LEAST = 100.0, 0.5  # model sizes in scorers that are looked at
_SIZES, _SHARES = 160, 200


@dataclass(frozen=True)
class Curve:
    """A method's fitted curve for one model and task.

    P(k) = P0 + (Pbar - P0) (1 - exp(-rate k)), k the share of all data trained on (Yin & Rush 2024, arXiv 2410.16208);
    `cost` is that of choosing, in units of training on everything. draws: (1 + draws, 3) of P0, Pbar, rate; the
    estimate comes first.
    """

    method: str
    cost: float
    draws: Array
    rmse: float
    flags: tuple[str, ...]

    def score(self, share: Array) -> Array:
        """Scores at shares (k,) or (draws, k), one row a draw: (draws, k); -inf below a share of 0."""
        start, plateau, rate = (self.draws[:, i, None] for i in range(3))
        with np.errstate(over="ignore", invalid="ignore"):
            reached = plateau - (plateau - start) * np.exp(-rate * np.minimum(share, 1.0))
        return np.where(share > 0, reached, -np.inf)


def fit_curve(method: str, cost: float, share: Array, score: Array, *, best: float, bootstrap: int, seed: int) -> Curve:
    """Fit a method's scores (n,) at shares of the data (n,), least squares.

    Raises:
        InputError: if there are fewer points than the curve has parameters.
    """
    runs = pl.DataFrame({"run_id": [f"{k:g}" for k in share], "unique_samples": share, "error": best - score})
    fit = fit_law(LAW, runs, loss="mse", bootstrap=bootstrap, seed=seed)
    rows = np.concatenate([fit.theta[None], fit.theta_draws])
    a, s, d = (rows[:, fit.law.names.index(name)] for name in ("a", "s", "d"))
    draws = np.stack([best - a - d, best - d, 1 / s], axis=1)
    residual = fit.predict(runs)["predicted"].to_numpy() - runs["error"].to_numpy()
    return Curve(method, cost, draws, float(np.sqrt((residual**2).mean())), _flags(fit))


def _flags(fit: Fit) -> tuple[str, ...]:
    return tuple(name for name, weak in zip(fit.law.names, fit.weak, strict=True) if weak)


def scores_at(curves: Sequence[Curve], budgets: Array, least: float) -> Array:
    """What each method reaches at budgets, in units of training on everything: (methods, draws, budgets).

    -inf where, after paying for the choice, less than the share `least` can be trained on.
    """
    found = []
    for curve in curves:
        share = budgets - curve.cost
        found.append(curve.score(np.where(share >= least * (1 - 1e-9), share, 0.0)))
    return np.stack(found)


def ratio_needed(curves: Sequence[Curve], method: str, ratio: float, least: float) -> Array:
    """How many times larger than the scorer a model must be for `method` to be the best somewhere: (draws,).

    The curves are kept, and the cost of choosing, which is the scorer's, shrinks beside training as the model grows.
    `ratio` is that of the curves' model to the scorer. inf where `MOST` does not do; `LEAST` where that already does.
    """
    mine = next(curve for curve in curves if curve.method == method)
    shares = np.linspace(least, 1, _SHARES)
    reached = mine.score(shares)
    needed = np.full(len(mine.draws), np.inf)
    for size in np.geomspace(MOST, LEAST, _SIZES):
        budget = shares + mine.cost * ratio / size
        others = [c.score(_affordable(budget, c.cost * ratio / size, least)) for c in curves if c is not mine]
        pays = ((reached > np.max(others, axis=0)) & (budget <= 1)).any(axis=1)
        needed[pays] = size
    return needed


def _affordable(budget: Array, cost: float, least: float) -> Array:
    share = budget - cost
    return np.where(share >= least, share, 0.0)
