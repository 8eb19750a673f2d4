"""What the documents promise is true: the notebook runs, links lead somewhere, the citation is valid."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import polars as pl
import pytest
import yaml

from curation_scaling import __version__

ROOT = Path(__file__).parents[1]
DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", "results/README.md", "config/README.md", *DOCS]


def test_the_notebook_runs_and_prints_what_it_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT / "docs")
    notebook = nbformat.read("quickstart.ipynb", as_version=4)
    nbformat.validate(notebook)
    names: dict[str, Any] = {}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(cells) == 4
    for cell in cells:
        exec(compile(cell.source, "quickstart.ipynb", "exec"), names)
        shown = "".join(output.text for output in cell.outputs)
        printed = capsys.readouterr().out
        assert words(printed) == words(shown)  # digits may differ with the machine's BLAS
    assert names["fit"].law.name == "released_data"
    assert np.isfinite(names["fit"].objective)


def words(text: str) -> list[str]:
    return [line for line in (re.sub(r"[^A-Za-z]+", " ", line).strip() for line in text.splitlines()) if line]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_every_study_stands_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for path in (ROOT / "config/studies").glob("*.yaml"):
        assert f"`{path.stem}`" in text or f"`_{path.stem.split('_')[-1]}`" in text, path.stem


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == __version__
    assert citation["license"] == "Apache-2.0"
    assert (ROOT / "LICENSE").read_text().split()[:3] == ["Apache", "License", "Version"]


def test_the_example_trains_by_the_protocol_of_commands(tmp_path: Path) -> None:
    pool, uids, out = tmp_path / "pool.parquet", tmp_path / "pool.npy", tmp_path / "runs.jsonl"
    example = [sys.executable, str(ROOT / "docs/example.py")]
    subprocess.run([*example, "pool", str(pool)], check=True)
    assert pl.read_parquet(pool).shape == (1500, 2)
    np.save(uids, np.array([(0, i) for i in range(300)], dtype="u8,u8"))
    options = ["--uids", str(uids), "--checkpoints", "100,600", "--seed", "1", "--out", str(out)]
    subprocess.run([*example, "train", *options], check=True)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["samples_seen"] for row in rows] == [100, 600]
    assert rows[1]["error"] < rows[0]["error"]
