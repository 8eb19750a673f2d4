"""A fit in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

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
    flagged = fit.diagnostics.filter(pl.col("flag"))
    lines.append("")
    if flagged.is_empty():
        lines.append("No check is flagged.")
    else:
        lines.append("Doubts:")
        lines += [f"- {message}" for message in flagged["message"]]
    return "\n".join(lines) + "\n"
