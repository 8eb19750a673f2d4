"""A vertical line at the budget that the reader has chosen on the page."""

from __future__ import annotations

import altair as alt

PARAMETER = "chosen_budget"  # the page sets it; on paper it stays empty and nothing is drawn


def chosen_budget() -> alt.Chart:
    """A layer for charts whose x axis is `samples_seen`."""
    layer: alt.Chart = (
        alt.Chart(alt.InlineData(values=[{"samples_seen": None}]))
        .transform_calculate(samples_seen=PARAMETER)
        .transform_filter("datum.samples_seen > 0")
        .mark_rule(color="currentColor", strokeDash=[2, 3], strokeOpacity=0.7)
        .encode(x="samples_seen:Q")
        .add_params(alt.param(name=PARAMETER, value=0))
    )
    return layer
