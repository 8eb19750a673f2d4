"""The report's section on what lies past the plain frontier: weights, a bound, scoring, model size, the next run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.markup import Markup, element, join, paragraph, table, text
from curation_scaling.report.results import Results
from curation_scaling.report.wording import compute, interval, number, share

_RUNS_SHOWN = 3  # of the most value, a budget
_NO_REGRET = 1e-9  # of the choice: rounding


def beyond(results: Results) -> Markup:
    """All parts that have something to show."""
    parts = [_optimal(results), _greedy(results), _scoring(results), _next_run(results), _allocation(results)]
    shown = [part for part in parts if part]
    return join(shown) if shown else paragraph("Nothing to show past the frontier in this study.")


def _part(heading: str, lead: str, content: Markup) -> Markup:
    return join([element("h3", text(heading)), paragraph(lead), content])


def _optimal(results: Results) -> Markup:
    rows = results.main(_frame(results, "optimal"))
    if rows.is_empty():
        return Markup("")
    level = f"{results.study.laws.level:.0%} interval"
    body = [
        [
            quantity(row["budget"]),
            ", ".join(_weight(part) for part in row["weights"] if part["weight"] > 0.0005),
            number(row["predicted"]),
            row["plain_pool"],
            number(row["gain"], 2),
            interval(row["gain_lower"], row["gain_upper"]),
        ]
        for row in rows.sort("budget").iter_rows(named=True)
    ]
    exact = set(rows["method"]) == {"dual"}
    lead = (
        f"Sampling weights of the buckets with the least predicted {results.metric}, "
        f"{'exact (the problem is convex)' if exact else 'found by a deterministic global search'}, and what they gain "
        "over the best plain candidate. The gain's interval holds both choices fixed: below 0 they may be worse."
    )
    headers = [
        f"{results.study.unit.capitalize()} seen", "Weight (passes) of each bucket", f"Expected {results.metric}",
        "Best plain candidate", "Gain", level,
    ]  # fmt: skip
    return _part(
        "Optimal sampling weights", lead, table("The best weights at every budget", headers, body, words=(1, 3))
    )


def _weight(part: Mapping[str, Any]) -> str:
    return f"{part['pool']} {part['weight']:.1%} ({part['repetitions']:.3g})"


def _greedy(results: Results) -> Markup:
    rows = _frame(results, "greedy")
    if rows.is_empty():
        return Markup("")
    rows = results.main(rows) if not results.main(rows).is_empty() else rows.filter(law=rows["law"][0])
    body = [
        [
            quantity(row["budget"]),
            number(row["bound"]),
            interval(row["lower"], row["upper"]),
            row["plain_pool"],
            number(row["plain"]),
            number(row["gain"], 2),
            ", ".join(f"{p['pool']} {p['repetitions']:.3g}" for p in row["repetitions"] if p["repetitions"] > 0),
        ]
        for row in rows.sort("budget").iter_rows(named=True)
    ]
    lead = (
        f"A bound, not advice: under {rows['law'][0]} with gamma = 0 no mixture or schedule of these buckets can beat "
        "the one that always samples the bucket with the most utility left. Training that changes its data on the way "
        "may do worse than any law of mixtures says."
    )
    headers = [
        f"{results.study.unit.capitalize()} seen", "Bound", f"{results.study.laws.level:.0%} interval",
        "Best plain candidate", "Its error", "Room left", "Passes over each bucket",
    ]  # fmt: skip
    return _part("How much any schedule could gain", lead, table("The greedy bound", headers, body, words=(3, 6)))


def _scoring(results: Results) -> Markup:
    found = results.main(_frame(results, "break_even"))
    if found.is_empty():
        return Markup("")
    lines = []
    for row in found.iter_rows(named=True):
        lines.append(
            [
                row["scorer"],
                quantity(row["cost"]),
                row["note"] or ("at no budget" if row["starts"] is None else f"from {quantity(row['starts'])}"),
                _between(row["lower"], row["upper"]),
                "–" if row["ends"] is None else quantity(row["ends"]),
                "–" if row["share"] is None else share(row["share"]),
            ]
        )
    unit = results.study.unit
    headers = [
        "Scorer", f"Cost, {unit} of training", "Choosing pays", f"{results.study.laws.level:.0%} interval",
        "Up to", "In so many draws",
    ]  # fmt: skip
    parts = [table("Break-even budget of each scorer", headers, lines, words=(0, 2))]
    best = results.main(_frame(results, "scoring")).filter("best").sort("scorer", "budget", "pool")
    body = [
        [
            quantity(row["budget"]),
            row["scorer"],
            row["pool"],
            "yes" if row["scored"] else "no",
            quantity(row["samples_seen"]),
            number(row["predicted"]),
            interval(row["lower"], row["upper"]),
        ]
        for row in best.iter_rows(named=True)
    ]
    headers = [
        f"Budget, {unit}", "Scorer", "Keep", "Pays for scores", f"{unit.capitalize()} trained on",
        f"Expected {results.metric}", f"{results.study.laws.level:.0%} interval",
    ]  # fmt: skip
    parts.append(table("The choice when scores are paid from the budget", headers, body, words=(1, 2, 3)))
    lead = "Scores cost compute: a candidate that needs them is trained on what they leave of the budget."
    return _part("The cost of scoring inside the budget", lead, join(parts))


def _between(lower: float | None, upper: float | None) -> str:
    """An interval of budgets; a missing end lies beyond those of the study."""
    if lower is None and upper is None:
        return "–"
    return f"{'–' if lower is None else quantity(lower)} to {'–' if upper is None else quantity(upper)}"


def _next_run(results: Results) -> Markup:
    worth = (pl.col("reduction") > 0.01 * pl.col("regret")) & (pl.col("regret") > _NO_REGRET)
    rows = results.main(_frame(results, "next_run")).filter(worth)
    if rows.is_empty():
        return Markup("")
    body = [
        [
            quantity(row["choice_budget"]),
            number(row["regret"], 2),
            row["pool"],
            quantity(row["run_budget"]),
            number(row["reduction"], 2),
        ]
        for row in rows.filter(pl.col("rank") <= _RUNS_SHOWN).sort("choice_budget", "rank").iter_rows(named=True)
    ]
    unit = results.study.unit
    lead = (
        "By how much one more run would lower the expected regret of the choice, before its result is known: each "
        "possible result weights the bootstrap draws anew, and the noise is that of a run."
    )
    headers = [
        f"Choice at, {unit}", "Expected regret now", "Run on", f"Seeing, {unit}", "Regret it would save",
    ]  # fmt: skip
    title = f"The {_RUNS_SHOWN} runs of most value for each choice"
    return _part("The value of one more run", lead, table(title, headers, body, words=(2,)))


def _allocation(results: Results) -> Markup:
    rows = _frame(results, "allocation")
    if rows.is_empty():
        return Markup("")
    level = f"{results.study.laws.level:.0%} interval"
    body = [
        [
            compute(row["flops"]),
            row["pool"],
            quantity(row["params"]),
            f"{quantity(row['params_lower'])} to {quantity(row['params_upper'])}",
            quantity(row["samples_seen"]),
            number(row["repetitions"], 3),
            number(row["predicted"]),
            interval(row["lower"], row["upper"]),
            share(row["probability_best"]),
            "yes" if row["far"] else "no",
        ]
        for row in rows.filter("best").sort("flops", "pool").iter_rows(named=True)
    ]
    headers = [
        "FLOPs", "Keep", "Parameters", level, f"{results.study.unit.capitalize()} seen", "Repetitions",
        f"Expected {results.metric}", level, "Probability best", "Far beyond the runs",
    ]  # fmt: skip
    lead = "The pool, the model's size and the repetitions of least error, chosen together (law goyal_size)."
    return _part(
        "Model size, data and repetition together", lead, table("The best at every budget", headers, body, (1,))
    )


def _frame(results: Results, name: str) -> pl.DataFrame:
    frame = getattr(results, name)
    assert isinstance(frame, pl.DataFrame)
    return frame
