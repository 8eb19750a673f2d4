"""The table of signal and noise of every metric and pool."""

from __future__ import annotations

from curation_scaling.report.markup import Markup, join, paragraph, table
from curation_scaling.report.results import Results
from curation_scaling.report.wording import interval, number, readable

_HEADERS = [
    "Metric", "Pool", "Runs", "Noise of a run", "95% interval", "Between seeds", "Between draws", "From trials alone",
    "Signal", "Signal to noise", "Resolves", "Curve",
]  # fmt: skip


def signal_table(results: Results) -> Markup:
    """The rows of `laws/signal`, after what their columns mean."""
    assert results.signal is not None
    rows = [
        [
            readable(row["metric"]),
            row["pool"] or "all, between pools",
            str(row["runs"]),
            number(row["noise"], 3),
            interval(row["lower"], row["upper"]),
            *(number(row[name], 3) for name in ("seed_noise", "draw_noise", "sampling", "signal", "signal_to_noise")),
            "–" if row["resolves"] is None else f"{row['resolves']:.1%}",
            (row["shape"] or "–").replace("u_shaped", "U-shaped"),
        ]
        for row in results.signal.iter_rows(named=True)
    ]
    words = (
        "In units of ln(error): 0.01 is about 1 %. Noise: the standard deviation between the runs of an evaluation. "
        "Signal: the spread of the mean errors, less the noise in them; along a pool's curve, which is what a law is "
        "fitted to, and between pools at equal samples seen, which is what a choice rests on. Resolves: the smallest "
        "difference of two means that so many runs tell apart."
    )
    return join([paragraph(words), table("Spread of the runs of each pool", _HEADERS, rows, words=(0, 1, 11))])
