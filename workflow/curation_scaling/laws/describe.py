"""A fit in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.laws.summary import summary

if TYPE_CHECKING:
    from curation_scaling.laws.fit import Fit


def describe(fit: Fit) -> str:
    """Return the fit as readable text: law, runs, parameters with intervals, and every flagged check."""
    loss = fit.problem.loss
    width = f", delta {loss.delta:g}" if loss.name == "log_huber" else ""
    lines = [
        f"{fit.law.name}: {fit.law.formula}",
        f"source: {fit.law.source}",
        f"{fit.problem.error.size} evaluations, {len(fit.problem.chart.free)} free parameter(s);"
        f" summed {loss.name}{width}: {fit.objective:.6g}",
        f"intervals: {fit.level:.0%}, {fit.method}",
        "",
    ]
    table = fit.parameters
    width_name = max(len(name) for name in table["parameter"])
    for row in table.iter_rows(named=True):
        if row["lower"] is None or row["method"] == "fixed":
            between = row["method"] if row["method"] == "fixed" else ""
        else:
            between = f"{row['lower']:.5g} to {row['upper']:.5g}"
        note = " (at a bound)" if row["at_bound"] else ""
        lines.append(
            f"  {row['parameter']:<{width_name}}  {row['estimate']:>12.6g}  {between} {row['unit']}{note}".rstrip()
        )
    lines += ["", *_extrapolation(fit)]
    flagged = fit.diagnostics.filter(pl.col("flag"))
    lines.append("")
    if flagged.is_empty():
        lines.append("No check is flagged.")
    else:
        lines.append("Doubts:")
        lines += [f"- {message}" for message in flagged["message"]]
    return "\n".join(lines) + "\n"


_SPLITS = {"largest": "the largest compute held out", "rollout": "rollout, smaller cutoffs"}


def _extrapolation(fit: Fit) -> list[str]:
    """Return how the law predicts the larger compute from the smaller, beside the best naive baseline."""
    try:
        scores = summary(fit.held_out)
    except InputError as error:
        return [f"Extrapolation not judged: {error}"]
    lines = ["Extrapolation (mean absolute relative error, bias, compute / largest fitted compute):"]
    for split, told in _SPLITS.items():
        rows = scores.filter(split=split)
        if rows.is_empty():
            continue
        law = rows.filter(method="law").row(0, named=True)
        naive = rows.filter(pl.col("method") != "law").row(0, named=True)
        lines.append(
            f"  {told}: {law['absolute_relative_error']:.2%}, {law['bias']:+.2%}, {law['distance']:.3g}x;"
            f" {naive['method']}: {naive['absolute_relative_error']:.2%}, {naive['bias']:+.2%}"
        )
        if naive["absolute_relative_error"] < law["absolute_relative_error"]:
            lines.append(f"  there {naive['method']} predicts better than the law")
    return lines
