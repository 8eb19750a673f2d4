"""A study whose runs come from a known repetition law without noise: what the stages must find again."""

from typing import Any

import numpy as np
import polars as pl

from curation_scaling.frontier.curves import predict_pools
from curation_scaling.laws import GoyalEq3
from curation_scaling.laws.law import Array
from curation_scaling.laws.saved import SavedFit
from curation_scaling.layout import Layout
from curation_scaling.runs.collect import collect_runs
from curation_scaling.study import Study, parse_study

SIZES = {"good": 1000, "fair": 1000, "poor": 2000}
UNIONS = {"top2": ["good", "fair"], "all": ["good", "fair", "poor"]}
SEEN = [500, 1000, 2000, 4000, 8000, 16000, 32000]
LAW = GoyalEq3(pools=tuple(sorted(SIZES)), n0=100.0)
#                  d     a    gamma  b: fair, good, poor     tau: fair, good, poor
THETA = np.array([[0.05, 0.9, 0.0, -0.28, -0.35, -0.20, 8.0, 2.5, 6.0]])


def parts(pool: str) -> dict[str, int]:
    """The component pools of a pool, with their sizes."""
    return {name: SIZES[name] for name in UNIONS.get(pool, [pool])}


def truth(pools: list[str], budgets: list[float] | Array) -> Array:
    """True errors, (pools, budgets)."""
    return predict_pools(SavedFit(LAW, THETA, THETA), {pool: parts(pool) for pool in pools}, budgets)[0]


def content() -> dict[str, Any]:
    """The study; points of every pool at every checkpoint."""
    pools = [*SIZES, *UNIONS]
    points = [
        {"pool": pool, "samples_seen": SEEN, "error": errors.tolist()}
        for pool, errors in zip(pools, truth(pools, SEEN), strict=True)
    ]
    return {
        "study": "known",
        "title": "A known law",
        "seed": 5,
        "pools": {"source": {"kind": "declared", "sizes": SIZES}, "unions": UNIONS},
        "runs": {"kind": "import", "metric": "error", "source": "made", "params": 10, "points": points},
        "laws": {
            "names": ["goyal_eq3"],
            "main": "goyal_eq3",
            "gammas": [0, 1],
            "gamma": 0,
            "n0": 100,
            "loss": "log_mse",
            "bootstrap": 30,
        },
        "frontier": {"budgets": [2000, 8000, 32000, 128000]},
    }


def collected(folder: Any, **keys: Any) -> tuple[Study, Layout]:
    """The study with its runs collected; `keys` replace whole parts of it."""
    study = parse_study(content() | keys, "known.yaml")
    layout = Layout(folder)
    collect_runs(study, layout)
    return study, layout


def as_dict(frame: pl.DataFrame, key: str, value: str) -> dict[Any, Any]:
    """Two columns of a frame, one by the other."""
    return dict(frame.select(key, value).iter_rows())
