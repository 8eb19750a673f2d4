"""The pruning part of a report: the answer in words, its tables and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from curation_scaling.artifacts import FRONTIER, SWITCHES
from curation_scaling.artifacts_ranking import (
    CORRELATION,
    CURVES,
    ENVELOPE,
    EXPONENTS,
    OVERLAP,
    PRUNING_FITS,
    RELIABILITY,
    SKEW,
)
from curation_scaling.frontier.answer import quantity
from curation_scaling.layout import Layout
from curation_scaling.report.charts.pruning import (
    curves_figure,
    envelope_figure,
    exponents_figure,
    gains_figure,
    repeat_figure,
)
from curation_scaling.report.charts.rankings import correlation_figure, overlap_figure
from curation_scaling.report.charts.skew import skew_figure
from curation_scaling.report.curves import pruned_curves
from curation_scaling.report.figure import Figure
from curation_scaling.report.markup import Markup, bullets, join, paragraph, table
from curation_scaling.report.wording import number
from curation_scaling.store import read
from curation_scaling.study import Study

_RANKED = (CORRELATION, RELIABILITY, OVERLAP, SKEW)
_PRUNED = (CURVES, PRUNING_FITS, ENVELOPE, EXPONENTS)
_NAMES = ("curves", "fits", "envelope", "exponents", "frontier", "switches")


@dataclass(frozen=True)
class Pruned:
    """The tables of the pruning part."""

    correlation: pl.DataFrame
    reliability: pl.DataFrame
    overlap: pl.DataFrame
    skew: pl.DataFrame
    curves: pl.DataFrame
    fits: pl.DataFrame
    envelope: pl.DataFrame
    exponents: pl.DataFrame
    frontier: pl.DataFrame
    switches: pl.DataFrame


def pruning_paths(layout: Layout) -> list[Path]:
    """The artifacts that this part of the report reads."""
    ranked = [layout.ranking(s.name.rpartition("/")[2]) for s in _RANKED]
    return [*ranked, *(layout.pruning(name) for name in _NAMES)]


def read_pruned(study: Study, layout: Layout) -> Pruned:
    """Read and verify the tables; raise InputError if one is missing, damaged, or of another study."""
    schemas = (*_RANKED, *_PRUNED, FRONTIER, SWITCHES)
    frames = [read(path, s, study=study.study) for path, s in zip(pruning_paths(layout), schemas, strict=True)]
    return Pruned(*frames)


def pruning_figures(study: Study, pruned: Pruned) -> list[Figure]:
    """The figures that `layout.PRUNING_FIGURES` names; a set has one colour in all of them."""
    assert study.pruning is not None
    curves, level = pruned.curves, study.pruning.level
    plain = [label for label in ("all", "random-hard") if label in set(curves["label"])]
    order = [*(label for label in curves["label"].unique().sort() if label not in plain), *plain]
    sets = curves.select("pool", "label", "fraction").unique()
    lines = pruned_curves(pruned.fits, curves)
    return [
        curves_figure(curves, pruned.envelope, lines, order),
        gains_figure(curves, order),
        envelope_figure(pruned.envelope, order),
        exponents_figure(pruned.exponents, order, level),
        repeat_figure(pruned.frontier, sets, order, "samples"),
        correlation_figure(pruned.correlation),
        overlap_figure(pruned.overlap),
        skew_figure(pruned.skew),
    ]


def pruning_words(study: Study, pruned: Pruned) -> list[str]:
    """One line an initial size, then the compute budgets, then where the fall is faster than a power law."""
    assert study.pruning is not None
    lines = [f"Pruning: what to keep of so many samples ({study.pruning.task.kind}, error rate)."]
    for rows in pruned.envelope.partition_by("initial", maintain_order=True):
        best = rows.filter("best").sort("kept").row(0, named=True)
        whole = rows.filter(label="all")["error"][0]
        what = "keep everything" if best["keep"] == "all" else f"keep {best['fraction']:.0%} by {best['label']}"
        against = "" if best["keep"] == "all" else f", against {whole:.4g} on everything"
        lines.append(
            f"- {quantity(best['initial'])} samples: {what} ({quantity(best['kept'])}); error {best['error']:.4g} "
            f"({study.pruning.level:.0%} interval {best['lower']:.4g} to {best['upper']:.4g}){against}; best with "
            f"probability {best['probability_best']:.2f}."
        )
    winners = pruned.frontier.filter("best").sort("budget")
    first, last = winners.row(0, named=True), winners.row(-1, named=True)
    lines.append(
        f"Prune or repeat, {quantity(study.pruning.sizes[-1])} samples: at {quantity(first['budget'])} seen "
        f"{first['pool']} is best, at {quantity(last['budget'])} seen {last['pool']}."
    )
    quick = pruned.exponents.filter("faster", label="envelope")
    lines.append(
        "The envelope falls no faster than a power law anywhere, as far as the draws can tell."
        if quick.is_empty()
        else f"The envelope falls faster than a power law from {quantity(quick['from_size'].min())} "  # type: ignore[arg-type]
        f"to {quantity(quick['to_size'].max())} samples."  # type: ignore[arg-type]
    )
    return lines


def pruning_answer(study: Study, pruned: Pruned) -> Markup:
    """The answer: what to keep at each initial size, then prune or repeat."""
    words = pruning_words(study, pruned)
    return join([paragraph(words[0]), bullets(line.removeprefix("- ") for line in words[1:])])


def reliability(pruned: Pruned) -> Markup:
    """How far scorers with other seeds agree."""
    rows = pruned.reliability.sort("single", descending=True).iter_rows(named=True)
    body = [[r["metric"], str(r["models"]), number(r["single"], 3), number(r["mean_of_all"], 3)] for r in rows]
    headers = ["Metric", "Seeds", "Spearman of two seeds", "Of means over all seeds"]
    return table("How far scorers with other seeds agree", headers, body)
