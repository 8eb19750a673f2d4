"""The stage that writes the report, its figures, and the answer in words."""

from __future__ import annotations

from curation_scaling import __version__
from curation_scaling.frontier.answer import answer
from curation_scaling.layout import Layout
from curation_scaling.report import tables
from curation_scaling.report.beyond import beyond
from curation_scaling.report.choice import chooser, overview
from curation_scaling.report.environment import write_provenance
from curation_scaling.report.figures import draw_figures
from curation_scaling.report.markup import Markup, details, element, join, text
from curation_scaling.report.page import Section, figures_markup, render
from curation_scaling.report.provenance import artifact_table, provenance
from curation_scaling.report.pruning import (
    pruning_figures,
    pruning_markup,
    pruning_paths,
    pruning_words,
    read_pruned,
)
from curation_scaling.report.reproduction import differences_list, numbers_table, verdict
from curation_scaling.report.results import Results, artifact_paths, read_results
from curation_scaling.report.trust import trust
from curation_scaling.report.wording import plural
from curation_scaling.store import write_bytes
from curation_scaling.study import Study


def build_report(study: Study, layout: Layout) -> None:
    """Read the study's artifacts and write `answer.txt`, `report.html`, and every figure as SVG and PNG.

    Raises:
        InputError: if an artifact is missing, damaged, or of another study.
    """
    results = read_results(study, layout)
    words = answer(results.study, results.frontier, results.switches, results.mixtures, results.runs["metric"][0])
    pruned = read_pruned(study, layout) if study.pruning else None
    if pruned:
        words += "\n" + "\n".join(pruning_words(study, pruned)) + "\n"
    figures = [*draw_figures(results), *(pruning_figures(pruned) if pruned else [])]
    for figure in figures:
        svg = figure.svg()
        write_bytes(layout.figure(figure.name, "svg"), svg.encode())
        write_bytes(layout.figure(figure.name, "png"), figure.png(svg))
    paths = [*artifact_paths(study, layout), *(pruning_paths(layout) if pruned else [])]
    artifacts = artifact_table(layout.root, paths)
    pruning = [Section("pruning", "Pruning", pruning_markup(study, pruned))] if pruned else []
    sections = [
        Section("answer", "The answer", answer_markup(results, words)),
        *pruning,
        Section("figures", "Figures", figures_markup(figures, _after(results))),
        *_published(results),
        Section("beyond", "Past the frontier", beyond(results)),
        Section("tables", "Tables", join([tables.parameters(results), tables.pools(results)])),
        Section("provenance", "Provenance", provenance(study, results.runs, artifacts)),
    ]
    layout.partial_report.unlink(missing_ok=True)  # of an earlier attempt; it would contradict this one
    write_provenance(study, layout)
    write_bytes(layout.answer, words.encode())
    write_bytes(layout.report, render(study.title, describe(results), sections, f"curation-scaling {__version__}"))


def _published(results: Results) -> list[Section]:
    """A paper's numbers beside the same computed here, where the study holds some."""
    rows, published = results.reproduction, results.study.published
    if rows is None or published is None:
        return []
    differ = join([element("h3", text("Where they differ")), differences_list(rows)])
    heading = f"Published numbers: {verdict(rows)}"
    return [Section("published", heading, join([numbers_table(published.about, rows), differ]))]


def answer_markup(results: Results, words: str) -> Markup:
    """The chooser, what speaks for and against the answer, all budgets at a glance, and the answer as plain text."""
    plain = details("The answer as plain text", element("pre", text(words), class_="words"))
    return join([chooser(results), trust(results), overview(results), plain])


def describe(results: Results) -> str:
    """One line: what was measured, on how much."""
    runs, candidates = results.runs, len(results.study.candidates)
    budgets = results.main(results.frontier)["budget"].n_unique()
    measured = f"{plural(runs['run_id'].n_unique(), 'run')} on {plural(runs['pool'].n_unique(), 'pool')}"
    compared = f"{plural(candidates, 'candidate')} at {plural(budgets, 'budget')}"
    return f"Study {results.study.study}: {measured}, {compared}; error: {results.metric}."


def _after(results: Results) -> dict[str, Markup]:
    held_out = join([tables.holdout_scores(results), tables.comparison(results)])
    return {"mixtures": tables.mixture_scores(results), "holdout": held_out}
