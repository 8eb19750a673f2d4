"""Real coverage of nominal 95 % intervals: python benchmarks/coverage.py [--simulations 1000] [--cells NAME ...].

Each cell simulates runs from a known law, fits them with the defaults, and counts how often the interval holds the
truth: of the mean prediction (at the runs, and at 4x the largest scale), of one new run at the runs' places, and of
every parameter that the fit did not flag as weak, beside the share of fits that flagged it. What leaves .90-.99 is
listed at the end. A cell of 1,000 simulations takes two to ten minutes on two cores; --cells runs them in pieces.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import reduce
from itertools import repeat
from multiprocessing import get_context
from operator import add

import numpy as np
import polars as pl

from curation_scaling.laws import GoyalEq3, Law, fit_law, law_named

REPLICATES = 400
LOWEST, HIGHEST = 0.90, 0.99
PIECE = 25  # simulations a process works through at a time
LEAST_COUNTED = 100  # unflagged intervals below which a coverage is not judged
POOL_SIZE = 12.8e6
FIVE_POOLS = {
    "top10": (-0.16, 6.727),
    "top20": (-0.125, 8.545),
    "top30": (-0.10, 5.273),
    "top40": (-0.085, 2.273),
    "random": (-0.12, 6.0),
}


@dataclass(frozen=True)
class Cell:
    """A law with its truth, the runs' design, the questions asked, and the noise: rng -> factors on the error."""

    name: str
    law: Law
    truth: np.ndarray
    frame: pl.DataFrame
    ask: pl.DataFrame
    noise: Callable[[np.random.Generator], np.ndarray]


def independent(rows: int, size: float) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: np.exp(size * rng.standard_normal(rows))


def saturating(rows: int, size: float) -> Cell:
    law = law_named("saturating_power")
    frame = pl.DataFrame({"run_id": np.arange(rows), "samples_seen": np.geomspace(1e4, 1e8, rows)})
    ask = pl.DataFrame({"samples_seen": [1e4, 1e6, 1e8, 4e8]})
    truth = np.array([5.0, -0.3, 0.05])
    return Cell(f"saturating power, {rows} runs, noise {size:.1%}", law, truth, frame, ask, independent(rows, size))


def chinchilla(rows: int, size: float) -> Cell:
    law = law_named("chinchilla")
    side = int(np.sqrt(rows))
    params, tokens = (m.ravel() for m in np.meshgrid(np.geomspace(5e7, 1.6e10, side), np.geomspace(1e9, 5e11, side)))
    frame = pl.DataFrame({"run_id": np.arange(side**2), "params": params, "tokens": tokens})
    ask = pl.DataFrame({"params": [5e8, 1e10, 3e10], "tokens": [1e10, 2e11, 1e12]})
    truth = np.array([1.8172, 477.8, 0.3473, 2143.4, 0.3672])
    return Cell(f"Chinchilla, {side**2} runs, noise {size:.1%}", law, truth, frame, ask, independent(side**2, size))


def repetition(draws: int, size: float, shared: float) -> Cell:
    rows = [(p, e, g) for g in range(draws) for p in FIVE_POOLS for e in (0.5, 1, 2, 4, 6, 8, 10)]
    frame = pl.DataFrame(
        {
            "run_id": [f"{p}-{g}" for p, _, g in rows],
            "pool": [p for p, _, _ in rows],
            "unique_samples": POOL_SIZE,
            "samples_seen": [e * POOL_SIZE for _, e, _ in rows],
            "draw": [g for _, _, g in rows],
        }
    )
    law = GoyalEq3().bind(frame)
    pairs = [FIVE_POOLS[pool] for pool in law.pools]
    truth = np.array([0.1, 0.9, 0.0, *(b for b, _ in pairs), *(tau for _, tau in pairs)])
    single = [[{"pool": p, "weight": 1.0, "size": POOL_SIZE}] for p in FIVE_POOLS]
    union = [{"pool": p, "weight": 0.5, "size": POOL_SIZE} for p in ("top10", "top20")]
    ask = pl.DataFrame(
        {
            "weights": [*single, *single, union, union],
            "samples_seen": [2 * POOL_SIZE] * 5 + [40 * POOL_SIZE] * 5 + [10 * POOL_SIZE, 40 * POOL_SIZE],
        }
    )
    draw = frame["draw"].to_numpy()

    def noise(rng: np.random.Generator) -> np.ndarray:
        return np.exp(size * rng.standard_normal(draw.size) + shared * rng.standard_normal(draws)[draw])

    name = f"five pools, {draws} draws, noise {size:.1%}" + (f" + {shared:.1%} a draw" if shared else "")
    return Cell(name, law, truth, frame, ask, noise)


CELLS = {
    "saturating_12": lambda: saturating(12, 0.01),
    "saturating_24": lambda: saturating(24, 0.01),
    "saturating_48": lambda: saturating(48, 0.02),
    "chinchilla_36": lambda: chinchilla(36, 0.01),
    "chinchilla_100": lambda: chinchilla(100, 0.01),
    "repetition_1": lambda: repetition(1, 0.002, 0.0),
    "repetition_3": lambda: repetition(3, 0.002, 0.0),
    "repetition_4": lambda: repetition(4, 0.002, 0.002),
    "repetition_8": lambda: repetition(8, 0.002, 0.0),
}


@dataclass(frozen=True)
class Tally:
    """Counts over simulations: intervals that hold the truth, per asked prediction, parameter, and new run."""

    mean: np.ndarray
    new: float
    held: np.ndarray
    unflagged: np.ndarray

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.mean + other.mean, self.new + other.new, self.held + other.held, self.unflagged + other.unflagged
        )


def simulate(name: str, loss: str, numbers: range) -> Tally:
    """Simulate, fit with the defaults, and count; a simulation's number alone fixes its noise and its replicates."""
    cell = CELLS[name]()
    clean = cell.law.predict(cell.truth[None], cell.law.design(cell.frame))[0]
    answer = cell.law.predict(cell.truth[None], cell.law.design(cell.ask))[0]
    new_inside, inside = 0.0, np.zeros(answer.size)
    held, unflagged = np.zeros(cell.truth.size), np.zeros(cell.truth.size)
    for number in numbers:
        rng = np.random.Generator(np.random.PCG64([number, 17]))
        runs = cell.frame.with_columns(error=pl.Series(clean * cell.noise(rng)))
        fit = fit_law(cell.law, runs, loss=loss, bootstrap=REPLICATES, seed=number)
        predicted = fit.predict(cell.ask)
        inside += (predicted["lower"].to_numpy() <= answer) & (answer <= predicted["upper"].to_numpy())
        new = clean * cell.noise(rng)
        single = fit.predict(cell.frame, kind="run")
        new_inside += float(((single["lower"].to_numpy() <= new) & (new <= single["upper"].to_numpy())).mean())
        table = fit.parameters
        use = ~fit.weak & (table["method"] != "fixed").to_numpy()
        held += use & (table["lower"].to_numpy() <= cell.truth) & (cell.truth <= table["upper"].to_numpy())
        unflagged += use
    return Tally(inside, new_inside, held, unflagged)


def measure(name: str, simulations: int, loss: str, jobs: int) -> list[tuple[str, float, int, float]]:
    """Return rows: what, share of intervals that hold the truth, intervals counted, share that the fits flagged."""
    parts = [range(first, min(first + PIECE, simulations)) for first in range(0, simulations, PIECE)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        total = reduce(add, pool.map(simulate, repeat(name), repeat(loss), parts))
    cell = CELLS[name]()
    rows = [
        ("mean predictions", float(total.mean.mean() / simulations), total.mean.size * simulations, 0.0),
        ("worst prediction", float(total.mean.min() / simulations), simulations, 0.0),
        ("new runs", total.new / simulations, cell.frame.height * simulations, 0.0),
    ]
    for i, parameter in enumerate(cell.law.names):
        if parameter not in cell.law.defaults:
            count = int(total.unflagged[i])
            share = float(total.held[i] / count) if count else np.nan
            rows.append((parameter, share, count, 1 - count / simulations))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--cells", nargs="*", choices=list(CELLS), default=list(CELLS))
    parser.add_argument("--loss", default="log_huber")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes; the numbers do not depend on it")
    arguments = parser.parse_args()
    missed = []
    for name in arguments.cells:
        start = time.perf_counter()
        rows = measure(name, arguments.simulations, arguments.loss, arguments.jobs)
        took = time.perf_counter() - start
        print(f"{CELLS[name]().name} ({name}, {arguments.loss}, {arguments.simulations} simulations, {took:.0f} s)")
        print(f"  {'':<20}{'coverage':>10}{'intervals':>11}{'flagged':>9}")
        for what, coverage, counted, flagged in rows:
            out = counted >= LEAST_COUNTED and not LOWEST <= coverage <= HIGHEST
            few = "" if counted >= LEAST_COUNTED else f"   fewer than {LEAST_COUNTED} unflagged"
            print(f"  {what:<20}{coverage:10.3f}{counted:11d}{flagged:9.1%}{'   <--' if out else few}", flush=True)
            if out:
                missed.append(f"{name}: {what} {coverage:.3f}")
    print(f"outside of {LOWEST}-{HIGHEST}: " + ("; ".join(missed) or "none"))


if __name__ == "__main__":
    # One thread a process: threads of the linear algebra would only wait for each other.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    main()
