"""Runs made from known parameters: the ground truth of the law tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.laws import GoyalAnchored, GoyalEq3, ReleasedData, ReleasedUtility
from curation_scaling.laws.repetition_law import RepetitionLaw
from curation_scaling.layout import Layout
from curation_scaling.study import Study
from known_law import SEEN, SIZES, collected, content, truth

Array = npt.NDArray[np.float64]

POOL_SIZE = 12.8e6
POOLS = ("top10", "top20", "top30", "top40", "random")
SAMPLES = (25.6e6, 51.2e6, 76.8e6, 102.4e6, 128e6)
SLOPES = (-0.16, -0.125, -0.10, -0.085, -0.12)
HALF_LIVES = (6.727, 8.545, 5.273, 2.273, 6.0)
SHARED = {"a": {"goyal_eq3": 0.9, "goyal_anchored": 0.95, "released_utility": 0.025, "released_data": 0.022}, "s": 3e7}
PUBLISHED: tuple[RepetitionLaw, ...] = (GoyalEq3(), ReleasedUtility(), ReleasedData())
VARIANTS: tuple[RepetitionLaw, ...] = (
    *PUBLISHED,
    GoyalAnchored(),
    GoyalAnchored(untrained=0.999),
    GoyalEq3(one_half_life=True),
    GoyalAnchored(untrained=0.999, one_half_life=True),
    ReleasedData(one_half_life=True),
    ReleasedUtility(one_half_life=True),
)


def label(law: RepetitionLaw) -> str:
    """A variant's name with its options, for the ids of tests."""
    known = "" if getattr(law, "untrained", None) is None else "-untrained"
    return f"{law.name}{known}{'-one_half_life' if law.one_half_life else ''}"


def five_pools(draws: int = 1) -> pl.DataFrame:
    """Five pools of 12.8M samples, five checkpoints each, one run a pool and draw."""
    rows = [(pool, n, draw) for draw in range(draws) for pool in POOLS for n in SAMPLES]
    return pl.DataFrame(
        {
            "run_id": [f"{pool}-{draw}" for pool, _, draw in rows],
            "pool": [pool for pool, _, _ in rows],
            "unique_samples": [POOL_SIZE] * len(rows),
            "samples_seen": [n for _, n, _ in rows],
            "draw": [draw for _, _, draw in rows],
        }
    )


def true_theta(law: RepetitionLaw) -> Array:
    """The true parameter vector of a bound law; d = 0.1."""
    theta = np.ones(len(law.names))
    theta[0] = 0.1
    for i, parameter in enumerate(law.shared, start=1):
        value = SHARED[parameter.name]
        theta[i] = value[law.name] if isinstance(value, dict) else value
    theta[law.gamma_at] = law.defaults["gamma"]
    for i, pool in enumerate(law.pools):
        theta[law.slope_at(i)] = SLOPES[POOLS.index(pool)]
        theta[law.half_life_at(i)] = HALF_LIVES[POOLS.index(pool)]
    return theta


def simulated(law: RepetitionLaw, noise: float = 0.0, draws: int = 1, seed: int = 0) -> pl.DataFrame:
    """Runs of the five pools from the true parameters, with relative noise."""
    frame = five_pools(draws)
    bound = law.bind(frame)
    error = bound.predict(true_theta(bound)[None], bound.design(frame))[0]
    rng = np.random.Generator(np.random.PCG64(seed))
    return frame.with_columns(error=pl.Series(error * np.exp(noise * rng.standard_normal(error.size))))


def noisy_study(
    folder: Path, extra: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame, **laws: Any
) -> tuple[Study, Layout]:
    """The known law on two pools, four draws, noise that falls along the curve; imported from a table, by `extra`."""
    rng, pools = np.random.default_rng(1), ["fair", "good"]
    rows = [
        (pool, n, float(e * np.exp(0.05 * (n / 500) ** -0.3 * rng.standard_normal())), draw)
        for draw in range(4)
        for pool, errors in zip(pools, truth(pools, SEEN), strict=True)
        for n, e in zip(SEEN, errors, strict=True)
    ]
    folder.mkdir(exist_ok=True)
    frame = extra(pl.DataFrame(rows, schema=["pool", "samples_seen", "error", "draw"], orient="row"))
    frame.write_csv(folder / "runs.csv")
    file = {"format": "csv", "file": {"path": "runs.csv"}, "columns": {name: name for name in frame.columns}}
    imported = {"kind": "import", "metric": "loss", "source": "made", "params": 10, "files": [file]}
    candidates = {"budgets": [2000, 8000], "candidates": pools}
    pools_key = {"source": {"kind": "declared", "sizes": {pool: SIZES[pool] for pool in pools}}}
    return collected(
        folder / "results",
        runs=imported,
        data_root=str(folder),
        pools=pools_key,
        frontier=candidates,
        laws=content()["laws"] | {"bootstrap": 4} | laws,
    )
