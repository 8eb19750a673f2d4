"""The report while some runs have failed."""

from pathlib import Path

import pytest
from report_data import layout_in, trained_study, write_run

from curation_scaling.layout import Layout
from curation_scaling.report.partial import build_partial_report
from curation_scaling.study import Study


@pytest.fixture
def unfinished(tmp_path: Path) -> tuple[Study, Layout]:
    study = trained_study()
    return study, layout_in(tmp_path, study.study)


def build(study: Study, layout: Layout) -> str:
    before = {path: path.read_bytes() for path in layout.root.rglob("*") if path.is_file()}
    build_partial_report(study, layout)
    after = {path: path.read_bytes() for path in layout.root.rglob("*") if path.is_file()}
    page = after.pop(layout.partial_report).decode()
    assert {path: content for path, content in before.items() if path != layout.partial_report} == after
    return page


def test_no_run_at_all(unfinished: tuple[Study, Layout]) -> None:
    page = build(*unfinished)
    assert "No run has finished" in page
    assert page.count("<td>missing</td>") == 9
    assert "0 of 9 runs" in page


def test_some_runs_give_a_provisional_answer(unfinished: tuple[Study, Layout]) -> None:
    study, layout = unfinished
    for pool, draw in (("bucket1", 0), ("bucket1", 1), ("bucket2", 0), ("bucket2", 2)):
        write_run(study, layout, pool, draw, 0)
    write_run(study, layout, "all", 0, 0)
    layout.run("all", 0, 0).write_bytes(b"half a file")
    page = build(study, layout)
    assert "This answer is provisional" in page
    assert page.count("<td>there</td>") == 4
    assert page.count("<td>missing</td>") == 4
    assert page.count(">unusable") == 1
    assert 'id="spec-learning_curves"' in page


def test_pools_without_runs_are_not_compared(unfinished: tuple[Study, Layout]) -> None:
    study, layout = unfinished
    for draw in range(3):
        write_run(study, layout, "bucket1", draw, 0)
        write_run(study, layout, "all", draw, 0)
    page = build(study, layout)
    assert "Not compared, for want of runs: bucket2, all." in page
    assert "Keep <strong>bucket1</strong>" in page


def test_too_little_to_fit_still_shows_the_curves(unfinished: tuple[Study, Layout]) -> None:
    study, layout = unfinished
    write_run(study, layout, "all", 1, 0)
    page = build(study, layout)
    assert "No law can be fitted" in page
    assert 'id="spec-learning_curves"' in page
    assert "no candidate has runs" in page
