"""Study files of any content: a study, or one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import damages, mutants, survives

from curation_scaling.study import load_study, parse_study
from curation_scaling.study.keys import stage_digest
from curation_scaling.study.locate import check_inputs
from curation_scaling.study.model import Study
from curation_scaling.study.plan import describe_plan

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "config/config.yaml", *sorted((ROOT / "config/studies").glob("*.yaml"))]
TEXTS = [path.read_bytes() for path in FILES if path.stat().st_size < 4000]
CONTENTS = [yaml.safe_load(path.read_text()) for path in FILES]
here = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@here
@given(text=st.sampled_from(TEXTS).flatmap(damages))
def test_damaged_text(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(text)
    survives(lambda: load_study(path), tmp_path)


@here
@given(content=mutants(CONTENTS))
def test_changed_values(content: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a study all the same is planned, checked against its files, and digested."""
    monkeypatch.chdir(tmp_path)
    study = survives(lambda: parse_study(content, "study.yaml"))
    if isinstance(study, str):
        return
    survives(lambda: describe_plan(study), tmp_path)
    survives(lambda: check_inputs(study), tmp_path)
    if isinstance(study, Study):
        for stage in ("laws", "frontier", "report"):
            assert len(stage_digest(study, stage)) == 16


@given(content=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4)
)))  # fmt: skip
def test_anything(content: object) -> None:
    survives(lambda: parse_study(content, "study.yaml"))
