"""Speed and exactness of the law engine: python benchmarks/laws.py (on one thread).

Prints each measurement beside its target, and ratios to named peers in one run: scipy's L-BFGS from 32 starts, and the
`chinchilla` package, when installed, on a stated part of Hoffmann's grid of 4,500 starts. The Chinchilla points are
read from CURATION_SCALING_DATA (default: ../shared/data beside the repository).
"""

import os
import resource
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import minimize

from curation_scaling.laws import GoyalEq3, fit_law

DATA = Path(os.environ.get("CURATION_SCALING_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
POOL_SIZE = 12.8e6
SLOPES = {"top10": -0.16, "top20": -0.125, "top30": -0.10, "top40": -0.085, "random": -0.12}
HALF_LIVES = {"top10": 6.727, "top20": 8.545, "top30": 5.273, "top40": 2.273, "random": 6.0}
HOFFMANN_GRID = {
    "e": (-1.0, -0.5, 0.0, 0.5, 1.0),
    "a": (0.0, 5.0, 10.0, 15.0, 20.0, 25.0),
    "b": (0.0, 5.0, 10.0, 15.0, 20.0, 25.0),
    "alpha": (0.0, 0.5, 1.0, 1.5, 2.0),
    "beta": (0.0, 0.5, 1.0, 1.5, 2.0),
}


def cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(call: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the smallest CPU seconds of a call, children included, and its last result."""
    best, result = np.inf, None
    for _ in range(repeats):
        start = cpu()
        result = call()
        best = min(best, cpu() - start)
    return best, result


def line(what: str, value: str, target: str = "") -> None:
    print(f"{what:<74}{value:>22}   {target}", flush=True)


def chinchilla_points() -> pl.DataFrame:
    path = DATA / "besiroglu2024" / "chinchilla_points.csv"
    if not path.is_file():
        raise SystemExit("chinchilla_points.csv is missing: set CURATION_SCALING_DATA to the folder of public results")
    raw = pl.read_csv(path)
    size = pl.col("Model Size")
    runs = raw.select(params=size, tokens=pl.col("Training FLOP") / (6 * size), error=pl.col("loss"))
    return runs.sort("error").head(240).with_row_index("run_id")


def five_pools(noise: float = 0.0, seed: int = 0) -> tuple[pl.DataFrame, np.ndarray, GoyalEq3]:
    rows = [(pool, epochs * POOL_SIZE) for pool in SLOPES for epochs in (2, 4, 6, 8, 10)]
    frame = pl.DataFrame(
        {
            "run_id": [pool for pool, _ in rows],
            "pool": [pool for pool, _ in rows],
            "unique_samples": POOL_SIZE,
            "samples_seen": [n for _, n in rows],
        }
    )
    law = GoyalEq3().bind(frame)
    truth = [0.1, 0.9, 0.0, *(SLOPES[p] for p in law.pools), *(HALF_LIVES[p] for p in law.pools)]
    theta = np.array(truth)
    error = law.predict(theta[None], law.design(frame))[0]
    rng = np.random.Generator(np.random.PCG64(seed))
    return frame.with_columns(error=pl.Series(error * np.exp(noise * rng.standard_normal(error.size)))), theta, law


def lbfgs(runs: pl.DataFrame, starts: int, seed: int = 0) -> float:
    """Return the best objective of L-BFGS with the analytic gradient from starts drawn within Hoffmann's grid."""
    log_n, log_d, log_y = (np.log(runs[name].to_numpy()) for name in ("params", "tokens", "error"))

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        terms = np.stack([np.full_like(log_n, z[0]), z[1] - z[3] * log_n, z[2] - z[4] * log_d])
        top = terms.max(axis=0)
        value = top + np.log(np.exp(terms - top).sum(axis=0))
        share = np.exp(terms - value)
        r = value - log_y
        slope = np.clip(r, -1e-3, 1e-3)
        cost = np.where(np.abs(r) <= 1e-3, 0.5 * r**2, 1e-3 * (np.abs(r) - 5e-4)).sum()
        by = share * slope
        return cost, np.array([by[0].sum(), by[1].sum(), by[2].sum(), -(by[1] @ log_n), -(by[2] @ log_d)])

    rng = np.random.Generator(np.random.PCG64(seed))
    low, high = np.array([[min(v), max(v)] for v in HOFFMANN_GRID.values()]).T
    options = {"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-12}
    results = [
        minimize(objective, rng.uniform(low, high), jac=True, method="L-BFGS-B", options=options) for _ in range(starts)
    ]
    return float(min(result.fun for result in results))


def package_fit(runs: pl.DataFrame) -> tuple[int, float]:
    """Fit by the `chinchilla` package on a 32-point part of Hoffmann's grid; return its starts and its objective."""
    import chinchilla

    def loss(y_true: Any, y_pred: Any) -> Any:
        r = np.log(y_pred) - np.log(y_true)
        return np.where(np.abs(r) <= 1e-3, 0.5 * r**2, 1e-3 * (np.abs(r) - 5e-4))

    part = {"e": (0.0, 0.5), "a": (5.0, 10.0), "b": (5.0, 10.0), "alpha": (0.5, 1.0), "beta": (0.5, 1.0)}
    with tempfile.TemporaryDirectory() as folder:
        table = runs.select(C=6 * pl.col("params") * pl.col("tokens"), N="params", D="tokens", loss="error")
        table.write_csv(Path(folder) / "df.csv")
        ranges = {"C": (1e18, 1e22), "N_to_D": (1.0, 1000.0)}
        package = chinchilla.Chinchilla(folder, part, ranges, loss_fn=loss, log_level=50)
        package.fit(parallel=True)
        predicted = package.predict_loss(runs["params"].to_numpy(), runs["tokens"].to_numpy())
    return 32, float(np.sum(loss(runs["error"].to_numpy(), predicted)))


def chinchilla_section() -> None:
    runs = chinchilla_points()
    ours, fit = timed(lambda: fit_law("chinchilla", runs, bootstrap=0), repeats=5)
    line("Chinchilla, 240 points, objective", f"{fit.objective:.9e}", "<= 1.018275e-3")
    line("  share of starts in the best basin", f"{fit.starts.share_best:.0%}", "100%")
    line("  CPU seconds of one fit", f"{ours:.4f}")
    theirs, value = timed(lambda: lbfgs(runs, 32))
    line("  scipy L-BFGS, analytic gradient, 32 starts: best objective", f"{value:.9e}")
    line("  scipy L-BFGS, 32 starts: CPU seconds; ratio to ours", f"{theirs:.2f}; {theirs / ours:.0f}x", ">= 10x")
    starts_of_grid = int(np.prod([len(v) for v in HOFFMANN_GRID.values()]))
    if find_spec("chinchilla"):
        seconds, (starts, value) = timed(lambda: package_fit(runs))
        scaled = seconds * starts_of_grid / starts
        line(f"  chinchilla package, {starts} of {starts_of_grid} starts: objective", f"{value:.9e}")
        line(f"  chinchilla package: CPU seconds of {starts} starts", f"{seconds:.1f}")
        line(
            f"  times {starts_of_grid / starts:.1f} for the whole grid; ratio",
            f"{scaled:.0f}; {scaled / ours:.0f}x",
            ">= 5000x",
        )
    else:
        line("  chinchilla package", "not installed", "pip install chinchilla")
    seconds, _ = timed(lambda: fit_law("chinchilla", runs, bootstrap=4000))
    line("  4,000 bootstrap refits, CPU seconds", f"{seconds - ours:.2f}", "< 3")


def repetition_section() -> None:
    runs, truth, law = five_pools()
    fit = fit_law("goyal_eq3", runs, bootstrap=0)
    moving = [i for i, name in enumerate(law.names) if name != "gamma"]
    line(
        "Five pools x five points, no noise: largest relative error",
        f"{np.abs(fit.theta[moving] / truth[moving] - 1).max():.1e}",
        "<= 1e-8",
    )
    noisy, _, _ = five_pools(noise=1e-3)
    single, _ = timed(lambda: fit_law("goyal_eq3", noisy, bootstrap=0), repeats=3)
    seconds, _ = timed(lambda: fit_law("goyal_eq3", noisy, bootstrap=4000))
    line("  CPU seconds of one fit", f"{single:.4f}")
    line("  4,000 bootstrap refits, CPU seconds", f"{seconds - single:.2f}", "< 1")
    _, jacobian = law.evaluate(truth[None], law.design(runs))
    free = [i for i in moving if law.names[i] != "d"]
    scaled = (jacobian[0] / runs["error"].to_numpy())[free] / 1e-3
    bound = dict(zip([law.names[i] for i in free], np.sqrt(np.diag(np.linalg.inv(scaled @ scaled.T))), strict=True))
    for loss in ("log_huber", "log_mse"):
        errors = []
        for seed in range(200):
            drawn, _, _ = five_pools(noise=1e-3, seed=seed)
            theta = fit_law("goyal_eq3", drawn, loss=loss, bootstrap=0, fixed={"d": 0.1}).theta
            errors.append(np.abs(theta / np.where(truth == 0, 1, truth) - 1))
        median = np.median(errors, axis=0)
        for kind, target in (("tau", "<= 6%"), ("b", "<= 3%")):
            at = [i for i, name in enumerate(law.names) if name.startswith(f"{kind}[")]
            floor = [0.6745 * bound[law.names[i]] / abs(truth[i]) for i in at]
            value = f"{median[at].max():.2%} ({max(floor):.2%})"
            line(f"  0.1% noise, d known, {loss}: median error of {kind}, worst pool (Cramer-Rao)", value, target)


if __name__ == "__main__":
    if "OMP_NUM_THREADS" not in os.environ:  # threads that wait count as CPU time, of the peer above all
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | one)
    chinchilla_section()
    repetition_section()
