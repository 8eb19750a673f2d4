"""A rerun that trains: a package of generated docstrings, a handful of modules, a very small network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

WORDS = ("data", "model", "law", "error", "group", "sample", "size", "step", "loss", "train", "test", "batch", "fit")


def write_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch, modules: int = 9, name: str = "wares", seed: int = 3
) -> None:
    """An importable package, never imported: module k prefers some words."""
    rng = np.random.default_rng(seed)
    (folder / name).mkdir()
    for k in range(modules):
        weights = rng.dirichlet(np.full(len(WORDS), 0.5))
        texts = [" ".join(rng.choice(WORDS, 60, p=weights)) for _ in range(6)]
        code = "".join(f'def f{i}():\n    """{text}"""\n' for i, text in enumerate(texts))
        (folder / f"{name}/m{k}.py").write_text(code)
    (folder / f"{name}/small.py").write_text('"""Too short to be a group."""\n')
    (folder / f"{name}/__init__.py").write_text("raise RuntimeError('imported')\n")
    record = folder / f"{name}-1.5.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    (record / "top_level.txt").write_text(f"{name}\n")
    monkeypatch.syspath_prepend(folder)


def trained() -> dict[str, Any]:
    """A rerun with two sets of trainings, in two draws."""
    trainer = {"kind": "mlp", "inputs": "characters", "metric": "bits_per_character", "context": 2, "hidden": [4]}
    sets = [
        {"name": "grid", "groups": [1, 2, 4], "per_group": [1, 2, 4], "passes": [1, 2]},
        {"name": "batches", "batch_size": [16, 64], "hidden": [3], "checkpoints": [100, 600]},
    ]
    source = {"packages": ["wares"], "chunk": 60, "smallest": 6, "test_modules": 3, "test_chunks": 4}
    return {
        "study": "trained",
        "title": "Small trainings",
        "seed": 4,
        "unit": "characters",
        "trainings": {"source": source, "trainer": trainer | {"batch_size": 32}, "draws": 2, "sets": sets},
        "reproduction": [
            {"kind": "parameter", "fit": "line", "published": {"alpha": None}, "source": "not published"},
        ],
        "fits": [{"name": "line", "table": "trainings", "laws": ["groups_power"], "loss": "log_mse"}],
    }


def mixed() -> dict[str, Any]:
    """A rerun that trains on mixtures of the packages `wares` and `goods`: four sizes, six shares, two draws."""
    content = trained()
    source = content["trainings"]["source"]
    del source["packages"]
    source["domains"] = {"trade": ["wares"], "craft": ["goods"]}
    shares, seen = [0, 0.1, 0.3, 0.6, 0.8, 1], [1600]
    content["trainings"]["sets"] = [
        {"name": "sizes", "hidden": [2, 4, 8], "share": shares, "checkpoints": seen},
        {"name": "wide", "hidden": [12], "share": shares, "checkpoints": seen, "held_out": True},
    ]
    content["domains"] = {"table": "trainings", "first": "trade", "importance": [0.3, 0.5], "bootstrap": 50}
    content["reproduction"] = [
        {"kind": "domain_error", "test": "size", "quantity": "wider", "source": "not published"},
    ]
    return content | {"fits": [], "study": "mixed"}
