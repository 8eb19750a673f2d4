"""The section of a rerun's report that shows the recipe: its constants, and how well it foretells what was held out."""

from __future__ import annotations

import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.markup import Markup, join, paragraph, table
from curation_scaling.report.wording import interval, number

_STEPS = {"steps": "one after the other", "joint": "L(N, S) at once"}
_METHODS = (("predicted", "the recipe's steps"), ("joint", "the joint fit"), ("last", "the largest fitted run"))
_STATED = (
    "Step 1 reads L(N) = (N_c/N)^alpha_N from the longest training of each size. Step 2 fits, at the size with most "
    "batch sizes, S = S_min + E_min/B at every level of the loss, and B_crit = E_min/S_min = B_star / L^(1/alpha_B) "
    "through them. Step 3 turns the steps of every evaluation into S_min = S / (1 + B_crit/B) and fits L(N, S_min) = "
    "(N_c/N)^alpha_N + (S_c/S_min)^alpha_S. A curve is foretold by solving for L at each step."
)


def recipe_section(constants: pl.DataFrame, trajectories: pl.DataFrame) -> Markup:
    """The rows of `laws/recipe`, and the log errors of `laws/recipe_trajectories` by training."""
    rows = [
        [
            row["constant"],
            _STEPS[row["step"]],
            number(row["estimate"]),
            interval(row["lower"], row["upper"]),
            "–" if row["known"] is None else number(row["known"]),
            "–" if row["unit"] == "1" else row["unit"],
        ]
        for row in constants.sort("constant", "step").iter_rows(named=True)
    ]
    headers = ["Constant", "Found", "Estimate", f"{constants['level'][0]:.0%} interval", "Known", "Unit"]
    return join(
        [
            paragraph(_STATED),
            table("Constants", headers, rows, words=(0, 1, 5)),
            table("Curves: root mean square of the log error", *_scores(trajectories), words=(0, 1)),
        ]
    )


def recipe_words(trajectories: pl.DataFrame) -> list[str]:
    """A sentence a held-out training: by how much the recipe misses its curve, beside the largest fitted run."""
    _, rows = _scores(trajectories.filter(role="held_out"))
    return [
        f"{row[0]}, held out: the recipe's steps miss its curve by {row[2]} (root mean square of the log error), the "
        f"joint fit by {row[3]}, the largest fitted run's curve by {row[4]}."
        for row in rows
    ]


def _name(row: dict[str, float]) -> str:
    return f"{quantity(row['params'])} parameters, batch {quantity(row['batch_size'])}"


def _scores(trajectories: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    gaps = [(pl.col(name) / pl.col("error")).log().pow(2).mean().sqrt().alias(name) for name, _ in _METHODS]
    found = trajectories.filter("judged").group_by("role", "run", "params", "batch_size").agg(gaps)
    found = found.sort("role", "params", "batch_size", descending=[True, False, False])
    rows = [
        [_name(row), row["role"].replace("_", " "), *("–" if row[n] is None else f"{row[n]:.4f}" for n, _ in _METHODS)]
        for row in found.iter_rows(named=True)
    ]
    return ["Training", "Role", *(words for _, words in _METHODS)], rows
