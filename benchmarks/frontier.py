"""Speed of the frontier: python benchmarks/frontier.py (on one thread). Prints each measurement beside its target."""

import os
import resource
import sys
import time
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import minimize

from curation_scaling.frontier.candidates import by_size
from curation_scaling.frontier.compare import compare_each
from curation_scaling.frontier.curves import forecast_each
from curation_scaling.frontier.optimal import dual_weights
from curation_scaling.laws import GoyalEq3
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.saved import SavedFit

POOLS = [f"bucket{i}" for i in range(10)]
SIZE = 12.8e6


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a call, and its result."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def line(what: str, value: str, target: str = "") -> None:
    print(f"{what:<74}{value:>22}   {target}", flush=True)


def ten_pools(draws: int) -> SavedFit:
    """Ten buckets of falling quality, with draws around the estimate."""
    law = GoyalEq3(pools=tuple(POOLS), n0=SIZE / 10)
    slopes, half_lives = -np.linspace(0.2, 0.08, 10), np.linspace(3, 8, 10)
    theta = np.array([[0.1, 0.9, 0.0, *slopes, *half_lives]])
    rng = np.random.Generator(np.random.PCG64(0))
    spread = rng.normal(0, 0.03, (draws, theta.shape[1]))
    return SavedFit(law, theta, theta * np.exp(spread))


def frontier_section() -> None:
    fit = ten_pools(1000)
    groups = [group for k in (1, 2, 3) for group in combinations(POOLS, k)][:100]
    mixtures = [by_size({pool: SIZE for pool in group}) for group in groups]
    budgets = np.geomspace(SIZE, 100 * SIZE, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, compared = cpu(lambda: compare_each(forecast_each(fit, mixtures, budgets), 0.95))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    members = sum(len(group) for group in groups) / len(groups)
    line("1,000 budgets x 1,000 draws x 100 candidates: CPU seconds", f"{seconds:.2f}", "< 5")
    line(
        "  peak memory, MB (before: the interpreter and the fit)", f"{after / 1024:.0f} ({before / 1024:.0f})", "< 1000"
    )
    line("  pools a candidate; passes over a pool, at most", f"{members:.2f}; {budgets[-1] / SIZE:.0f}")
    values = 1e8
    block = np.linspace(-1, 0, 64_000)
    floor, _ = cpu(lambda: [np.exp(block) for _ in range(round(values / block.size))])
    line("  physical floor: the exponentials alone, CPU seconds; ratio", f"{floor:.2f}; {seconds / floor:.1f}x")
    assert np.allclose(compared.probability_best.sum(axis=0), 1)


def error_of(fit: SavedFit, sizes: np.ndarray, budget: float) -> Callable[[np.ndarray], float]:
    """The predicted error of the first draw at weights of the ten pools."""
    one = SavedFit(fit.law, fit.draws[:1], fit.draws[:0])

    def error(q: np.ndarray) -> float:
        mixture = Mixture(tuple(POOLS), np.maximum(q, 0) / np.maximum(q, 0).sum(), sizes).sampled()
        return float(one.forecast([mixture], np.zeros(1, dtype=np.intp), np.array([budget]))[0][0])

    return error


def slsqp(fit: SavedFit, sizes: np.ndarray, budget: float) -> tuple[float, float]:
    """The peer: CPU seconds and least error of scipy's SLSQP from ten starts."""
    error = error_of(fit, sizes, budget)
    limits = {"bounds": [(0, 1)] * 10, "constraints": {"type": "eq", "fun": lambda q: q.sum() - 1}}
    starts = [np.full(10, 0.1), *(0.01 + 0.9 * row for row in np.eye(10)[:9])]
    return cpu(lambda: min(minimize(error, s, method="SLSQP", **limits).fun for s in starts))


def weights_section() -> None:
    fit = ten_pools(200)
    budgets, sizes = np.geomspace(SIZE, 100 * SIZE, 100), np.full(10, SIZE)
    seconds, weights = cpu(lambda: dual_weights(fit.law, fit.draws, POOLS, sizes, budgets))
    line("Optimal weights, 100 budgets x 200 draws x 10 pools: CPU seconds", f"{seconds:.2f}", "< 10")
    solved = [slsqp(fit, sizes, budgets[b]) for b in (20, 60, 95)]
    ours = [error_of(fit, sizes, budgets[b])(weights[0, b]) for b in (20, 60, 95)]
    excess = max(mine - theirs for mine, (_, theirs) in zip(ours, solved, strict=True))
    peer = sum(taken for taken, _ in solved) / len(solved) * weights.shape[0] * weights.shape[1]
    line("  excess error over scipy's SLSQP from 10 starts, worst of 3", f"{excess:.1e}", "<= 0")
    line("  SLSQP for as many problems, CPU seconds; ratio", f"{peer:.0f}; {peer / seconds:.0f}x")


if __name__ == "__main__":
    if "OMP_NUM_THREADS" not in os.environ:  # threads that wait count as CPU time
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | one)
    frontier_section()
    weights_section()
