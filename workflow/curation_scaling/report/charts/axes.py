"""Axes that several figures share."""

from __future__ import annotations

import math
from collections.abc import Iterable

import altair as alt
import numpy as np

from curation_scaling.report.wording import seen
from curation_scaling.study import Study

WIDE = 4  # decades of an axis from which on only powers of ten are marked
LOG_FROM = 2.5  # a range of values whose ends differ by this factor is drawn on a logarithmic axis
# 1.6M, 12B: d3 would write 12G.
SHORT_NUMBER = "replace(format(datum.value, '~s'), 'G', 'B')"


def samples_axis(study: Study, low: float, high: float) -> alt.X:
    """Samples seen from `low` to `high`, logarithmic."""
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = alt.Axis(values=log_ticks(low, high), labelExpr=SHORT_NUMBER, labelOverlap="greedy")
    return alt.X("samples_seen:Q", scale=scale, axis=axis, title=f"{seen(study)} (logarithmic)")


def repetitions_axis(low: float, high: float) -> alt.X:
    """Passes over the pool, logarithmic."""
    scale = alt.Scale(type="log", domain=[low / 1.15, high * 1.15], nice=False)
    axis = alt.Axis(values=log_ticks(low, high), format="~g", labelOverlap="greedy")
    return alt.X("repetitions:Q", scale=scale, axis=axis, title="Repetitions (passes, logarithmic)")


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, 20, ... between two numbers; only powers of ten where these are many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) < WIDE else (1,)
    ticks = [float(f"{step}e{decade}") for decade in decades for step in steps]
    return [tick for tick in ticks if 0.999 * low <= tick <= 1.001 * high]


def error_scale(values: Iterable[float | None]) -> alt.Scale:
    """A scale that shows all `values`: logarithmic where they differ much, else linear and without zero.

    Bands that leave it end at its edge (`clamp`): clipping looks the same and makes bitmaps four times slower.
    """
    known = np.array([v for v in values if v is not None and np.isfinite(v)])
    low, high = float(known.min()), float(known.max())
    if low > 0 and high / low >= LOG_FROM:
        return alt.Scale(type="log", domain=[low / 1.08, high * 1.08], nice=False, clamp=True)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return alt.Scale(domain=[low - room, high + room], zero=False, nice=False, clamp=True)


def error_axis(field: str, title: str, scale: alt.Scale) -> alt.Y:
    """An error axis."""
    return alt.Y(f"{field}:Q", scale=scale, axis=alt.Axis(tickCount=6, labelOverlap=True), title=title)
