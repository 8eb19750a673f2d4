"""A word that is nearly right is answered with the right one, whatever it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from curation_scaling.errors import InputError, listed
from curation_scaling.laws import fit_law, law_named
from curation_scaling.laws.losses import loss_named
from curation_scaling.pools.sources.table import read_table
from curation_scaling.ranking.metrics import METRICS
from study_data import changed, content, declared, parsed

RUNS = pl.DataFrame({"samples_seen": [1.0, 2.0, 4.0, 8.0], "error": [0.9, 0.7, 0.6, 0.5]})


def read_misspelt(folder: Path) -> None:
    pl.DataFrame({"uid": ["a"], "quality": [1.0]}).write_csv(folder / "t.csv")
    read_table([folder / "t.csv"], score="qualty")


@pytest.mark.parametrize(
    ("meant", "act"),
    [
        ("goyal_eq3", lambda _: law_named("goyal_eq33")),
        ("log_mse", lambda _: loss_named("log_mze", 1e-3, RUNS["error"].to_numpy())),
        ("alpha", lambda _: fit_law("shifted_power", RUNS, fixed={"alpa": 1.0}, bootstrap=0)),
        ("quality", read_misspelt),
        ("checkpoints", lambda _: parsed(changed(content("smoke"), "runs.checkpoint", [1, 2]))),
        ("kind", lambda _: parsed(changed(content("smoke"), "pools.source.knd", "images"))),
        ("bits_per_character", lambda _: parsed(changed(content("config"), "runs.trainer.metric", "bits_per_char"))),
        ("el2n", lambda _: parsed(changed(content("config"), "pruning.metrics.1", "el2m"))),
        ("goyal_eq3", lambda _: parsed(changed(content("smoke"), "laws.names", ["goyal_eq2"]))),
        ("bucket1", lambda _: parsed(changed(content("smoke"), "frontier.candidates", ["buckt1"]))),
        ("good", lambda _: parsed(changed(declared(), "runs.points.0.pool", "goood"))),
    ],
)
def test_the_nearest_word_is_suggested(tmp_path: Path, meant: str, act: Callable[[Path], object]) -> None:
    with pytest.raises(InputError) as caught:
        act(tmp_path)
    assert f"did you mean {meant!r}?" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_word_that_is_near_nothing_gets_the_choices_alone() -> None:
    assert listed("xyzzy", METRICS) == ", ".join(METRICS)
    assert listed("anything", []) == "none"
