"""The report of a rerun: published numbers beside the refits, every disagreement in words, and the fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from curation_scaling import __version__
from curation_scaling.artifacts import DIAGNOSTICS, FITS, HOLDOUT, REPRODUCTION, Schema
from curation_scaling.artifacts_domains import CHOICE, DOMAINS, FRACTIONS, LOSSES
from curation_scaling.artifacts_ranking import CORRELATION, OVERLAP, RELIABILITY, SCORES, THEORY
from curation_scaling.artifacts_regimes import LIMITS, VERDICTS
from curation_scaling.artifacts_rerun import MIXING, POINTS, SELECTOR_BUDGETS, SELECTOR_RATIOS, SELECTORS
from curation_scaling.artifacts_trainings import BALANCE, CELLS, DIVERSITY, LEVELS, RECIPE, TRAJECTORIES
from curation_scaling.layout import Layout
from curation_scaling.report.charts.agreement import agreement_figure
from curation_scaling.report.charts.diversity import diversity_figures
from curation_scaling.report.charts.domains import domain_figures
from curation_scaling.report.charts.fitted import fitted_figure
from curation_scaling.report.charts.rankings import correlation_figure, groups_figure, overlap_figure
from curation_scaling.report.charts.recipe import recipe_figures
from curation_scaling.report.charts.regimes import exponents_figure, limits_figure
from curation_scaling.report.charts.selectors import selector_figure
from curation_scaling.report.charts.theory import theory_figures
from curation_scaling.report.diversity import diversity_section, diversity_words
from curation_scaling.report.domains import domains_section, domains_words
from curation_scaling.report.environment import write_provenance
from curation_scaling.report.figure import Figure, write_figures
from curation_scaling.report.markup import Markup, bullets, details, element, join, paragraph, table, text
from curation_scaling.report.mixing import mixing_table
from curation_scaling.report.page import Gallery, Section, render
from curation_scaling.report.provenance import artifact_table
from curation_scaling.report.recipe import recipe_section, recipe_words
from curation_scaling.report.regimes import verdicts_table
from curation_scaling.report.selectors import selector_tables
from curation_scaling.report.sources import source_artifacts, source_figures, source_words, sources_section
from curation_scaling.report.wording import interval, long_number, number, plural
from curation_scaling.store import read, verify, write_bytes
from curation_scaling.study.locate import data_files
from curation_scaling.study.ranking_checks import GroupMeansCheck
from curation_scaling.study.rerun import Rerun

_AGREES, _DIFFERS = "✓ agrees", "✗ differs"
_LOOKS = {_AGREES: "good", _DIFFERS: "bad"}
_FITS_SHOWN = 60  # parameters; the text holds all of them
_FEW = 5
_RECIPE = {"recipe_levels": LEVELS, "recipe": RECIPE, "recipe_trajectories": TRAJECTORIES}
_DIVERSITY = {"diversity": DIVERSITY, "diversity_cells": CELLS, "diversity_balance": BALANCE}
_DOMAINS = {s.name.removeprefix("laws/"): s for s in (DOMAINS, FRACTIONS, LOSSES, CHOICE)}
_DIGITS = 10  # published objectives carry so many


def build_reproduction_report(rerun: Rerun, layout: Layout) -> None:
    """Read the rerun's artifacts and write `report.html`, its figures and, in words, `answer.txt`.

    Raises:
        InputError: if an artifact is missing, damaged, or of another study.
    """
    rows = read(layout.law("reproduction"), REPRODUCTION, study=rerun.study)
    verify(layout.fits_text)
    words = layout.fits_text.read_text(encoding="utf-8")
    schemas = (FITS, HOLDOUT, DIAGNOSTICS, REPRODUCTION)
    sources = _sources(rerun, layout)
    paths = [*sources, *(layout.artifact(schema.name) for schema in schemas)]
    tables = {path.stem: read(path, schema, study=rerun.study) for path, schema in sources.items()}
    fits = read(layout.law("fits"), FITS, study=rerun.study)
    figures = [agreement_figure(rows), *_figures(rerun, tables, fits)]
    write_figures(figures, layout)
    gallery = Gallery(figures)
    apart = [name for name in rerun.figures if name.startswith(("recipe", "diversity", "domain", "fitted"))]
    # In the order of the page: the gallery numbers what it shows.
    numbers = join([gallery.show("agreement", even_empty=False), numbers_table(rerun.about, rows)])
    parts = _parts(rerun, tables, gallery)
    drawn = gallery.show(*(figure.name for figure in figures[1:] if figure.name not in apart))
    spec = rerun.sources
    compared = [
        Section("numbers", "Published numbers, computed again", numbers, f"{verdict(rows)}."),
        Section("differences", "Where they differ", differences_list(rows)),
    ]
    sections = [
        *([Section("sources", "Sources seen in part", sources_section(spec, tables))] if spec else []),
        *(compared if rerun.reproduction else []),
        *([Section("mixing", "Mixtures ranked", mixing_table(tables["mixing"]))] if rerun.mixing else []),
        *(
            [Section("regimes", "Regimes", verdicts_table(tables["verdicts"], "Curve"))]
            if rerun.teacher_student
            else []
        ),
        *([Section("selectors", "Is choosing worth its price?", _selectors(tables))] if rerun.selectors else []),
        *parts,
        *([Section("figures", "Figures", drawn)] if drawn else []),
        *([Section("fits", "Fits", _fits(rerun, layout, gallery, fits, words))] if rerun.fits else []),
        Section("provenance", "Provenance", _provenance(rerun, artifact_table(layout.root, rerun.study, paths))),
    ]
    kind = "evaluation" if rerun.trainings or rerun.simulation else "published evaluation"
    measured = [plural(tables["points"].height, kind)] if rerun.point_tables else []
    measured += [plural(tables["runs"]["run_id"].n_unique(), "training")] if spec else []
    agreed = [verdict(rows)] if rerun.reproduction else []
    subtitle = f"Study {rerun.study}: {', '.join([*measured, *agreed])}."
    page = render(rerun.title, subtitle, sections, f"curation-scaling {__version__}")
    write_provenance(rerun, layout)
    write_bytes(layout.answer, _answer(rerun, rows, tables).encode())
    write_bytes(layout.report, page)


def _fits(rerun: Rerun, layout: Layout, gallery: Gallery, fits: pl.DataFrame, words: str) -> Markup:
    """What speaks against each fit, its points, its parameters, and all of it as plain text."""
    flagged = read(layout.law("diagnostics"), DIAGNOSTICS, study=rerun.study).filter("flag")
    warned = flagged.group_by("law", maintain_order=True).agg(pl.col("message").unique(maintain_order=True))
    warnings = [f"{law}: {'; '.join(messages)}." for law, messages in warned.iter_rows()]
    parts = []
    if warnings:
        title = element("h3", text("Fits that are not to be trusted without a look"))
        parts.append(element("aside", join([title, bullets(warnings)]), class_="warnings", aria_label="Warnings"))
    parts.append(gallery.show("fitted", even_empty=False))
    rows = [
        [
            f"{row['law']}: {row['parameter']}",
            number(row["estimate"]),
            interval(row["lower"], row["upper"]),
            "–" if row["unit"] == "1" else row["unit"],
            row["method"],
            row["flags"] or "–",
        ]
        for row in fits.filter(~pl.col("fixed")).head(_FITS_SHOWN).iter_rows(named=True)
    ]
    more = f", the first {_FITS_SHOWN}" if fits.height > _FITS_SHOWN else ""
    headers = ["Fit and parameter", "Estimate", "Interval", "Unit", "Interval by", "Flags"]
    parts.append(table(f"Parameters{more}", headers, rows, words=(0, 3, 4, 5)))
    return join([*parts, details("The fits as plain text", element("pre", text(words), class_="words", tabindex="0"))])


def _sources(rerun: Rerun, layout: Layout) -> dict[Path, Schema]:
    """The artifacts that the report shows beside the fits."""
    ranked, made = (SCORES, CORRELATION, RELIABILITY, OVERLAP), rerun.teacher_student
    chosen = (SELECTORS, SELECTOR_BUDGETS, SELECTOR_RATIOS)
    return (
        ({layout.points: POINTS} if rerun.point_tables else {})
        | ({layout.artifact(s.name): s for s in ranked} if rerun.rankings else {})
        | ({layout.pruning("theory"): THEORY} if rerun.theory else {})
        | ({layout.law("mixing"): MIXING} if rerun.mixing else {})
        | source_artifacts(rerun, layout)
        | ({layout.artifact(s.name): s for s in (LIMITS, VERDICTS)} if made else {})
        | ({layout.artifact(s.name): s for s in chosen} if rerun.selectors else {})
        | ({layout.law(name): schema for name, schema in _RECIPE.items()} if rerun.recipe else {})
        | ({layout.law(name): schema for name, schema in _DIVERSITY.items()} if rerun.diversity else {})
        | ({layout.law(name): schema for name, schema in _DOMAINS.items()} if rerun.domains else {})
    )


def _selectors(tables: dict[str, pl.DataFrame]) -> Markup:
    return selector_tables(tables["selectors"], tables["selector_budgets"], tables["selector_ratios"])


def _parts(rerun: Rerun, tables: dict[str, pl.DataFrame], gallery: Gallery) -> list[Section]:
    """Sections of the recipe, of diversity and of domains, each with its figures."""
    sections = []
    if rerun.recipe:
        shown = gallery.show("recipe_trajectories", "recipe_hyperbolas", "recipe_batch")
        content = join([shown, recipe_section(tables["recipe"], tables["recipe_trajectories"])])
        sections.append(Section("recipe", "Constants from small trainings", content))
    if rerun.diversity:
        content = diversity_section(*(tables[name] for name in _DIVERSITY))
        shown = gallery.show("diversity_verdict", "diversity_curves")
        sections.append(Section("diversity", "More groups, or more of each", join([shown, content])))
    if rerun.domains:
        content = domains_section(*(tables[name] for name in _DOMAINS))
        shown = gallery.show("domain_fractions", "domain_losses")
        sections.append(Section("domains", "Two domains in a mixture", join([shown, content])))
    return sections


def _figures(rerun: Rerun, tables: dict[str, pl.DataFrame], fits: pl.DataFrame) -> list[Figure]:
    """The figures that `Rerun.figures` names."""
    figures = source_figures(rerun.sources, tables) if rerun.sources else []
    figures += theory_figures(tables["theory"]) if rerun.theory else []
    if rerun.teacher_student:
        figures += [limits_figure(tables["limits"]), exponents_figure(tables["verdicts"], "Curve")]
    if rerun.rankings:
        figures += [correlation_figure(tables["correlation"]), overlap_figure(tables["overlap"])]
    named = [check.table for check in rerun.reproduction if isinstance(check, GroupMeansCheck)]
    if named:
        figures.append(groups_figure(tables["points"].filter(table=named[0])))
    if rerun.selectors:
        figures.append(selector_figure(tables["selector_budgets"], tables["selectors"]))
    figures += recipe_figures(*(tables[name] for name in _RECIPE)) if rerun.recipe else []
    figures += [fitted_figure(rerun, tables["points"], fits)] if rerun.fits else []
    figures += diversity_figures(tables["diversity_cells"]) if rerun.diversity else []
    return [*figures, *(domain_figures(*(tables[n] for n in list(_DOMAINS)[:3])) if rerun.domains else [])]


def verdict(rows: pl.DataFrame) -> str:
    """How many published numbers agree."""
    compared = rows.filter(pl.col("agrees").is_not_null())
    if compared.is_empty():
        return "No published number is compared"
    return f"{compared.filter('agrees').height} of {plural(compared.height, 'published number')} agree"


def _answer(rerun: Rerun, rows: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> str:
    found = source_words(rerun.sources, tables) if rerun.sources else []
    found += recipe_words(tables["recipe_trajectories"]) if rerun.recipe else []
    found += diversity_words(*(tables[name] for name in _DIVERSITY)) if rerun.diversity else []
    found += domains_words(*(tables[name] for name in _DOMAINS)) if rerun.domains else []
    compared = rows["agrees"].is_not_null().any() or not found
    lines = [
        f"{rerun.title}{f': {verdict(rows)}' if compared else ''}.",
        *(f"- {line}" for line in [*found, *differences(rows)]),
    ]
    return "\n".join(lines) + "\n"


def numbers_table(about: str, rows: pl.DataFrame) -> Markup:
    """The rows of `laws/reproduction` as a table, after what the study says about them."""
    body = [
        [
            row["quantity"],
            long_number(row["published"], _DIGITS),
            long_number(row["refit"], _digits(row["published"])),
            _interval(row),
            long_number(row["tolerance"], _DIGITS),
            _agreement(row["agrees"]),
            row["source"],
        ]
        for row in rows.iter_rows(named=True)
    ]
    headers = ["Quantity", "Published", "Refit", "Interval or range", "Tolerance", "Agrees", "Published in"]
    rule = (
        "A number agrees if it differs by no more than the tolerance; without a tolerance, if the interval or range "
        "holds the published number."
    )
    shown = table("Published numbers and the same computed again", headers, body, (0, 5, 6), _LOOKS)
    notes = [bullets(found)] if (found := _notes(rows)) else []
    return join([*([paragraph(about)] if about else []), shown, paragraph(rule, class_="quiet"), *notes])


def _notes(rows: pl.DataFrame) -> list[str]:
    """The notes that stand with no difference, each with the quantities that it speaks of."""
    told = set(rows.filter(~pl.col("agrees"))["note"]) | {""}
    by_note = rows.group_by("note", maintain_order=True).agg("quantity")
    return [f"{'; '.join(names)}: {note}" for note, names in by_note.iter_rows() if note not in told]


def differences_list(rows: pl.DataFrame) -> Markup:
    """Every published number that does not agree, in words."""
    if found := differences(rows):
        return bullets(found)
    compared = rows["agrees"].is_not_null().any()
    return paragraph("Every published number that was compared agrees." if compared else f"{verdict(rows)}.")


def differences(rows: pl.DataFrame) -> list[str]:
    """A sentence about each number that does not agree, with the study's note."""
    return [_difference(row) for row in rows.filter(~pl.col("agrees")).iter_rows(named=True)]


def _difference(row: dict[str, Any]) -> str:
    difference = row["refit"] - row["published"]
    allowed = f"tolerance {long_number(row['tolerance'], _DIGITS)}" if row["tolerance"] is not None else _interval(row)
    words = (
        f"{row['quantity']}: published {long_number(row['published'], _DIGITS)} ({row['source']}), refit "
        f"{long_number(row['refit'], _digits(row['published']))}, a difference of "
        f"{'+' if difference > 0 else ''}{long_number(difference, 3)}{f' ({allowed})' if allowed != '–' else ''}."
    )
    return f"{words} {row['note']}" if row["note"] else words


def _digits(published: float | None) -> int:
    """How many digits ours is shown with: more than a handful only beside a published number that has as many."""
    return _FEW if published is None or float(f"{published:.{_FEW}g}") == published else _DIGITS


def _interval(row: dict[str, Any]) -> str:
    if row["lower"] is None or row["upper"] is None:
        return "–"
    level = f" ({row['level']:.0%})" if row["level"] is not None else ""
    return f"{long_number(row['lower'], _FEW)} to {long_number(row['upper'], _FEW)}{level}"


def _agreement(agrees: bool | None) -> str:
    return "–" if agrees is None else _AGREES if agrees else _DIFFERS


def _provenance(rerun: Rerun, artifacts: Markup) -> Markup:
    listed = [
        f"{file.path}: {file.url or 'no public address'}{f', sha256 {file.sha256}' if file.sha256 else ''}"
        for file in data_files(rerun)
    ]
    content = yaml.safe_dump(rerun.model_dump(mode="json", exclude={"data_root"}), sort_keys=False, allow_unicode=True)
    code = element("pre", text(content), tabindex="0", aria_label="The study file")
    return join(
        [
            paragraph(f"Made by curation-scaling {__version__}, seed {rerun.seed}."),
            bullets(listed),
            artifacts,
            details("The study file, with every default filled in", code),
        ]
    )
