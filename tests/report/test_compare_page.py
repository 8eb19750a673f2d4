"""The page of a comparison: offline, with its figures and tables, for names that are hostile to a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from curation_scaling.artifacts_compare import COMPARED
from curation_scaling.compare import Compared, compare_sides
from curation_scaling.compare.study_side import study_side
from curation_scaling.layout import Layout
from curation_scaling.report.compare import build_comparison
from curation_scaling.store import write
from curation_scaling.study import Study


def test_the_page_shows_answer_figures_and_tables(trained: tuple[Study, Layout], tmp_path: Path) -> None:
    study, layout = trained
    one, other = (study_side(f"s:{pool}", study, layout, pool) for pool in ("bucket1", "all"))
    compared: Compared = compare_sides([one, replace(other, title="<script>alert(1)</script>")])
    for schema in COMPARED:
        name = schema.name.removeprefix("compare/")
        write(tmp_path / f"{name}.parquet", schema, getattr(compared, name), study=tmp_path.name, inputs="none")
    words = build_comparison(compared, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert (tmp_path / "answer.txt").read_text() == words
    for name in ("frontiers", "differences", "dominance"):
        assert f'data-figure="{name}"' in page
        assert (tmp_path / f"figures/{name}.svg").read_text().startswith("<svg")
        assert (tmp_path / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "<script>alert" not in page
    assert 'http-equiv="Content-Security-Policy"' in page
    assert "Where the lead changes for good" in page
