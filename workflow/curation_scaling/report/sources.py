"""The section of a rerun's report on sources seen in part: the answer in words, its tables and its figures."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curation_scaling.artifacts import RUNS, Schema
from curation_scaling.artifacts_sources import (
    COEFFICIENTS,
    DISTANCES,
    SOURCE_CHOICES,
    SOURCE_COUNTS,
    SOURCE_ERRORS,
    SOURCE_PREDICTIONS,
    SOURCE_WEIGHTS,
)
from curation_scaling.layout import Layout
from curation_scaling.report.charts.sources import choice_figure, errors_figure, predictions_figure, projection_figure
from curation_scaling.report.figure import Figure
from curation_scaling.report.markup import Markup, bullets, details, join, table
from curation_scaling.report.wording import count, interval, number, readable, share
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.sources import MODELS, Sources

_SHOWN = (SOURCE_COUNTS, DISTANCES, COEFFICIENTS, SOURCE_PREDICTIONS, SOURCE_ERRORS, SOURCE_WEIGHTS, SOURCE_CHOICES)
GOAL = 1.5  # points


def source_artifacts(rerun: Rerun, layout: Layout) -> dict[Path, Schema]:
    """The artifacts that this part of the report reads."""
    if rerun.sources is None:
        return {}
    return {layout.runs: RUNS} | {layout.artifact(s.name): s for s in _SHOWN}


def source_figures(spec: Sources, tables: dict[str, pl.DataFrame]) -> list[Figure]:
    """The figures that `layout.SOURCE_FIGURES` names."""
    metric = readable(tables["runs"]["metric"][0])
    return [
        predictions_figure(tables["predictions"], metric),
        errors_figure(tables["errors"], spec),
        projection_figure(tables["predictions"], tables["errors"], spec, metric),
        choice_figure(tables["choices"], tables["weights"], spec, metric),
    ]


def source_words(spec: Sources, tables: dict[str, pl.DataFrame]) -> list[str]:
    """The answer: which weights, what they are expected to give and gave, and how far to trust the projection."""
    choices = {row["choice"]: row for row in tables["choices"].iter_rows(named=True)}
    chosen = choices["chosen"]
    weights = tables["weights"].filter(choice="chosen")
    order = {name: i for i, name in enumerate(spec.names)}
    parts = sorted(weights.select("source", "weight").iter_rows(), key=lambda item: order[item[0]])
    mix = ", ".join(f"{name} {share(weight)}" for name, weight in parts)
    lines = [
        f"{count(spec.choose.size)} samples: take {mix}; expect {number(chosen['predicted'])} "
        f"({spec.level:.0%} interval of one training {interval(chosen['lower'], chosen['upper'])})."
    ]
    if chosen["lower"] < 0:
        metric = readable(tables["runs"]["metric"][0])
        lines.append(f"The interval reaches below 0, as no {metric} can: the projection says little.")
    if chosen["measured"] is not None:
        lines.append(f"Trained on these weights: {number(chosen['measured'])} (mean of {chosen['trainings']}).")
    for name in ("uniform", "proportional"):
        row = choices[name]
        if row["against_chosen"] is not None:
            gap = 100 * row["against_chosen"]
            ends = interval(100 * row["against_lower"], 100 * row["against_upper"])
            lines.append(
                f"{name.capitalize()} weights gave {number(row['measured'])}: {abs(gap):.2f} points "
                f"{'worse' if gap > 0 else 'better'} than the chosen ({spec.level:.0%} interval of the "
                f"difference {ends})."
            )
    return [*lines, *_trust(spec, tables["errors"])]


def _trust(spec: Sources, errors: pl.DataFrame) -> list[str]:
    held = errors.filter(role="held_out").group_by("model").agg(pl.mean("mean_absolute_error"))
    ranked = held.sort("mean_absolute_error", "model").rows()
    by_model = dict(ranked)
    ours = by_model[spec.choose.form]
    verdict = "within" if ours <= GOAL else "outside"
    others = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in ranked if name != spec.choose.form)
    turns = errors.filter(role="interpolated", model=spec.choose.form)["mean_absolute_error"].to_list()
    inside = ""
    if turns:
        mean = sum(turns) / len(turns)
        said = "within" if mean <= GOAL else "outside"
        inside = (
            f"Between trained mixtures {spec.choose.form} misses by {mean:.2f} points, {said} the {GOAL} aimed at. "
        )
    lines = [
        f"{inside}On held-out mixtures, beyond the fitted ones, it misses by {ours:.2f}, {verdict} "
        f"(mean absolute error; {others})."
    ]
    if lacking := [model.replace("_", " ") for model in MODELS if model not in by_model]:
        lines.append(f"The trainings do not suffice for {', '.join(lacking)}: not fitted.")
    for row in errors.filter(role="projected", model=spec.choose.form).sort("size").iter_rows(named=True):
        rivals = errors.filter(role="projected", size=row["size"]).sort("mean_absolute_error")
        best = rivals.row(0, named=True)
        beaten = (
            ""
            if best["model"] == spec.choose.form
            else f"; {best['model'].replace('_', ' ')} misses by least, {best['mean_absolute_error']:.2f}"
        )
        lines.append(
            f"Projected to {count(row['size'])} samples it misses by {row['mean_absolute_error']:.2f} points (bias "
            f"{row['bias']:+.2f}), {row['covered']:.0%} of {row['mixtures']} mixtures inside the intervals{beaten}."
        )
    return lines


def sources_section(spec: Sources, tables: dict[str, pl.DataFrame]) -> Markup:
    """The answer, errors of every model, and where every sample went."""
    errors = tables["errors"].sort("role", "size", "mean_absolute_error")
    body = [
        [
            row["model"].replace("_", " "),
            count(row["size"]),
            row["role"].replace("_", " "),
            str(row["mixtures"]),
            f"{row['mean_absolute_error']:.2f}",
            f"{row['lower']:.2f} to {row['upper']:.2f}",
            f"{row['bias']:+.2f}",
            "–" if row["covered"] is None else share(row["covered"]),
        ]
        for row in errors.iter_rows(named=True)
    ]
    headers = [
        "Model",
        "Samples",
        "Mixtures",
        "Count",
        "Mean absolute error, points",
        f"{spec.level:.0%} interval",
        "Bias",
        "Inside",
    ]
    judged = table("Errors of all models", headers, body, words=(0, 2))
    counts = tables["counts"].group_by("place").agg(pl.sum("samples"), classes=pl.col("label").drop_nulls().n_unique())
    places = [
        [row["place"], count(row["samples"]), str(row["classes"])] for row in counts.sort("place").iter_rows(named=True)
    ]
    held = table("Where every sample went", ["Place", "Samples", "Classes"], places)
    return join([bullets(source_words(spec, tables)), judged, details("The samples", held)])
