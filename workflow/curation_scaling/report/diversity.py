"""The section of a rerun's report that weighs more groups against more samples of each."""

from __future__ import annotations

import polars as pl

from curation_scaling.report.markup import Markup, bullets, join, paragraph, table
from curation_scaling.report.wording import number

_AXES = {"samples": "samples in all", "groups": "groups", "per_group": "samples a group"}


def diversity_section(laws: pl.DataFrame, cells: pl.DataFrame, balance: pl.DataFrame) -> Markup:
    """The rows of `laws/diversity_cells` and `laws/diversity` as tables, after what they come to in words."""
    rows = [
        [
            f"{row['budget']:,}",
            f"{row['groups']:,} x {row['per_group']:,}",
            f"{row['measured']:.4f}",
            "–" if row["se"] is None else f"{row['se']:.4f}",
            f"{row['predicted']:.4f}",
            "–" if row["probability_best"] is None else f"{row['probability_best']:.2f}",
            _best(row["measured_best"], row["predicted_best"]),
        ]
        for row in cells.drop_nulls("measured_best").iter_rows(named=True)
    ]
    headers = ["Samples", "Groups x samples", "Measured", "± (1 se)", "Joint law", "Probability best", "Best"]
    return join(
        [
            bullets(diversity_words(laws, cells, balance)),
            table("What a budget of samples buys", headers, rows, words=(0, 1, 6)),
            paragraph(
                "Each law is fitted to the smaller values of one axis and predicts the larger ones, for every cutoff; "
                "the score is the root mean square of ln(predicted / measured), each cutoff counting the same."
            ),
            table("Laws by rollout", *_rollouts(laws), words=(0,)),
        ]
    )


def diversity_words(laws: pl.DataFrame, cells: pl.DataFrame, balance: pl.DataFrame) -> list[str]:
    """The verdict at each budget, the balance, and the law that extrapolates best along each axis."""
    words = []
    for part in cells.drop_nulls("measured_best").partition_by("budget", maintain_order=True):
        measured, predicted = (part.filter(f"{kind}_best").row(0, named=True) for kind in ("measured", "predicted"))
        worst = part.sort("measured").row(-1, named=True)["measured"]
        words.append(
            f"{part['budget'][0]:,} samples: best measured {_way(measured)} ({measured['measured']:.4f}; the worst way "
            f"{worst:.4f}); the joint law says {_way(predicted)}."
        )
    row = balance.row(0, named=True)
    span = "" if row["lower"] is None else f" ({row['level']:.0%} interval {row['lower']:.3g} to {row['upper']:.3g})"
    best = f"{number(row['per_group'])} samples a group{span}"
    words.append(
        f"By the joint law another group is worth more than more of the same, however few: balance at {best}."
        if row["per_group"] < 1
        else f"By the joint law a fixed budget is best spent on {best}: below that more of each are worth more, "
        "above it more groups."
    )
    judged = laws.drop_nulls("rmse").sort("axis", "rmse")
    for part in judged.partition_by("axis", maintain_order=True):
        scores = ", ".join(f"{law} {rmse:.4f}" for law, rmse in part.select("law", "rmse").iter_rows())
        words.append(f"Larger numbers of {_AXES[part['axis'][0]]} are predicted from smaller ones within: {scores}.")
    return words


def _way(row: dict[str, int]) -> str:
    return f"{row['groups']:,} groups of {row['per_group']:,}"


def _best(measured: bool | None, predicted: bool) -> str:
    found = [word for word, is_best in (("measured", measured), ("predicted", predicted)) if is_best]
    return " and ".join(found) or "–"


def _rollouts(laws: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    rows = []
    for part in laws.partition_by("law", maintain_order=True):
        scores = dict(part.select("axis", "rmse").iter_rows())
        rows.append([part["law"][0], *("–" if scores[a] is None else f"{scores[a]:.4f}" for a in _AXES)])
    return ["Law", *(words.capitalize() for words in _AXES.values())], rows
