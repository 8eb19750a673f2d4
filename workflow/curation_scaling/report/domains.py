"""The section of a rerun's report on two domains: effective fractions, losses foretold, and the share to train at."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.report.markup import Markup, bullets, join, paragraph, table
from curation_scaling.report.wording import interval, number

_METHODS = {
    "predicted": "the share's own beta",
    "approximated": "f_hat",
    "last": "the widest fitted size",
    "line": "the line through the two widest",
    "between": "the line between neighbouring shares",
}
_STATED = (
    "The loss on a domain is L = beta_p N^-alpha + L_inf, with one beta a share p of the domain in training. A model "
    "of N parameters then does on it as one of f(p) N parameters does that was trained on it alone: f(p) = "
    "(beta_1 / beta_p)^(1/alpha). Above p the other domain helps. f_hat = p + c1 p^c2 (1-p)^c3 is fitted to ln f. "
    "Beside it stand the least and the largest fraction that single sizes show without any law."
)


def domains_section(
    constants: pl.DataFrame, fractions: pl.DataFrame, losses: pl.DataFrame, choice: pl.DataFrame
) -> Markup:
    """The rows of the artifacts of `domains` as tables, after what they come to in words."""
    named = constants.filter(~pl.col("constant").str.starts_with("beta"), fit="all")
    level = f"{constants['level'][0]:.0%} interval"
    return join(
        [
            paragraph(_STATED),
            bullets(domains_words(constants, fractions, losses, choice)),
            table("Effective fractions", *_fractions(fractions, level), words=(0,)),
            table(
                "Constants",
                ["Domain", "Constant", "Estimate", level, "Look out"],
                [
                    [
                        r["domain"],
                        r["constant"],
                        number(r["estimate"]),
                        interval(r["lower"], r["upper"]),
                        r["flags"] or "–",
                    ]
                    for r in named.iter_rows(named=True)
                ],
                words=(0, 1, 4),
            ),
            table("Foretold: root mean square of the log error", *_scores(losses), words=(0, 1)),
            table("The share to train at", *_choices(choice, level), words=(0,)),
        ]
    )


def domains_words(
    constants: pl.DataFrame, fractions: pl.DataFrame, losses: pl.DataFrame, choice: pl.DataFrame
) -> list[str]:
    """What the fractions come to, how well losses are foretold, and what the choice costs."""
    words = []
    for part in fractions.partition_by("domain", maintain_order=True):
        domain = part["domain"][0]
        above = part.drop_nulls("lower").filter(pl.col("lower") > pl.col("share")).height
        lowest = part.row(0, named=True)
        span = interval(lowest["lower"], lowest["upper"])
        words.append(
            f"{domain}: f({lowest['share']:g}) = {number(lowest['fraction'], 3)} ({span}); f lies above p by its "
            f"interval at {above} of {part.height} shares."
        )
        apart = part.drop_nulls(["lowest_here", "lower"]).filter(
            (pl.col("lowest_here") < pl.col("lower")) | (pl.col("highest_here") > pl.col("upper"))
        )
        if apart.height:
            worst = apart.sort(pl.col("highest_here") / pl.col("lowest_here"), descending=True).row(0, named=True)
            words.append(
                f"{domain}: one f does not hold for all sizes at {apart.height} of {part.height} shares; at share "
                f"{worst['share']:g} single sizes show {number(worst['lowest_here'], 3)} to "
                f"{number(worst['highest_here'], 3)}."
            )
    doubted = constants.filter(pl.col("constant").is_in(["L_inf", "alpha"]), pl.col("flags") != "", fit="all")
    for domain, constant, flags in doubted.select("domain", "constant", "flags").iter_rows():
        words.append(f"{constant} of {domain} alone is not to be trusted: {flags}.")
    _, scores = _scores(losses)
    words += [f"{row[0]}: the log error is {row[2]} by {row[1]}." for row in scores]
    judged = choice.drop_nulls("regret")
    if judged.height:
        costs = {name: number(float(judged[name].to_numpy().max()), 2) for name in ("regret", "plain_regret")}
        words.append(
            f"The trained share that f_hat calls best costs {costs['regret']} at most above the best one measured, "
            f"over {judged.height} sizes and importances; the share nearest to the importance {costs['plain_regret']}."
        )
    return words


def _fractions(fractions: pl.DataFrame, level: str) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            row["domain"],
            f"{row['share']:g}",
            number(row["fraction"], 3),
            interval(row["lower"], row["upper"]),
            number(row["f_hat"], 3),
            interval(row["lowest_here"], row["highest_here"]),
        ]
        for row in fractions.iter_rows(named=True)
    ]
    return ["Domain", "Share p", "f(p)", level, "f_hat(p)", "At single sizes"], rows


def _scores(losses: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    """The log errors over held-out sizes and over shares apart, by what foretold them."""
    rows = []
    for what, part, methods in (
        ("Held-out size", losses.filter(role="held_out"), ("predicted", "approximated", "last", "line")),
        ("Share held apart", losses.filter("apart"), ("approximated", "between")),
    ):
        rows += [[what, _METHODS[m], _rmse(part, m)] for m in methods if part.drop_nulls(m).height]
    return ["Foretold", "By", "Log error"], rows


def _rmse(part: pl.DataFrame, method: str) -> str:
    gap = (pl.col(method) / pl.col("measured")).log().pow(2).mean().sqrt()
    return f"{part.drop_nulls(method).select(gap).item():.4f}"


def _choices(choice: pl.DataFrame, level: str) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            f"{row['importance']:g}",
            f"{quantity(row['params'])}{_role(row['role'])}",
            f"{row['share']:.2f}{' (edge)' if row['edge'] else ''}",
            interval(row["lower"], row["upper"]),
            _known(row, ("trained", "best"), "g"),
            _known(row, ("regret",), ".4f"),
            interval(row["regret_lower"], row["regret_upper"]),
            _known(row, ("plain_regret",), ".4f"),
        ]
        for row in choice.iter_rows(named=True)
    ]
    headers = ["Importance w", "Parameters", "Best share", level, "Called best, measured best", "Regret", level]
    return [*headers, "Regret of p = w"], rows


def _role(role: str) -> str:
    return {"held_out": ", held out", "asked": ", not trained"}.get(role, "")


def _known(row: dict[str, float | None], names: Sequence[str], form: str) -> str:
    values = [row[name] for name in names]
    return ", ".join("–" if value is None else format(value, form) for value in values)
