"""The page of a comparison, its figures, and its answer in words."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curation_scaling import __version__
from curation_scaling.artifacts_compare import COMPARED
from curation_scaling.compare import Compared, describe_comparison
from curation_scaling.compare.answer import budget_words
from curation_scaling.compare.sides import ANSWER
from curation_scaling.report.charts.compare import compare_figures
from curation_scaling.report.markup import Markup, element, join, paragraph, table, text
from curation_scaling.report.page import Gallery, Section, render
from curation_scaling.report.provenance import artifact_table
from curation_scaling.report.wording import interval, number, readable, share
from curation_scaling.store import write_bytes


def build_comparison(compared: Compared, root: Path) -> str:
    """Write `answer.txt`, `report.html` and every figure as SVG and PNG below `root`; return the answer."""
    words = describe_comparison(compared)
    figures = compare_figures(compared)
    for figure in figures:
        svg = figure.svg()
        write_bytes(root / f"figures/{figure.name}.svg", svg.encode())
        write_bytes(root / f"figures/{figure.name}.png", figure.png(svg))
    artifacts = artifact_table(root, root.name, [root / f"{s.name.removeprefix('compare/')}.parquet" for s in COMPARED])
    gallery = Gallery(figures)
    sections = [
        Section("answer", "The answer", element("pre", text(words), class_="words")),
        Section("figures", "Figures", join([gallery.show(*(f.name for f in figures)), _budgets(compared)])),
        Section("crossings", "Crossings", _crossings(compared)),
        Section("parameters", "Parameters", _parameters(compared)),
        Section("provenance", "Provenance", join([*map(paragraph, compared.sharing), artifacts])),
    ]
    names = " against ".join(side.name for side in compared.sides)
    about = f"{readable(compared.sides[0].metric)}; {len(compared.sides)} sides."
    write_bytes(root / "answer.txt", words.encode())
    write_bytes(root / "report.html", render(names, about, sections, f"curation-scaling {__version__}"))
    return words


def _budgets(compared: Compared) -> Markup:
    rows = compared.differences.filter(pl.col("asked"))
    return table(
        "At each budget: second minus first",
        ["Sides", "Law", "Budget", "Difference", "Interval", "Second better"],
        [
            [
                f"{r['second']} − {r['first']}",
                r["rule"],
                budget_words(compared, r["budget"]),
                number(r["difference"], 3),
                interval(r["lower"], r["upper"]),
                share(r["probability_second"]),
            ]
            for r in rows.iter_rows(named=True)
        ],
        words=(0, 1),
    )


def _crossings(compared: Compared) -> Markup:
    def at(value: float | None, outside: str) -> str:
        return outside if value is None else budget_words(compared, value)

    rows = []
    for r in compared.crossings.iter_rows(named=True):
        found = r["budget"] is not None
        bounds = f"{at(r['lower'], 'below the range')} to {at(r['upper'], 'above the range')}" if found else "–"
        rows.append(
            [
                f"{r['first']}, {r['second']}",
                "each side's answer" if r["rule"] == ANSWER else r["rule"],
                r["ahead_low"],
                r["ahead_high"],
                at(r["budget"], "no crossing"),
                bounds,
                share(r["share_crossing"]),
                share(r["share_first"]),
                share(r["share_second"]),
            ]
        )
    headers = ["Sides", "Law", "Ahead at first", "Ahead at last", "Crossing", "Interval", "Draws that cross",
               "First throughout", "Second throughout"]  # fmt: skip
    return table("Where the lead changes for good, inside the range of budgets", headers, rows, words=(0, 1, 2, 3))


def _parameters(compared: Compared) -> Markup:
    if compared.parameters.is_empty():
        return paragraph("No parameter differs: the sides stand on one fit, or on laws that share none.")
    rows = [
        [
            f"{r['second']} − {r['first']}",
            r["law"],
            r["parameter"],
            number(r["first_estimate"]),
            number(r["second_estimate"]),
            number(r["difference"], 3),
            interval(r["lower"], r["upper"]),
            share(r["probability_lower"]),
            r["unit"],
            r["flags"],
        ]
        for r in compared.parameters.iter_rows(named=True)
    ]
    headers = ["Sides", "Law", "Parameter", "First", "Second", "Difference", "Interval", "Second is lower", "Unit",
               "Doubts"]  # fmt: skip
    return table("Parameters under one law, second minus first", headers, rows, words=(0, 1, 2, 8, 9))
