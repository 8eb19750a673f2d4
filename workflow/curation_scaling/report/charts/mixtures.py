"""Mixtures that were really trained against their prediction from the single pools."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results

TITLE = "Mixtures: measured against predicted"


def mixtures_figure(results: Results) -> Figure:
    """A panel a rule gamma: measured mean against prediction, with the interval of a new run."""
    study = results.study
    rows = results.predictions.filter(law=study.laws.main, role="mixture").select(
        "pool", "samples_seen", "repetitions", "predicted", "run_lower", "run_upper", "error", "runs", "gamma",
        kind=pl.lit("mixture"),
    )  # fmt: skip
    if rows.is_empty():
        return Figure("mixtures", TITLE, "No mixture of pools was trained in this study.", None, rows)
    ends = rows.select(
        pl.min_horizontal(pl.min("predicted"), pl.min("error")).alias("low"),
        pl.max_horizontal(pl.max("predicted"), pl.max("error")).alias("high"),
    ).row(0)
    diagonal = pl.DataFrame(
        [{"gamma": g, "predicted": v, "error": v, "kind": "equal"} for g in rows["gamma"].unique().sort() for v in ends]
    )
    table = pl.concat([rows, diagonal], how="diagonal").with_columns(
        rule=pl.format("gamma = {}", pl.col("gamma").map_elements(lambda g: f"{g:g}", pl.String))
    )
    table = table.sort("kind", "gamma", "pool", "samples_seen")
    scale = error_scale(ends)
    x = alt.X(
        "predicted:Q",
        scale=scale,
        axis=alt.Axis(tickCount=5, labelOverlap=True),
        title=f"Predicted {results.metric}",
    )
    y = error_axis("error", f"Measured {results.metric}", scale)
    pools = rows["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    equal, mixture = (alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("equal", "mixture"))
    layers = alt.layer(
        equal.mark_line(strokeWidth=1, strokeDash=[3, 3], color="currentColor", strokeOpacity=0.6).encode(x, y),
        mixture.mark_rule(strokeOpacity=0.45, strokeWidth=1.5).encode(
            alt.X("run_lower:Q"), y, colour, x2="run_upper:Q"
        ),
        mixture.mark_point(size=50, filled=True, opacity=1).encode(
            x,
            y,
            colour,
            shape,
            tooltip=[
                alt.Tooltip("pool:N", title="Pool"),
                alt.Tooltip("samples_seen:Q", title=study.unit, format=",.4~g"),
                alt.Tooltip("repetitions:Q", title="Repetitions", format=".3~g"),
                alt.Tooltip("predicted:Q", title="Predicted", format=".4g"),
                alt.Tooltip("error:Q", title="Measured", format=".4g"),
            ],
        ),
        data=table_data(table),
    ).properties(width=270, height=250)
    chart = layers.facet(facet=alt.Facet("rule:N", title=None), columns=min(rows["gamma"].n_unique(), 3))
    caption = (
        f"Each point is a mixture at one budget: the mean error of its runs against what the law {study.laws.main}, "
        f"fitted to the single pools alone, predicts under the rule for mixtures (a pool sampled with weight q has "
        f"half-life τ q^−gamma). On the dashed line both agree; bars are {study.laws.level:.0%} intervals of a new run."
    )
    return Figure("mixtures", TITLE, caption, chart, table)
