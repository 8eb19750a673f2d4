"""The stage that writes the report and the answer in words."""

from __future__ import annotations

from curation_scaling.artifacts import FRONTIER, MIXTURES, RUNS, SWITCHES
from curation_scaling.frontier.answer import answer
from curation_scaling.layout import Layout
from curation_scaling.store import read, write_bytes
from curation_scaling.study import Study


def build_report(study: Study, layout: Layout) -> None:
    """Read the study's artifacts and write `answer.txt` and `report.html`."""
    runs = read(layout.runs, RUNS, study=study.study)
    frontier = read(layout.frontier, FRONTIER, study=study.study)
    switches = read(layout.switches, SWITCHES, study=study.study)
    mixtures = read(layout.law("mixtures"), MIXTURES, study=study.study)
    text = answer(study, frontier, switches, mixtures, runs["metric"][0])
    write_bytes(layout.answer, text.encode())
    write_bytes(layout.report, f"<pre>{text}</pre>".encode())
