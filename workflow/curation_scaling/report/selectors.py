"""The section of a rerun's report about ways of choosing data that cost compute."""

from __future__ import annotations

import polars as pl

from curation_scaling.report.markup import Markup, join, paragraph, table
from curation_scaling.report.wording import interval, number


def selector_tables(methods: pl.DataFrame, budgets: pl.DataFrame, ratios: pl.DataFrame) -> Markup:
    """What each method costs, where it is the best, and how large a model must be to repay it."""
    best = budgets.group_by("task", "model", "method").agg(
        fitted=pl.col("best").sum(), measured=pl.col("measured_best").sum(), likely=pl.max("probability_best")
    )
    count = budgets.group_by("task", "model").agg(budgets=pl.col("budget_flops").n_unique())
    rows = methods.join(best, on=["task", "model", "method"], how="left").join(count, on=["task", "model"])
    body = [
        [
            row["task"],
            row["model"],
            row["method"],
            f"{row['cost_share']:.3f}",
            f"{row['fitted'] or 0} of {row['budgets']}",
            f"{row['measured'] or 0} of {row['budgets']}",
            f"{row['likely'] or 0:.0%}",
            number(row["start"]),
            f"{interval(row['start_lower'], row['start_upper'])}{'' if row['start_known'] else ', not identified'}",
        ]
        for row in rows.sort("task", "params", "method").iter_rows(named=True)
    ]
    headers = [
        "Task", "Model", "Chosen by", "Cost, trainings on everything", "Best at budgets, fitted",
        "Best at budgets, measured", "Highest probability", "P0", "95% interval of P0",
    ]  # fmt: skip
    sizes = [
        [
            row["task"],
            row["model"],
            row["method"],
            _ratio(row["ratio"]),
            f"{_ratio(row['lower'])} to {_ratio(row['upper'])}",
        ]
        for row in ratios.iter_rows(named=True)
    ]
    words = (
        "A budget pays for the choice, then trains on as much as is left of it. Fitted: by the curves; measured: by "
        "the best run within the budget, ties counted for each. P0, the curve's score without training, is called not "
        "identified where its interval is wider than the measured scores are spread."
    )
    sized = (
        "How many times larger than the scorer the trained model must be for a method to be the best at some budget, "
        "if its curve stays as it is and the scorer's cost with it; all: the median over tasks and models."
    )
    return join(
        [
            paragraph(words),
            table("Ways of choosing data and their price", headers, body, words=(0, 1, 2, 8)),
            paragraph(sized),
            table(
                "Model size that repays the choice",
                ["Task", "Model", "Chosen by", "In scorers", "95% interval"],
                sizes,
                words=(0, 1, 2),
            ),
        ]
    )


def _ratio(value: float | None) -> str:
    return "more than 100" if value is None else f"{value:.2g}"
