"""The answer in words for one budget, and the chooser over all of them."""

from __future__ import annotations

from typing import Any

import polars as pl

from curation_scaling.frontier.answer import Row, far, how, name_pool, quantity
from curation_scaling.report.markup import Markup, bullets, details, element, join, paragraph, script_json, table, text
from curation_scaling.report.palette import colour_of
from curation_scaling.report.results import Results
from curation_scaling.report.wording import compute, interval, number, share

OPEN = 24  # rows of a table that is open from the start
SHOWN = 8  # pools in the table of one budget; all of them are in the artifact


def chooser(results: Results) -> Markup:
    """A slider and a list over the budgets, and the answer of the one that is chosen.

    The page holds the answer of the budget that it starts at; its script puts the others in its place.
    """
    frontier = results.main(results.frontier)
    budgets = frontier.partition_by("budget", maintain_order=True)
    others = _other_choices(results)
    start = _start(budgets)
    choices = [_choice(results, rows, others.get(rows["budget"][0], [])) for rows in budgets]
    options = "".join(
        element("option", text(c["label"]), value=str(i), **({"selected": ""} if i == start else {}))
        for i, c in enumerate(choices)
    )
    controls = (
        '<label for="budget">Budget</label>'
        f'<input type="range" id="budget" min="0" max="{len(budgets) - 1}" step="1" value="{start}" '
        f'aria-valuetext="{text(choices[start]["label"])}">'
        f'<select id="budget-list" aria-label="Budget, from a list">{options}</select>'
    )
    shown = choices[start]
    parts = [
        element("div", controls, class_="chooser"),
        element("h3", text(f"With {shown['label']}"), id="chosen"),
        element("p", shown["verdict"], class_="verdict", id="verdict", role="status"),
        element("div", shown["rest"], id="rest"),
    ]
    return join([element("div", join(parts), class_="choice"), script_json("choices", choices)])


def budget_name(results: Results, row: Row) -> str:
    """A budget as a person reads it, in the unit of the study's budgets first."""
    samples = f"{quantity(row['budget'])} {results.study.unit}"
    if row["flops"] is None:
        return samples
    flops = f"{compute(row['flops'])} FLOPs"
    return f"{flops} ({samples})" if results.study.frontier.unit == "flops" else f"{samples} ({flops})"


def overview(results: Results) -> Markup:
    """One row a budget: the choice, how sure it is, and what was measured."""
    rows = []
    for at in results.main(results.frontier).partition_by("budget", maintain_order=True):
        ranked = at.sort("predicted", "pool")
        best = ranked.row(0, named=True)
        second = ranked.row(1, named=True) if ranked.height > 1 else None
        really = at.filter(pl.col("measured_best").fill_null(False))
        rows.append(
            [
                quantity(best["budget"]),
                compute(best["flops"]),
                best["pool"],
                number(best["repetitions"], 3),
                number(best["predicted"]),
                interval(best["lower"], best["upper"]),
                share(best["probability_best"]),
                second["pool"] if second else "–",
                number(second["expected_regret"], 2) if second else "–",
                really["pool"][0] if really.height else "–",
                "yes" if best["extrapolated"] else "no",
            ]
        )
    study = results.study
    headers = [
        f"{study.unit.capitalize()} seen", "FLOPs", "Keep", "Repetitions", f"Expected {results.metric}",
        f"{study.laws.level:.0%} interval", "Probability best", "Second choice", "Its expected regret", "Measured best",
        "Extrapolates",
    ]  # fmt: skip
    found = table("The choice at every budget", headers, rows, words=(2, 7, 9, 10))
    return found if len(rows) <= OPEN else details(f"The choice at all {len(rows)} budgets", found)


def _start(budgets: list[pl.DataFrame]) -> int:
    """The largest budget whose choice does not extrapolate."""
    sure = [i for i, rows in enumerate(budgets) if not rows.sort("predicted", "pool")["extrapolated"][0]]
    return sure[-1] if sure else 0


def _choice(results: Results, rows: pl.DataFrame, others: list[str]) -> dict[str, Any]:
    """The answer at one budget: its name, the sentence, and what stands below it."""
    study = results.study
    ranked = rows.sort("predicted", "pool")
    best = ranked.row(0, named=True)
    swatch = element("span", "", class_="swatch", style=f"background:{colour_of(results.pools, best['pool'])}")
    verdict = f"{swatch} Keep <strong>{text(name_pool(study, best['pool']))}</strong> and {text(how(best))}."
    parts = [_facts(results, ranked, best)]
    if best["extrapolated"]:
        parts.append(paragraph(_extrapolation(results, best), class_="warning"))
    likely = ranked.sort("probability_best", descending=True, maintain_order=True).row(0, named=True)
    if likely["pool"] != best["pool"]:
        parts.append(paragraph(_unsure(likely, best), class_="warning"))
    if others:
        parts.append(paragraph(f"Other laws or rules choose otherwise here: {'; '.join(others)}.", class_="warning"))
    parts.append(element("h4", text("What would change the answer")))
    parts.append(bullets(_changes(results, best["budget"])))
    parts.append(_ranking(results, ranked))
    return {"label": budget_name(results, best), "budget": best["budget"], "verdict": verdict, "rest": join(parts)}


def _facts(results: Results, ranked: pl.DataFrame, best: Row) -> Markup:
    level = f"{results.study.laws.level:.0%} interval"
    facts = [
        (
            f"Expected {results.metric}",
            f"{number(best['predicted'])} ({level} {interval(best['lower'], best['upper'])})",
        ),
        ("Probability of being best", share(best["probability_best"])),
    ]
    if ranked.height > 1:
        second = ranked.row(1, named=True)
        regret = f"expected {number(second['predicted'])}, expected regret {number(second['expected_regret'], 2)}"
        facts.append(("Second choice", f"{second['pool']}: {regret}"))
    facts.append(("Really measured", _measured(ranked, best)))
    listed = join(Markup(f"<div><dt>{text(term)}</dt><dd>{text(value)}</dd></div>") for term, value in facts)
    return element("dl", listed, class_="facts")


def _measured(ranked: pl.DataFrame, best: Row) -> str:
    if best["measured_best"]:
        return f"{best['pool']} was the best of all, {number(best['measured'])}"
    really = ranked.filter(pl.col("measured_best").fill_null(False))
    if really.height and best["measured"] is not None:
        row = really.row(0, named=True)
        return f"{row['pool']} was best, {number(row['measured'])} against {number(best['measured'])}"
    if best["measured"] is not None:
        return f"{number(best['measured'])}; not every candidate was measured at this budget"
    return "not at this budget"


def _extrapolation(results: Results, best: Row) -> str:
    if best["far"]:
        return far(best)
    return (
        f"This extrapolates: no fitted run saw as many as {quantity(best['budget'])} {results.study.unit} or repeated "
        f"its pool {best['repetitions']:.3g} times. Trust it less than its interval says."
    )


def _unsure(likely: Row, best: Row) -> str:
    return (
        f"This is close: in the bootstrap {likely['pool']} is best more often ({share(likely['probability_best'])} of "
        f"the draws) than {best['pool']} ({share(best['probability_best'])}), whose predicted error is the lowest."
    )


def _changes(results: Results, budget: float) -> list[str]:
    """The switches on both sides of a budget, the nearest first."""
    switches = results.main(results.switches).sort("order")
    below = switches.filter(pl.col("budget") <= budget)
    above = switches.filter(pl.col("budget") > budget)
    lines = []
    if below.height:
        row = below.row(-1, named=True)
        lines.append(f"A smaller budget: below {_crossing(results, row)} {row['from_pool']} is the better choice.")
    if above.height:
        row = above.row(0, named=True)
        lines.append(f"A larger budget: above {_crossing(results, row)} {row['to_pool']} overtakes {row['from_pool']}.")
    if not lines:
        lines.append("No budget of this study: the same pool is best from the smallest to the largest.")
    return lines


def _crossing(results: Results, row: Row) -> str:
    lower = "below the smallest budget" if row["lower"] is None else quantity(row["lower"])
    upper = "beyond the largest budget" if row["upper"] is None else quantity(row["upper"])
    return (
        f"{quantity(row['budget'])} {results.study.unit} ({results.study.laws.level:.0%} interval {lower} to {upper}; "
        f"it happens in {share(row['share'])} of the draws)"
    )


def _ranking(results: Results, ranked: pl.DataFrame) -> Markup:
    rows = [
        [
            row["pool"],
            number(row["repetitions"], 3),
            number(row["predicted"]),
            interval(row["lower"], row["upper"]),
            share(row["probability_best"]),
            number(row["expected_regret"], 2),
            number(row["measured"]),
        ]
        for row in ranked.head(SHOWN).iter_rows(named=True)
    ]
    more = f", the best {SHOWN} of {ranked.height}" if ranked.height > SHOWN else ""
    level = f"{results.study.laws.level:.0%} interval"
    headers = ["Pool", "Repetitions", "Predicted", level, "Probability best", "Expected regret", "Measured"]
    return table(f"Candidates at this budget{more}; errors in {results.metric}", headers, rows)


def _other_choices(results: Results) -> dict[float, list[str]]:
    """For each budget, what the other laws and rules choose where they differ: "top2 (law, gamma 0 and 1)"."""
    main = results.main(results.frontier).filter("best").group_by("budget").agg(chosen=pl.col("pool"))
    votes = (
        results.frontier.filter("best")
        .join(main, on="budget")
        .filter(~pl.col("pool").is_in(pl.col("chosen")))
        .sort("budget", "pool", "law", "gamma")
    )
    texts: dict[float, list[str]] = {}
    for (budget, pool), group in votes.group_by("budget", "pool", maintain_order=True):
        laws = [
            f"{law} with gamma {' and '.join(f'{g:g}' for g in rows['gamma'])}"
            for (law,), rows in group.group_by("law", maintain_order=True)
        ]
        assert isinstance(budget, float)
        texts.setdefault(budget, []).append(f"{pool} ({', '.join(laws)})")
    return texts
