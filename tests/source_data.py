"""Sources for tests: clouds of labelled points in Parquet files, trainings on them, and imported trainings."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from curation_scaling.study.sources import grid

NAMES = ("left", "right")
ROWS = {"left": 130, "right": 150, "validation": 60, "test": 200}
# Classes of each file; the others are what the validation and the test set hold, too.
_CLASSES = {"left": [0, 0, 0, 1, 2], "right": [1, 2, 2, 2, 0], "validation": [0, 1, 2], "test": [0, 1, 2]}


def write_sources(folder: Path) -> None:
    """Three classes in four dimensions; `left` mostly holds class 0, `right` mostly class 2."""
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(3, 4)) * 1.2
    for name, rows in ROWS.items():
        labels = np.resize(_CLASSES[name], rows)
        points = (centres[labels] + rng.normal(size=(rows, 4))).astype(np.float32)
        uids = [f"{name}-{i}" for i in range(rows)]
        pl.DataFrame({"uid": uids, "class": labels, "embedding": points.tolist()}).write_parquet(
            folder / f"{name}.parquet"
        )


def trained(folder: Path, **changes: Any) -> dict[str, Any]:
    """A study that trains on mixtures of both sources."""
    write_sources(folder)
    samples = {
        "kind": "table",
        "sources": {name: {"path": f"{name}.parquet"} for name in NAMES},
        "validation": {"path": "validation.parquet"},
        "test": {"path": "test.parquet"},
        "label": "class",
    }
    runs = {
        "kind": "train",
        "steps": 16,
        "trainer": {"hidden": [4], "batch_size": 16, "solver": "sgd", "learning_rate": 0.05, "weight_average": None},
        "passes": [1, 2, 4],
        "larger": [120],
        "larger_steps": 3,
    }
    sources = {
        "samples": samples,
        "sizes": [48, 96],
        "runs": runs,
        "held_out": {"source": "right", "at_least": 0.5},
        "choose": {"size": 120, "seeds": 2},
        "bootstrap": 50,
        "repetition": "goyal_eq3",
    }
    return {"study": "mixed", "title": "Two sources", "seed": 4, "data_root": str(folder), "sources": sources | changes}


def imported(folder: Path, **changes: Any) -> dict[str, Any]:
    """The same sources by their embeddings alone, with trainings done elsewhere."""
    rng, rows = np.random.default_rng(0), []
    for size, level in ((40, 0.5), (80, 0.4), (160, 0.3)):
        for weights in grid(20, 2):
            error = level + 0.3 * (weights[0] - 0.4) ** 2 + 0.002 * rng.normal()
            rows.append([*weights, size, error])
    pl.DataFrame(rows, schema=[*NAMES, "samples", "loss"], orient="row").write_csv(folder / "trainings.csv")
    content = trained(folder, **changes)
    content["sources"]["samples"] |= {"label": None, "test": None, "sizes": {"left": 90}}
    file = {"path": "trainings.csv"}
    content["sources"] |= {
        "sizes": [40, 80],
        "runs": {"kind": "import", "file": file, "size": "samples", "error": "loss", "metric": "loss"},
        "choose": {"size": 160, "form": "cs"},
    }
    return content
