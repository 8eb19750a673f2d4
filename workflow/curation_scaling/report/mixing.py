"""The section of a rerun's report that shows how small runs rank mixtures."""

from __future__ import annotations

import polars as pl

from curation_scaling.report.markup import Markup, join, paragraph, table

_HEADERS = [
    "Runs ranked",
    "Chosen for",
    "Method",
    "Spearman",
    "95% interval",
    "Place of the choice",
    "Regret",
    "At random",
]


def mixing_table(rows: pl.DataFrame) -> Markup:
    """The rows of `laws/mixing` as a table, after what its columns mean."""
    body = [
        [
            row["test"],
            row["target"],
            row["method"].replace("_", " "),
            f"{row['spearman']:.3f}",
            f"{row['lower']:.3f} to {row['upper']:.3f}",
            f"{row['place']} of {row['runs']}",
            f"{row['regret']:.4f}",
            f"{row['random_regret']:.3f}",
        ]
        for row in rows.iter_rows(named=True)
    ]
    words = (
        "Each method is fitted to the small runs, once for every domain of the loss, and predicts the runs of another "
        "size. The choice is the run predicted best; its regret is its loss above the best measured one, beside that "
        "of a random run."
    )
    return join([paragraph(words), table("Mixtures ranked by smaller runs", _HEADERS, body, words=(0, 1, 2))])
