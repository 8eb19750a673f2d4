"""The table of docs/faults.md, key changed and rules run again, is what Snakemake plans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from harness import Workspace, tiny

ROWS = re.findall(
    r"^\| `([a-z_.]+)` \| `(.+?)` \| ([a-z, ]*)\|$", (Path(__file__).parents[2] / "docs/faults.md").read_text(), re.M
)


def test_the_table_has_rows_of_each_part_of_a_study() -> None:
    parts = {key.split(".")[0] for key, _, _ in ROWS}
    assert parts == {"title", "data_root", "seed", "pools", "runs", "laws", "frontier"}


@pytest.mark.slow
@pytest.mark.parametrize(("key", "value", "rules"), ROWS, ids=[row[0] for row in ROWS])
def test_a_changed_key_runs_what_the_table_says(
    finished: Workspace, key: str, value: str, rules: str, tmp_path: Path
) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump(tiny(**{key.replace(".", "__"): yaml.safe_load(value)})))
    assert set(finished.planned(study)) == set(filter(None, rules.strip().split(", ")))
