"""Sources seen in part through Snakemake: trainings and imports, any number of cores, and what a changed key runs."""

from __future__ import annotations

import pytest
from harness import Workspace

from curation_scaling.layout import Layout
from source_data import imported, trained
from study_data import changed


@pytest.mark.slow
def test_a_study_of_sources_is_built_whole_and_the_same_on_any_number_of_cores(workspace: Workspace) -> None:
    content = trained(workspace.folder)
    study, layout = workspace.study(content), Layout(workspace.folder / "results/mixed")
    workspace.built(study)
    assert "take left" in layout.answer.read_text()
    before = {path: path.read_bytes() for path in layout.root.rglob("*.parquet")}
    assert "Nothing to be done" in workspace.built(study)
    fewer = workspace.study(changed(content, "sources.held_out.at_least", 0.4))
    planned = {"source_laws": 1, "reproduction": 1, "reproduction_report": 1}
    assert workspace.planned(fewer) == planned
    workspace.built(workspace.study(content), "--forceall", cores=1)
    assert {path: path.read_bytes() for path in layout.root.rglob("*.parquet")} == before


@pytest.mark.slow
def test_imported_trainings_and_embeddings_alone_are_built_too(workspace: Workspace) -> None:
    study = workspace.study(imported(workspace.folder))
    assert workspace.planned(study)["source_import"] == 1
    workspace.built(study)
    assert "take left" in Layout(workspace.folder / "results/mixed").answer.read_text()
