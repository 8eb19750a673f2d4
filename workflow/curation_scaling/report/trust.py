"""What speaks for and against the answer: shown right below it, not at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from curation_scaling.frontier.answer import fitted_to
from curation_scaling.report.markup import Markup, bullets, details, element, join, text
from curation_scaling.report.results import Results
from curation_scaling.report.wording import number, plural


def trust(results: Results) -> Markup:
    """Warnings of the law that the answer uses, those of the other laws on demand, and how the law did so far."""
    main = results.study.laws.main
    warnings = _warnings(results)
    own = [message for law, message in warnings if law == main]
    parts = []
    if own:
        title = element("h3", text(f"{plural(len(own), 'warning')} about the law behind this answer"))
        parts.append(element("aside", join([title, bullets(own)]), class_="warnings", aria_label="Warnings"))
    else:
        parts.append(element("p", text(f"Nothing was found that speaks against the fit of {main}."), class_="quiet"))
    others = [f"{law}: {message}" for law, message in warnings if law != main]
    if others:
        parts.append(details(f"{plural(len(others), 'warning')} about the other laws", bullets(others)))
    parts += [element("h3", text("How the law did so far")), bullets(_record(results))]
    return join(parts)


def _warnings(results: Results) -> list[tuple[str, str]]:
    """(law, message): flagged diagnostics, flagged parameters of which no diagnostic speaks, and lost comparisons."""
    flagged = results.diagnostics.filter("flag")
    told = set(flagged.select("law", "subject").iter_rows())
    # One message for all its subjects: a law has many parameters that can be at a bound.
    subjects: dict[tuple[str, str], list[str]] = {}
    for law, subject, message in flagged.select("law", "subject", "message").iter_rows():
        bare = message.removeprefix(f"{subject}: ")
        named = subject and (bare != message or subject not in message)
        subjects.setdefault((law, bare), []).extend([subject] if named else [])
    found = [(law, f"{', '.join(names)}: {bare}" if names else bare) for (law, bare), names in subjects.items()]
    for row in results.fits.filter(pl.col("flags") != "").iter_rows(named=True):
        if (row["law"], row["parameter"]) not in told:
            estimate = f"{row['parameter']} = {number(row['estimate'])}"
            found.append((row["law"], f"The estimate {estimate} is not to be trusted: {row['flags']}."))
    lost = results.comparison.filter(pl.col("rollout") >= pl.col("baseline_rollout"))
    return found + [(row["law"], f"{_rollout(row, 'no better than')}.") for row in lost.iter_rows(named=True)]


def _rollout(row: dict[str, Any], verdict: str) -> str:
    """How a law does beside the best naive baseline, from a row of `laws/comparison`."""
    return (
        f"Predicting each curve's later points from its earlier ones it is {verdict} the best naive baseline "
        f"({row['best_baseline']}): log-rmse {number(row['rollout'], 2)} against {number(row['baseline_rollout'], 2)}"
    )


def _record(results: Results) -> list[str]:
    study = results.study
    fits = results.main(results.fits)
    level = f"{study.laws.level:.0%}"
    lines = [
        f"Law {study.laws.main} with the rule gamma = {study.laws.gamma:g}, fitted to {fitted_to(study)}; "
        f"intervals by {fits.filter(~pl.col('fixed'))['method'][0]}."
    ]
    for row in results.main(results.mixtures).iter_rows(named=True):
        if row["points"]:
            verb = "fits" if study.laws.joint else "predicted"
            lines.append(
                f"It {verb} {row['points']} measured mixtures with a log-rmse of {number(row['log_rmse'], 3)} and a "
                f"bias of {number(row['bias'], 2)}; {row['covered']:.0%} of their runs lie in its {level} interval of "
                "a new run."
            )
        if row["budgets"]:
            lines.append(
                f"The pool that it predicts to be best was the measured best at {row['winners_matched']} of "
                f"{plural(row['budgets'], 'measured budget')}; the worst regret was {number(row['worst_regret'], 3)} "
                f"{results.metric}."
            )
    return lines + _extrapolation(results)


def _extrapolation(results: Results) -> list[str]:
    """What it missed on held-out single pools, beside the best naive baseline."""
    lines = []
    held = results.main(results.holdout).filter(method="law", split="largest")["relative_error"].abs().to_numpy()
    if held.size:
        lines.append(
            f"Fitted without the largest budgets, it missed {plural(held.size, 'evaluation')} there by "
            f"{np.median(held):.1%} in the median and {held.max():.1%} at most."
        )
    won = results.main(results.comparison).filter(pl.col("rollout") < pl.col("baseline_rollout"))
    return lines + [f"{_rollout(row, 'better than')}." for row in won.iter_rows(named=True)]
