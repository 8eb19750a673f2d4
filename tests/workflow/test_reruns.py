"""A rerun through Snakemake: one call builds it, a second has nothing to do, and missing data are named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import ROOT, Workspace

from curation_scaling import artifacts as a
from curation_scaling.layout import Layout
from curation_scaling.store import read

DATA = Path(os.environ.get("CURATION_SCALING_DATA", ROOT.parent / "shared/data"))


def gadre() -> dict[str, Any]:
    content = yaml.safe_load((ROOT / "config/studies/gadre2024.yaml").read_text())
    assert isinstance(content, dict)
    return content


@pytest.mark.skipif(not DATA.is_dir(), reason=f"public results are not at {DATA}: set CURATION_SCALING_DATA")
def test_a_rerun_is_built_whole(workspace: Workspace) -> None:
    study, root = workspace.study(gadre()), ("--config", f"data_root={DATA}")
    workspace.built(study, *root)
    layout = Layout(workspace.folder / "results/gadre2024")
    rows = read(layout.law("reproduction"), a.REPRODUCTION, study="gadre2024")
    assert rows["agrees"].to_list() == [True, True, None, None]
    for schema in (a.FITS, a.HOLDOUT, a.DIAGNOSTICS):
        assert read(layout.law(schema.name.removeprefix("laws/")), schema, study="gadre2024").height
    page = layout.report.read_text()
    assert "2 of 2 published numbers agree" in page
    assert "over_training: L = E +" in page  # the fit's report
    assert str(DATA) not in page
    assert "2 of 2 published numbers agree" in layout.answer.read_text()

    assert "Nothing to be done" in workspace.built(study, *root)
    retitled = workspace.study(gadre() | {"title": "Other words"})
    assert workspace.planned(retitled, *root) == {"reproduction_report": 1}
    other = gadre()
    other["fits"][1]["loss"] = "lad"
    assert workspace.planned(workspace.study(other), *root) == {"reproduction": 1, "reproduction_report": 1}


def test_missing_data_end_in_one_sentence_before_any_job(workspace: Workspace) -> None:
    done = workspace.run(workspace.study(gadre()), "--config", f"data_root={workspace.folder}")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "gadre2024/raw/exp_data/models is missing: fetch it from https://github.com/mlfoundations/scaling" in text
    assert "Traceback" not in text
    assert not (workspace.folder / "results").exists()
