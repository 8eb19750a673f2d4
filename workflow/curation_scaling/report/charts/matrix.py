"""Square figures of names against names: a coloured cell with its number for every pair."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import polars as pl
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from curation_scaling.report.figure import table_data

# Blue to orange over grey: apart for people with the common colour-vision deficiencies, and in grey as well.
_RANGE = ("#0b5394", "#6fa8dc", "#e8e8e8", "#f0b060", "#b45f06")
MOST = 700  # pixels of a figure with one panel: wider cells say nothing more
_SMALL = 16  # names from which on the numbers leave the cells


def matrix(
    table: pl.DataFrame, x: str, y: str, *, order: tuple[Sequence[str], Sequence[str]], value: alt.Color, text: str,
    tooltip: list[alt.Tooltip], panel: str | None = None,
) -> alt.LayerChart | alt.FacetChart:  # fmt: skip
    """Cells coloured by `value`, with the column `text` in them; a panel a value of the column `panel`."""
    columns = alt.X(f"{x}:N", sort=list(order[0]), title=None, axis=alt.Axis(labelAngle=-45, grid=False, domain=False))
    rows = alt.Y(f"{y}:N", sort=list(order[1]), title=None, axis=alt.Axis(grid=False, domain=False, labelLimit=130))
    ink = alt.condition("datum.dark", alt.value("#ffffff"), alt.value("#111111"))
    size = 8 if panel else alt.ExprRef(f"width / {max(len(order[0]), 1)} < 24 ? 0 : 10")
    layers = [
        alt.Chart().mark_rect(stroke="transparent", strokeWidth=1).encode(columns, rows, value, tooltip=tooltip),
        alt.Chart().mark_text(fontSize=size).encode(columns, rows, text=f"{text}:N", color=ink),
    ]
    chart = alt.layer(*layers[: 1 if len(order[0]) > _SMALL else 2], data=table_data(table))
    if panel is None:
        side = 40 + 36 * max(len(order[1]), 3)
        return chart.properties(width=max(side, 300), height=max(side - 60, 160), usermeta={"most": MOST})
    chart = chart.properties(width=330, height=max(26 * len(order[1]), 120))
    facets = chart.facet(facet=alt.Facet(f"{panel}:N", title=None), columns=2)
    return facets.properties(usermeta={"left": 140, "gap": 20, "least": 330})


def diverging(field: str, title: str, ends: tuple[float, float], tick: str = "") -> alt.Color:
    """A scale from blue over grey to orange; orange is the high end."""
    scale = alt.Scale(domain=list(ends), range=list(_RANGE), interpolate="lab", clamp=True)
    return alt.Color(f"{field}:Q", scale=scale, title=title, legend=alt.Legend(gradientLength=180, format=tick))


def dark(value: pl.Expr, low: float, high: float) -> pl.Expr:
    """Whether a cell's colour asks for white letters."""
    place = (value - low) / (high - low)
    return (place < 0.18) | (place > 0.9)


def by_likeness(pairs: pl.DataFrame) -> list[str]:
    """Names of a symmetric table (first, second, estimate), so that those alike stand together."""
    names = sorted({*pairs["first"], *pairs["second"]})
    if len(names) < 3:
        return names
    at = {name: i for i, name in enumerate(names)}
    distance = np.ones((len(names), len(names))) - np.eye(len(names))
    for first, second, estimate in pairs.select("first", "second", "estimate").drop_nulls().iter_rows():
        if np.isfinite(estimate):
            distance[at[first], at[second]] = distance[at[second], at[first]] = max(1 - estimate, 0)
    return [names[i] for i in leaves_list(linkage(squareform(distance), "average"))]
