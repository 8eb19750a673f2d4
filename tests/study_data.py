"""Studies for tests: the ones of the project, and small ones of each kind."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from curation_scaling.study import Study, parse_study

ROOT = Path(__file__).parents[1]
FILES = {path.stem: path for path in [ROOT / "config/config.yaml", *sorted((ROOT / "config/studies").glob("*.yaml"))]}
ABSENT = object()


def content(name: str) -> dict[str, Any]:
    """What a study file of the project says."""
    loaded = yaml.safe_load(FILES[name].read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def changed(study: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a key such as "runs.points.0.pool"; ABSENT takes the key away."""
    copy = deepcopy(study)
    here: Any = copy
    *way, last = (int(part) if part.isdigit() else part for part in key.split("."))
    for part in way:
        here = here[part]
    if value is ABSENT:
        del here[last]
    else:
        here[last] = value
    return copy


def parsed(study: dict[str, Any], **values: Any) -> Study:
    """A study from its content, with some keys changed: `pools__buckets=3`."""
    for key, value in values.items():
        study = changed(study, key.replace("__", "."), value)
    return parse_study(study, "study.yaml")


def table(path: Path | str = "pool.parquet", command: str = "train {output}") -> dict[str, Any]:
    """A table with scores, two buckets, one union, and the user's own training command."""
    return {
        "study": "tiny",
        "title": "A table",
        "seed": 3,
        "pools": {
            "source": {"kind": "table", "files": [{"path": str(path)}], "score": "quality", "size": "length"},
            "buckets": 2,
            "unions": {"all": ["bucket1", "bucket2"]},
        },
        "runs": {
            "kind": "train",
            "trainer": {"kind": "command", "command": command, "metric": "loss"},
            "checkpoints": [100, 200, 400],
        },
        "laws": {"bootstrap": 20},
        "frontier": {"budgets": [400, 800]},
    }


def declared() -> dict[str, Any]:
    """Two declared pools and their union, with points."""
    return {
        "study": "declared",
        "title": "Published points",
        "seed": 1,
        "pools": {
            "source": {"kind": "declared", "sizes": {"good": 100, "bad": 100}},
            "unions": {"all": ["good", "bad"]},
        },
        "runs": {
            "kind": "import",
            "metric": "error",
            "source": "a paper",
            "points": [
                {"pool": "good", "samples_seen": [100, 200, 400, 800], "error": [0.5, 0.4, 0.35, 0.33]},
                {"pool": "bad", "samples_seen": [100, 200, 400, 800], "error": [0.6, 0.47, 0.38, 0.31]},
                {"pool": "all", "samples_seen": [200, 400, 800], "error": [0.43, 0.35, 0.29]},
            ],
        },
        "laws": {"bootstrap": 20},
        "frontier": {"budgets": [100, 400, 1600]},
    }


def scored_table(rows: int) -> pl.DataFrame:
    """Ids, scores and lengths without any chance."""
    return pl.DataFrame(
        {
            "uid": [f"{i * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}" for i in range(rows)],
            "quality": [(i * 37 % 101) / 100 for i in range(rows)],
            "length": [1 + i % 3 for i in range(rows)],
        }
    )
