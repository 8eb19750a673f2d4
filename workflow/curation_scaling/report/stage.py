"""The stage that writes the report, its figures, and the answer in words."""

from __future__ import annotations

import polars as pl

from curation_scaling import __version__
from curation_scaling.frontier.answer import answer
from curation_scaling.layout import BEYOND_FIGURES, Layout
from curation_scaling.report import tables
from curation_scaling.report.choice import chooser, overview
from curation_scaling.report.environment import write_provenance
from curation_scaling.report.figure import write_figures
from curation_scaling.report.figures import draw_figures
from curation_scaling.report.markup import Markup, details, element, join, paragraph, text
from curation_scaling.report.noise import signal_table
from curation_scaling.report.page import Gallery, Section, render
from curation_scaling.report.provenance import artifact_table, provenance
from curation_scaling.report.pruning import (
    Pruned,
    pruning_answer,
    pruning_figures,
    pruning_paths,
    pruning_words,
    read_pruned,
    reliability,
)
from curation_scaling.report.regimes import dimension_table, verdicts_table
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
    figures = [*draw_figures(results), *(pruning_figures(study, pruned) if pruned else [])]
    write_figures(figures, layout)
    paths = [*artifact_paths(study, layout), *(pruning_paths(layout) if pruned else [])]
    gallery = Gallery(figures)
    sections = [
        *_answer(results, words, gallery),
        *_evidence(results, gallery),
        *_regimes(results, gallery),
        *([_beyond(gallery)] if any(gallery.has(name) for name in BEYOND_FIGURES) else []),
        *_pruning(study, pruned, gallery),
        _pools(results, gallery),
        *_published(results, gallery),
        Section(
            "provenance", "Provenance", provenance(study, results.runs, artifact_table(layout.root, study.study, paths))
        ),
    ]
    layout.partial_report.unlink(missing_ok=True)  # of an earlier attempt; it would contradict this one
    write_provenance(study, layout)
    write_bytes(layout.answer, words.encode())
    write_bytes(layout.report, render(study.title, describe(results), sections, f"curation-scaling {__version__}"))


def describe(results: Results) -> str:
    """One line: what was measured, on how much."""
    runs, frontier = results.runs, results.main(results.frontier)
    measured = f"{plural(runs['run_id'].n_unique(), 'run')} on {plural(runs['pool'].n_unique(), 'pool')}"
    candidates = plural(frontier["pool"].n_unique(), "candidate")
    compared = f"{candidates} at {plural(frontier['budget'].n_unique(), 'budget')}"
    return f"Study {results.study.study}: {measured}, {compared}; error: {results.metric}."


def _answer(results: Results, words: str, gallery: Gallery) -> list[Section]:
    """The chooser, what speaks for and against the answer, all budgets at a glance, and the answer as plain text."""
    plain = details("The answer as plain text", element("pre", text(words), class_="words", tabindex="0"))
    return [
        Section("answer", "The answer", join([chooser(results), trust(results), plain])),
        Section(
            "frontier",
            "The frontier",
            join([gallery.show("frontier", "probability_best"), overview(results)]),
            "Every candidate at every budget, and how sure the choice between them is. A dotted line is the budget "
            "chosen above.",
        ),
    ]


def _evidence(results: Results, gallery: Gallery) -> list[Section]:
    unmixed = results.main(results.predictions).filter(pl.col("role") == "mixture").is_empty()
    return [
        Section(
            "curves",
            "Learning curves",
            gallery.show("learning_curves", "utility"),
            "What was measured, the law through it, and what a repetition is worth.",
        ),
        *(
            []
            if unmixed
            else [
                Section(
                    "mixtures",
                    "Mixtures",
                    join([gallery.show("mixtures"), tables.mixture_scores(results)]),
                    "Pools that were joined: foretold from their parts, then trained.",
                )
            ]
        ),
        *(
            []
            if results.signal is None
            else [
                Section(
                    "noise",
                    "Signal and noise",
                    join([gallery.show("noise"), signal_table(results)]),
                    "How far runs of one evaluation differ, and what that leaves to be seen.",
                )
            ]
        ),
        Section(
            "trust",
            "How far to trust the law",
            join(
                [
                    gallery.show("residuals", "holdout"),
                    tables.holdout_scores(results),
                    tables.comparison(results),
                    gallery.show("profiles", "parameter_correlations"),
                    tables.parameters(results),
                    *_checkpoints(results, gallery),
                ]
            ),
            "What it misses, how it foretells what it has not seen, and how well the runs pin it down.",
        ),
    ]


def _regimes(results: Results, gallery: Gallery) -> list[Section]:
    if results.verdicts is None or results.dimension is None:
        return []
    shown = [gallery.show("exponents"), verdicts_table(results.verdicts, "Pool"), dimension_table(results.dimension)]
    lead = "What limits each pool's curve, and how steep theory expects it to be."
    return [Section("regimes", "Regimes", join(shown), lead)]


def _checkpoints(results: Results, gallery: Gallery) -> list[Markup]:
    if results.checkpoints is None:
        return []
    return [tables.checkpoints(results), gallery.show("checkpoints")]


def _beyond(gallery: Gallery) -> Section:
    lead = "What weights, schedules, the cost of scores, one more run or another model size could change."
    return Section("beyond", "Past the frontier", gallery.show(*BEYOND_FIGURES, even_empty=False), lead)


def _pruning(study: Study, pruned: Pruned | None, gallery: Gallery) -> list[Section]:
    if pruned is None:
        return []
    curves = "pruning_curves", "pruning_gains", "pruning_envelope", "pruning_exponents", "prune_or_repeat"
    return [
        Section(
            "pruning",
            "Pruning",
            join([pruning_answer(study, pruned), gallery.show(*curves)]),
            "Which samples to keep of a second, labelled task, at each size of its data.",
        ),
        Section(
            "rankings",
            "Rankings",
            join([gallery.show("rank_correlation"), reliability(pruned), gallery.show("kept_overlap", "class_skew")]),
            "Whether the metrics agree on what is hard, and what their sets lose.",
        ),
    ]


def _pools(results: Results, gallery: Gallery) -> Section:
    scores = gallery.show("scores", "outcomes") if results.scored is not None else Markup("")
    return Section("pools", "The pools", join([scores, tables.pools(results)]))


def _published(results: Results, gallery: Gallery) -> list[Section]:
    """A paper's numbers beside the same computed here, where the study holds some."""
    rows, published = results.reproduction, results.study.published
    if rows is None or published is None:
        return []
    shown = [
        paragraph(published.about) if published.about else Markup(""),
        gallery.show("published", "agreement"),
        element("h3", text("Where they differ")),
        differences_list(rows),
        details("All numbers", numbers_table("", rows)),
    ]
    return [Section("published", "Published numbers", join(shown), f"{verdict(rows)}.")]
