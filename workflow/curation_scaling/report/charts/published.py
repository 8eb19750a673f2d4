"""A paper's own curves beside the fit of this study, on the points that were measured."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.report.charts.axes import error_axis, error_scale, samples_axis
from curation_scaling.report.curves import learning_curves
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours, shapes
from curation_scaling.report.results import Results

TITLE = "The published curves and this study's"
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])


def published_figure(results: Results) -> Figure:
    """A panel for the single pools and one for mixtures: measured means, this study's law, the printed rows."""
    study = results.study
    assert results.printed is not None
    ours = f"{study.laws.main}, this study"
    curves = pl.concat(
        [
            learning_curves(results).select("pool", "samples_seen", "predicted", curve=pl.lit(ours)),
            results.printed.select("pool", "samples_seen", "predicted", curve="row"),
        ]
    )
    points = results.main(results.predictions).select("pool", pl.col("samples_seen").cast(pl.Float64), "error")
    kinds = pl.when(pl.col("pool").is_in(study.pools.fitted_names)).then(pl.lit("single pools, fitted"))
    table = pl.concat([curves, points], how="diagonal").with_columns(
        panel=kinds.otherwise(pl.lit("mixtures, predicted"))
    )
    table = table.sort("panel", "curve", "pool", "samples_seen")
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(study, low / 1.1, high * 1.1)
    y = error_axis("error", results.metric, error_scale([*table["error"], *table["predicted"]]))
    pools = table["pool"].unique().to_list()
    colour, shape = (channel(results.pools, pools, alt.Legend()) for channel in (colours, shapes))
    names = [ours, *results.printed["row"].unique().sort()]
    dash = alt.StrokeDash(
        "curve:N",
        scale=alt.Scale(domain=names, range=[_DASHES[i % len(_DASHES)] for i in range(len(names))]),
        title="Curve",
        legend=alt.Legend(symbolStrokeColor="gray", symbolStrokeWidth=1.5, orient="bottom"),
    )
    lines = alt.Chart().transform_filter("isValid(datum.predicted)").mark_line(strokeWidth=1.5)
    layers = alt.layer(
        lines.encode(x, alt.Y("predicted:Q"), colour, dash),
        alt.Chart()
        .transform_filter("isValid(datum.error)")
        .mark_point(size=45, filled=True, opacity=1)
        .encode(
            x,
            y,
            colour,
            shape,
            tooltip=[
                alt.Tooltip("pool:N", title="Pool"),
                alt.Tooltip("samples_seen:Q", title=study.unit, format=",.4~g"),
                alt.Tooltip("error:Q", title="Measured mean", format=".4g"),
            ],
        ),
        data=table_data(table),
    ).properties(width=330, height=270)
    chart = layers.facet(facet=alt.Facet("panel:N", sort="descending", title=None), columns=2)
    caption = (
        f"Points were measured. Solid lines: the law {study.laws.main} as fitted here, with its rule for mixtures. "
        f"Other lines: the paper's printed parameters as they stand ({', '.join(names[1:])}), each in its own law."
    )
    return Figure("published", TITLE, caption, chart, table)
