"""The tables of regimes: verdicts on curves, and the dimension of their samples."""

from __future__ import annotations

import polars as pl

from curation_scaling.report.markup import Markup, join, paragraph, table
from curation_scaling.report.wording import interval, number

_NAMES = {
    "small_data": "small data",
    "resolution_limited": "limited by resolution",
    "variance_limited": "limited by variance",
    "irreducible": "at its floor",
    "undecided": "undecided",
}


def verdicts_table(verdicts: pl.DataFrame, what: str) -> Markup:
    """The rows of `regimes/verdicts`; `what` a family is."""
    simulated = verdicts["known"].null_count() < verdicts.height
    rows = [
        [
            row["family"],
            _NAMES[row["regime"]],
            *([_NAMES[row["known"]]] if simulated else []),
            number(row["exponent"], 3),
            _range(row["lower"], row["upper"]),
            _range(row["resolution_low"], row["resolution_high"]),
            _range(row["lipschitz_low"], row["lipschitz_high"]),
            "–" if row["untrained"] is None else f"{row['untrained']:.0%}",
            f"{row['excess']:.1%}",
            number(row["sharpness"], 3),
            row["reason"],
        ]
        for row in verdicts.iter_rows(named=True)
    ]
    headers = [
        what, "Regime", *(["By its making"] if simulated else []), "Exponent", "95% interval", "Predicted 4/d, or a",
        "Predicted 1/d", "Last error, of untrained", "Of it above the floor", "Label sharpness", "Why",
    ]  # fmt: skip
    words_at = (0, 1, *([2] if simulated else []), len(headers) - 1)
    words = (
        "Exponent: of the error above the fitted floor in fresh samples. Limited by variance: it is 1, as of a smooth "
        "approach to an infinite limit. Limited by resolution: it is less, and theory expects at least 4/d of a "
        "piecewise-linear model's loss on data of dimension d, 1/d of a bound that only takes labels to be Lipschitz. "
        "These speak of losses; an error rate need not follow."
    )
    return join([paragraph(words), table("What limits each curve", headers, rows, words=words_at)])


def dimension_table(dimension: pl.DataFrame) -> Markup:
    """The rows of `regimes/dimension`."""
    names = {"mle": "Levina-Bickel", "two_nn": "TwoNN"}
    rows = [
        [
            row["pool"],
            names[row["estimator"]],
            str(row["rows"]),
            str(row["repeated"]),
            f"{row['features']} of {row['features'] + row['constant']}",
            str(row["neighbours"]),
            number(row["estimate"], 3),
            interval(row["lower"], row["upper"]),
            number(row["cube"], 3),
        ]
        for row in dimension.iter_rows(named=True)
    ]
    headers = ["Pool", "Estimator", "Samples", "Repeated, left out", "Features that vary", "Neighbours", "Dimension",
               "95% interval", "Of the cube that looks so"]  # fmt: skip
    words = (
        "Both estimators are biased low, the more the higher the dimension and the fewer the samples; last column: "
        "the dimension of a uniform cube from which as many samples give the same estimate."
    )
    return join([paragraph(words), table("Intrinsic dimension of the samples", headers, rows, words=(0, 1))])


def _range(low: float | None, high: float | None) -> str:
    return number(low, 3) if low is not None and low == high else interval(*(_short(value) for value in (low, high)))


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
