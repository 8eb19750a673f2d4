"""The report while some runs have failed: which are there, what they show, and a provisional answer."""

from __future__ import annotations

import polars as pl

from curation_scaling import __version__
from curation_scaling.artifacts import RUNS, Schema
from curation_scaling.errors import InputError
from curation_scaling.frontier.answer import answer
from curation_scaling.frontier.stage import compare_all, compared_by
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.stage import analyse
from curation_scaling.layout import Layout
from curation_scaling.report.charts.learning import learning_figure
from curation_scaling.report.charts.measured import measured_figure
from curation_scaling.report.choice import chooser, overview
from curation_scaling.report.markup import Markup, element, join, paragraph, table, text
from curation_scaling.report.page import Gallery, Section, render
from curation_scaling.report.palette import pool_order
from curation_scaling.report.provenance import study_file
from curation_scaling.report.results import Results
from curation_scaling.report.trust import trust
from curation_scaling.report.wording import plural
from curation_scaling.runs.identity import run_identities
from curation_scaling.store import atomic, read
from curation_scaling.study import Study

BOOTSTRAP = 200  # replicates: a provisional answer is quick


def build_partial_report(study: Study, layout: Layout) -> None:
    """Write `report.partial.html` from the runs that are there; no other file is touched."""
    runs, status = _present(study, layout)
    sections = [Section("runs", "Runs", _runs(status))]
    if runs.is_empty():
        sections.insert(
            0, Section("answer", "No answer yet", paragraph("No run has finished: there is nothing to show."))
        )
    else:
        sections[:0] = _provisional(study, runs)
    sections.append(Section("provenance", "Provenance", study_file(study)))
    there = sum(state == "there" for _, state in status)
    subtitle = f"Study {study.study}, unfinished: {there} of {plural(len(status), 'run')} are there."
    page = render(f"{study.title} (partial report)", subtitle, sections, f"curation-scaling {__version__}")
    with atomic(layout.partial_report) as file:
        file.write(page)


def _present(study: Study, layout: Layout) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """The evaluations of all runs that can be read, and the state of each run that the study trains."""
    frames, status = [], []
    for identity in run_identities(study):
        path = layout.run(*identity)
        state = "missing"
        if path.is_file():
            try:
                frames.append(read(path, RUNS, study=study.study))
                state = "there"
            except InputError as error:
                state = f"unusable: {error}"
        status.append((path.name.removesuffix(".parquet"), state))
    return pl.concat(frames) if frames else pl.DataFrame(), status


def _provisional(study: Study, runs: pl.DataFrame) -> list[Section]:
    """The answer and the learning curves, as far as the runs allow."""
    usable, comparable = _comparable(study, runs)
    try:
        if comparable is None:
            raise InputError("no candidate has runs on all of its single pools yet")
        results = _analyse(comparable, usable, pool_order(study))
    except InputError as error:
        reason = paragraph(f"No law can be fitted to the runs that are there: {error}.", class_="warning")
        figure = measured_figure(study, runs)
        return [
            Section("answer", "No answer yet", reason),
            Section("figures", "Figures", Gallery([figure]).show(figure.name)),
        ]
    words = answer(results.study, results.frontier, results.switches, results.mixtures, runs["metric"][0])
    missing = [pool for pool in study.candidates if pool not in comparable.candidates]
    notes = [_PROVISIONAL] + ([f"Not compared, for want of runs: {', '.join(missing)}."] if missing else [])
    content = join(
        [
            *(paragraph(note, class_="warning") for note in notes),
            chooser(results),
            trust(results),
            overview(results),
            element("pre", text(words), class_="words"),
        ]
    )
    figure = learning_figure(results)
    return [
        Section("answer", "Provisional answer", content),
        Section("figures", "Figures", Gallery([figure]).show(figure.name)),
    ]


_PROVISIONAL = (
    "This answer is provisional: it rests on the runs that are there, and the missing ones may change it. "
    f"Its intervals come from {BOOTSTRAP} bootstrap replicates at most."
)


def _comparable(study: Study, runs: pl.DataFrame) -> tuple[pl.DataFrame, Study | None]:
    """The runs on pools whose single pools all have runs, and the study with only those candidates, or None."""
    trained = set(runs["pool"])
    known = [pool for pool, members in study.pools.members.items() if trained.issuperset(members)]
    candidates = [pool for pool in study.candidates if pool in known]
    if not candidates:
        return runs, None
    changed = {
        "frontier": study.frontier.model_copy(update={"candidates": candidates}),
        "laws": study.laws.model_copy(update={"bootstrap": min(study.laws.bootstrap, BOOTSTRAP)}),
    }
    return runs.filter(pl.col("pool").is_in(known)), study.model_copy(update=changed)


def _analyse(study: Study, runs: pl.DataFrame, pools: list[str]) -> Results:
    tables = {_name(schema): frame for schema, frame in analyse(study, runs)}
    named = with_main_law(study, tables["comparison"])
    frontier, switches = compare_all(named, runs, compared_by(named, runs, tables["fits"], tables["draws"]))
    return Results(named, pools, runs, frontier=frontier, switches=switches, **tables)


def _name(schema: Schema) -> str:
    return schema.name.rpartition("/")[2]


def _runs(status: list[tuple[str, str]]) -> Markup:
    if not status:
        return paragraph("This study imports its runs, and trains none.")
    return table("Runs of this study", ["Run", "State"], status, words=(0, 1))
