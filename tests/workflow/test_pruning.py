"""The pruning part of a study, from the task to the report, and what runs again when it grows."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from harness import Workspace, tiny

from curation_scaling import artifacts as a
from curation_scaling import artifacts_ranking as r
from curation_scaling.layout import PRUNING_FIGURES, Layout
from curation_scaling.store import read

PRUNING: dict[str, Any] = {
    "task": {"kind": "images", "dataset": "digits", "test_images": 497, "dimensions": 16},
    "scorer": {"models": 2, "epochs": 5, "el2n_epoch": 2, "clusters": 10, "hidden": 16, "batch_size": 64},
    "metrics": ["random", "el2n", "forgetting", "self_prototypes"],
    "sets": [
        {"metric": "el2n", "keep": "hard", "fractions": [0.5]},
        {"metric": "el2n", "keep": "easy", "fractions": [0.5], "saw": "sample", "sizes": [100]},
        {"metric": "dual", "keep": "dual", "fractions": [0.5]},
    ],
    "sizes": [100, 400, 1200],
    "draws": 2,
    "trainer": {"hidden": [16], "batch_size": 32},
    "checkpoints": [800, 1600, 3200],
    "bootstrap": 20,
}


@pytest.mark.slow
def test_pruning_from_task_to_report(workspace: Workspace) -> None:
    study = workspace.study(tiny() | {"pruning": PRUNING})
    workspace.built(study)
    layout = Layout(workspace.folder / "results/tiny")
    scores = read(layout.ranking("scores"), r.SCORES, study="tiny")
    assert set(scores["metric"]) == {"random", "el2n", "forgetting", "self_prototypes", "dual", "low_confidence"}
    assert set(scores["scorer"]) == {"all"}
    runs = read(layout.pruning("runs"), a.RUNS, study="tiny")
    assert runs["run_id"].n_unique() == 2 * (3 * 4 + 1)
    curves = read(layout.pruning("curves"), r.CURVES, study="tiny")
    assert set(curves.filter(label="el2n-easy-self")["initial"]) == {100}
    for initial, kept, fraction in curves.select("initial", "kept", "fraction").iter_rows():
        assert kept == round(initial * fraction)
    pool = read(layout.pool("el2n-hard-50-n400", 1), a.POOL, study="tiny")
    whole = read(layout.pool("all-100-n400", 1), a.POOL, study="tiny")
    assert (pool.height, whole.height) == (200, 400)
    assert pool.join(whole, on=["uid_hi", "uid_lo"], how="anti").is_empty()
    ranked = scores.filter(metric="el2n").join(whole.select("uid_hi", "uid_lo"), on=["uid_hi", "uid_lo"])
    assert pool["score"].min() == ranked["score"].sort(descending=True)[199]
    frontier = read(layout.pruning("frontier"), a.FRONTIER, study="tiny")
    sums = frontier.group_by("budget").agg(pl.sum("probability_best"))["probability_best"]
    assert (sums - 1).abs().max() < 1e-9  # type: ignore[operator]
    assert all(layout.figure(name, "svg").is_file() for name in PRUNING_FIGURES)
    assert "Prune or repeat" in layout.answer.read_text()
    assert "Nothing to be done" in workspace.built(study)
    # Another draw trains only what is new; another metric set leaves the scorer's task alone.
    more = workspace.study(tiny() | {"pruning": PRUNING | {"draws": 3}})
    plan = workspace.planned(more)
    assert plan["prune_train"] == 3
    assert "rank" not in plan
    assert "train" not in plan
