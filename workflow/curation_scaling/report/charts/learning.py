"""Learning curves: what was measured, and the law through it."""

from __future__ import annotations

import altair as alt
import polars as pl

from curation_scaling.laws.selection import select_runs
from curation_scaling.report.charts.axes import error_axis, error_scale, samples_axis
from curation_scaling.report.curves import learning_curves
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import colours
from curation_scaling.report.results import Results

MOST = 20  # panels
ROLES = {"fitted": "in the fit", "left_out": "left out of the fit", "mixture": "mixture, never in the fit"}


def learning_figure(results: Results) -> Figure:
    """A panel a pool: runs, their mean, the law with the interval of its mean and of a new run."""
    table = _table(results)
    data = table_data(table)
    known = table.filter(pl.col("kind").is_in(["mean", "run"]))["error"].to_list()
    low, high = table.select(pl.min("samples_seen"), pl.max("samples_seen").alias("high")).row(0)
    x = samples_axis(results.study, low / 1.1, high * 1.1)
    y = error_axis("error", results.metric, error_scale([*known, *table["predicted"]]))
    colour = colours(results.pools, table["pool"].unique().to_list(), None)
    roles = [text for text in ROLES.values() if text in set(table["role"])]
    shape = alt.Shape(
        "role:N",
        scale=alt.Scale(domain=roles, range=[_SHAPES[role] for role in roles]),
        title="Mean over runs",
        legend=alt.Legend(symbolStrokeColor="gray", symbolStrokeWidth=1.5),
    )
    law, mean, run, held = (
        alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("law", "mean", "run", "held_out")
    )
    tooltip = [
        alt.Tooltip("pool:N", title="Pool"),
        alt.Tooltip("samples_seen:Q", title=results.study.unit, format=",.4~g"),
        alt.Tooltip("repetitions:Q", title="Repetitions", format=".3~g"),
    ]
    layers = alt.layer(
        mean.mark_area(opacity=1, fillOpacity=0.10).encode(x, alt.Y("run_lower:Q"), alt.Y2("run_upper:Q"), colour),
        law.mark_area(opacity=1, fillOpacity=0.25).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), colour),
        law.mark_line().encode(x, alt.Y("predicted:Q"), colour),
        run.mark_point(size=12, filled=True, opacity=1, fillOpacity=0.45).encode(
            x, y, colour, tooltip=[*tooltip, alt.Tooltip("error:Q", title=results.metric), "draw:N", "seed:N"]
        ),
        mean.mark_point(size=45, filled=False, strokeWidth=1.6).encode(
            x,
            y,
            colour,
            shape,
            tooltip=[
                *tooltip,
                alt.Tooltip("error:Q", title="Measured mean", format=".4g"),
                alt.Tooltip("predicted:Q", title="Law", format=".4g"),
                alt.Tooltip("runs:Q", title="Runs"),
            ],
        ),
        held.mark_point(size=45, shape="diamond", filled=False, strokeWidth=1.4, stroke="currentColor").encode(
            x, alt.Y("predicted:Q"), tooltip=[*tooltip, alt.Tooltip("predicted:Q", title="Foretold", format=".4g")]
        ),
        data=data,
    ).properties(width=210, height=170)
    order = [panel for panel in (_panel(results, pool) for pool in results.pools) if panel in set(table["panel"])]
    columns = min((3, 4), key=lambda count: -len(order) % count)  # the fewest empty places
    chart = layers.facet(facet=alt.Facet("panel:N", sort=order, title=None), columns=columns)
    return Figure("learning_curves", "Learning curves and the fitted law", _caption(results), chart, table)


_SHAPES = {ROLES["fitted"]: "circle", ROLES["left_out"]: "cross", ROLES["mixture"]: "square"}


def _table(results: Results) -> pl.DataFrame:
    """Kinds: `run` is one evaluation, `mean` their mean with the interval of a new run, `law` the law on a grid."""
    study = results.study
    mean = results.main(results.predictions).select(
        "pool",
        "samples_seen",
        "repetitions",
        "error",
        "runs",
        "role",
        "predicted",
        "run_lower",
        "run_upper",
        kind=pl.lit("mean"),
    )
    frames = [mean, learning_curves(results).with_columns(kind=pl.lit("law"))]
    if mean.select(pl.max("runs")).item() > 1:
        chosen = select_runs(results.runs, study.pools.fitted_names, study.laws.max_repetitions)
        kept = chosen.select("pool", "draw", "seed", "samples_seen", "repetitions", "error", "role", kind=pl.lit("run"))
        frames.append(kept)
    frames.append(
        results.main(results.holdout)
        .filter(split="largest", method="law")
        .group_by("pool", "samples_seen")
        .agg(pl.mean("predicted"), pl.mean("error"))
        .with_columns(kind=pl.lit("held_out"))
    )
    shown = _shown(results)
    frames = [f.filter(pl.col("pool").is_in(shown)) for f in frames]
    table = pl.concat([f.with_columns(pl.col("samples_seen").cast(pl.Float64)) for f in frames], how="diagonal")
    panel = {pool: _panel(results, pool) for pool in results.pools}
    absent = [name for name in ("draw", "seed") if name not in table.columns]
    return (
        table.with_columns(
            pl.col("role").replace(ROLES),
            *(pl.lit(None, pl.Int32).alias(name) for name in absent),
            panel=pl.col("pool").replace_strict(panel),
        )
        .select(
            "kind", "panel", "pool", "draw", "seed", "samples_seen", "repetitions", "error", "runs", "role",
            "predicted", "lower", "upper", "run_lower", "run_upper",
        )
        .sort("kind", "pool", "draw", "seed", "samples_seen")
    )  # fmt: skip


def _shown(results: Results) -> list[str]:
    """Pools with a panel: all, or of very many the single ones and those that are best at some budget."""
    known = set(results.predictions["pool"])
    pools = [pool for pool in results.pools if pool in known]
    if len(pools) <= MOST:
        return pools
    best = set(results.main(results.frontier).filter("best")["pool"])
    single = set(results.study.pools.bucket_names)
    return sorted(pools, key=lambda pool: (pool not in best, pool not in single, pools.index(pool)))[:MOST]


def _panel(results: Results, pool: str) -> str:
    return pool if pool in results.study.pools.fitted_names else f"{pool} (predicted)"


def _caption(results: Results) -> str:
    study = results.study
    level = f"{study.laws.level:.0%}"
    bootstrap = results.main(results.fits).filter(~pl.col("fixed"))["method"][0]
    pools = results.predictions["pool"].unique()
    left_out = (
        "Crosses were left out of the fit, because the mean error rises there again or the pool was repeated too "
        "often. "
        if (results.main(results.predictions)["role"] == "left_out").any()
        else ""
    )
    return (
        f"Error against {study.unit} seen, one panel a pool. The line is the law {study.laws.main}, fitted to the "
        f"single pools alone: circles. {left_out}In panels marked (predicted) the line follows from those fits with "
        f"the rule gamma = {study.laws.gamma:g}, and never saw the squares. Dark band: {level} interval of the "
        f"expected error (bootstrap: {bootstrap}); light band: {level} interval of one new run, at the measured "
        f"checkpoints. Small dots are single runs. Diamonds: what the law foretold of the largest budgets when it was "
        f"fitted without them."
        + ("" if len(pools) <= MOST else f" The {MOST} of {len(pools)} pools that matter most have a panel.")
    )
