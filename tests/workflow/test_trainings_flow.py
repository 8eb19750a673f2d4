"""A rerun that trains, through Snakemake: built whole, grown without training again, and judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Workspace

from curation_scaling.artifacts_domains import CHOICE, DOMAINS, FRACTIONS, LOSSES
from curation_scaling.artifacts_trainings import BALANCE, CELLS, DIVERSITY
from curation_scaling.layout import Layout
from curation_scaling.store import read
from study_data import changed
from trainings_data import mixed, trained, write_package


@pytest.mark.slow
def test_trainings_are_built_and_grow(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_package(tmp_path, monkeypatch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    content = trained() | {"diversity": {"table": "trainings", "budgets": [4], "bootstrap": 20}}
    content["trainings"]["sets"] = content["trainings"]["sets"][:1]
    workspace.built(workspace.study(content))
    layout = Layout(workspace.folder / "results/trained")
    for schema in (DIVERSITY, CELLS, BALANCE):
        assert read(layout.law(schema.name.removeprefix("laws/")), schema, study="trained").height
    assert "4 samples: best measured" in layout.answer.read_text()
    assert "More groups, or more of each" in layout.report.read_text()
    assert '"wares": "1.5"' in layout.provenance.read_text()
    assert layout.figure("diversity_verdict", "svg").is_file()

    assert "Nothing to be done" in workspace.built(workspace.study(content))
    before = layout.training("grid", 0).read_bytes()
    more = changed(content, "trainings.draws", 3)
    late = {"points": 1, "diversity": 1, "reproduction": 1, "reproduction_report": 1}
    assert workspace.planned(workspace.study(more)) == {"trainings": 1} | late
    assert workspace.planned(workspace.study(changed(content, "diversity.budgets", [2]))) == {
        name: 1 for name in late if name != "points"
    }
    assert layout.training("grid", 0).read_bytes() == before


@pytest.mark.slow
def test_domains_are_mixed_and_judged(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_package(tmp_path, monkeypatch)
    write_package(tmp_path, monkeypatch, name="goods", seed=8)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    content = mixed()
    study = workspace.study(content)
    workspace.built(study)
    layout = Layout(workspace.folder / "results/mixed")
    for schema in (DOMAINS, FRACTIONS, LOSSES, CHOICE):
        assert read(layout.artifact(schema.name), schema, study="mixed").height
    assert "The trained share that f_hat calls best costs" in layout.answer.read_text()
    assert "Two domains in a mixture" in layout.report.read_text()
    assert layout.figure("domain_fractions", "png").is_file()
    assert "Nothing to be done" in workspace.built(study)
    late = {"domains": 1, "reproduction": 1, "reproduction_report": 1}
    assert workspace.planned(workspace.study(changed(content, "domains.importance", [0.4]))) == late
