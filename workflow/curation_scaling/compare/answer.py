"""A comparison in words: who is better at each budget, by how much, where it turns, and how far to trust it."""

from __future__ import annotations

from typing import Any

import polars as pl

from curation_scaling.compare.side import FLOPS
from curation_scaling.compare.sides import ANSWER, Compared
from curation_scaling.frontier.answer import quantity
from curation_scaling.frontier.budgets import FAR

Row = dict[str, Any]


def describe_comparison(compared: Compared) -> str:
    """Plain text: each pair at each budget, its crossing, its parameters, and what the draws share."""
    metric = compared.sides[0].metric
    lines = [f"{' against '.join(side.name for side in compared.sides)}: {metric} by {_axis(compared)}", ""]
    for side in compared.sides:
        lines.append(f"- {side.name}: {side.title} (law {side.main}).")
    for (first, second), crossing, sharing in zip(
        _pairs(compared), compared.crossings.filter(rule=ANSWER).iter_rows(named=True), compared.sharing, strict=True
    ):
        lines += ["", f"{second} minus {first}:"]
        rows = compared.differences.filter(pl.col("asked"), first=first, second=second, rule=ANSWER)
        lines += [_budget(compared, row) for row in rows.iter_rows(named=True)]
        lines += ["", _crossing(compared, crossing), *_other_laws(compared, crossing), sharing]
        lines += _parameters(compared, first, second)
    lines += _far(compared)
    return "\n".join(lines) + "\n"


def _pairs(compared: Compared) -> list[tuple[str, str]]:
    return list(compared.crossings.filter(rule=ANSWER).select("first", "second").iter_rows())


def _axis(compared: Compared) -> str:
    return "FLOPs" if compared.axis == FLOPS else f"{compared.sides[0].unit} seen"


def budget_words(compared: Compared, budget: float) -> str:
    """A budget with its unit."""
    return f"{budget:.2g} FLOPs" if compared.axis == FLOPS else f"{quantity(budget)} {compared.sides[0].unit}"


def _budget(compared: Compared, row: Row) -> str:
    at = compared.frontiers.filter(pl.col("budget") == row["budget"])
    choice = {r["side"]: r for r in at.iter_rows(named=True)}
    errors = ", ".join(
        f"{name} {choice[name]['predicted']:.4g} ({choice[name]['choice']})" for name in (row["first"], row["second"])
    )
    level = f"{compared.sides[0].level:.0%}"
    return (
        f"- {budget_words(compared, row['budget'])}: {row['difference']:+.3g} ({level} interval {row['lower']:+.3g} to "
        f"{row['upper']:+.3g}); {errors}; {row['second']} is better with probability {row['probability_second']:.2f}."
    )


def _crossing(compared: Compared, row: Row) -> str:
    first, second = row["first"], row["second"]
    shares = (
        f"draws in which {first} is ahead throughout: {row['share_first']:.1%}, {second} throughout: "
        f"{row['share_second']:.1%}, a crossing inside the range: {row['share_crossing']:.1%}"
    )
    if row["budget"] is None:
        return f"No crossing: {row['ahead_high']} is ahead at every budget ({shares})."
    low = "below the range" if row["lower"] is None else budget_words(compared, row["lower"])
    high = "above the range" if row["upper"] is None else budget_words(compared, row["upper"])
    times = "" if row["crossings"] == 1 else f" for good, after {row['crossings']} crossings"
    return (
        f"Above {budget_words(compared, row['budget'])} ({compared.sides[0].level:.0%} interval {low} to {high}) "
        f"{row['ahead_high']} overtakes{times} ({shares})."
    )


def _other_laws(compared: Compared, answer: Row) -> list[str]:
    """Laws under which the two sides stand otherwise."""
    pair = compared.crossings.filter(pl.col("rule") != ANSWER, first=answer["first"], second=answer["second"])
    lines = []
    for row in pair.iter_rows(named=True):
        if (row["ahead_low"], row["ahead_high"]) != (answer["ahead_low"], answer["ahead_high"]):
            end = row["ahead_high"] if row["budget"] is None else f"{row['ahead_low']}, then {row['ahead_high']}"
            lines.append(f"Under law {row['rule']} on both sides the better one is {end} instead.")
    return lines


def _parameters(compared: Compared, first: str, second: str) -> list[str]:
    rows = compared.parameters.filter(first=first, second=second)
    if rows.is_empty():
        return ["No parameter differs: the sides stand on one fit, or on laws that share none."]
    main = next(side for side in compared.sides if side.name == first).main
    rows = rows.filter(law=main if main in rows["law"].to_list() else rows["law"][0])
    lines = ["", f"Parameters of {rows['law'][0]}, {second} minus {first}:"]
    for row in rows.iter_rows(named=True):
        doubt = " (not to be trusted alone)" if row["flags"] else ""
        lines.append(
            f"- {row['parameter']}: {row['first_estimate']:.4g} and {row['second_estimate']:.4g}, difference "
            f"{row['difference']:+.3g} ({row['level']:.0%} interval {row['lower']:+.3g} to {row['upper']:+.3g}){doubt}."
        )
    return lines


def _far(compared: Compared) -> list[str]:
    lines = []
    for side in compared.sides:
        far = compared.frontiers.filter(pl.col("asked") & (pl.col("reach") > FAR * (1 + 1e-9)), side=side.name)
        if not far.is_empty():
            lines.append(
                f"EXTRAPOLATION: from {budget_words(compared, far['budget'].min())} on the budget is more than {FAR:g} "  # type: ignore[arg-type]
                f"times the largest observed compute of {side.name}."
            )
    return ["", *lines] if lines else []
