"""Figures of two domains: effective fractions against shares, and losses against shares at each model size."""

from __future__ import annotations

import altair as alt
import numpy as np
import polars as pl

from curation_scaling.frontier.answer import quantity
from curation_scaling.laws.domain_size import FractionTransfer
from curation_scaling.report.charts.axes import error_axis, error_scale
from curation_scaling.report.figure import Figure, table_data
from curation_scaling.report.palette import OKABE_ITO, set_channels

_CURVE = 101  # points of a curve


def domain_figures(constants: pl.DataFrame, fractions: pl.DataFrame, losses: pl.DataFrame) -> list[Figure]:
    """The figures of `laws/domains`, `laws/domain_fractions` and `laws/domain_losses`, in that order."""
    return [_fractions(constants, fractions), _losses(constants, losses)]


def _fractions(constants: pl.DataFrame, fractions: pl.DataFrame) -> Figure:
    curves = []
    for domain, of in _constants(constants, "all").items():
        lowest = fractions.filter(domain=domain)["share"].to_numpy().min()
        share = np.linspace(lowest, 1.0, _CURVE)
        curves.append(pl.DataFrame({"domain": domain, "share": [0.0, *share], "curve": [None, *_f_hat(of, share)]}))
    points = fractions.drop("f_hat", "f_hat_lower", "f_hat_upper").with_columns(kind=pl.lit("fraction"))
    drawn = pl.concat(curves).with_columns(kind=pl.lit("f_hat"))
    table = pl.concat([points, drawn], how="diagonal").sort("kind", "domain", "share")
    x = alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), title="Share p of the domain in training")
    known = [table[name] for name in ("fraction", "upper", "highest_here", "curve")]
    top = float(np.nanmax([series.cast(pl.Float64).fill_null(np.nan).to_numpy() for series in known]))
    scale = alt.Scale(domain=[0, min(max(1.0, 1.04 * top), 2.0)], clamp=True, nice=False)
    y = alt.Y("fraction:Q", scale=scale, title="Effective fraction f(p)")
    blue, red = (alt.value(colour) for colour in OKABE_ITO[:2])
    measured, line = (alt.Chart().transform_filter(f"datum.kind == '{kind}'") for kind in ("fraction", "f_hat"))
    tooltip = ["domain:N", "share:Q", "fraction:Q", "lower:Q", "upper:Q", "lowest_here:Q", "highest_here:Q"]
    layers = alt.layer(
        line.mark_line(strokeDash=[4, 4], color="#888888").encode(x, alt.Y("share:Q")),
        line.mark_line(strokeWidth=1.5).encode(x, alt.Y("curve:Q"), color=blue),
        measured.mark_rule(strokeWidth=7, opacity=0.3).encode(
            x, alt.Y("lowest_here:Q"), alt.Y2("highest_here:Q"), color=red
        ),
        measured.mark_rule(strokeWidth=1.5).encode(x, alt.Y("lower:Q"), alt.Y2("upper:Q"), color=blue),
        measured.mark_point(size=45, filled=True, opacity=1).encode(x, y, color=blue, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=300, height=280)
    chart = layers.facet(facet=alt.Facet("domain:N", title=None), columns=2)
    caption = (
        "Points: f(p) = (beta_1 / beta_p)^(1/alpha) with its interval over draws; line: f_hat = p + c1 p^c2 (1-p)^c3; "
        "dashed: f = p, no transfer. Wide bars: the fractions that single model sizes show, read without a law; where "
        "they are longer than the interval, one number does not hold for all sizes."
    )
    return Figure("domain_fractions", "Effective fraction of each domain", caption, chart, table)


def _losses(constants: pl.DataFrame, losses: pl.DataFrame) -> Figure:
    curves = []
    for domain, of in _constants(constants, "without").items():
        mine = losses.filter(domain=domain)
        share = np.linspace(mine["share"].to_numpy().min(), 1.0, _CURVE)
        for params, role in mine.select("params", "role").unique(maintain_order=True).iter_rows():
            size = np.maximum(_f_hat(of, share), 0) * params
            with np.errstate(divide="ignore"):
                curve = of["L_inf"] + of["beta[1]"] * size ** -of["alpha"]
            frame = pl.DataFrame({"domain": domain, "params": params, "role": role, "share": share, "curve": curve})
            curves.append(frame.filter(pl.col("curve").is_finite()))
    points = losses.select(
        "domain", "params", "role", "share", "apart", "measured",
        low=pl.col("measured") - 2 * pl.col("se"), high=pl.col("measured") + 2 * pl.col("se"),
    )  # fmt: skip
    table = pl.concat([points, *curves], how="diagonal")
    table = table.with_columns(
        pl.col("role").replace("held_out", "held out"), size=pl.col("params").map_elements(quantity, pl.String)
    )
    table = table.sort("domain", "params", "role", "share", "measured")
    sizes = table.unique("size").sort("params")["size"].to_list()
    colour, shape = set_channels("size", sizes, "Parameters")
    x = alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), title="Share p of the domain in training")
    y = error_axis("measured", "Loss", error_scale([*losses["measured"], *losses["approximated"]]))
    measured = alt.Chart().transform_filter("isValid(datum.measured)")
    line = alt.Chart().transform_filter("isValid(datum.curve)")
    dash = alt.StrokeDash(
        "role:N", scale=alt.Scale(domain=["fitted", "held out"], range=[[1, 0], [5, 3]]), title="Size"
    )
    tooltip = ["domain:N", "size:N", "role:N", "share:Q", "apart:N", "measured:Q"]
    layers = alt.layer(
        line.mark_line(strokeWidth=1.5).encode(x, alt.Y("curve:Q"), colour, dash),
        measured.mark_rule().encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), colour),
        measured.mark_point(size=40, filled=True, opacity=1).encode(x, y, colour, shape, tooltip=tooltip),
        data=table_data(table),
    ).properties(width=300, height=320)
    chart = layers.facet(facet=alt.Facet("domain:N", title=None), columns=2)
    apart = losses.filter("apart")["share"].unique().sort().to_list()
    held = f", nor the share {', '.join(f'{s:g}' for s in apart)}" if apart else ""
    caption = (
        "Points: the mean loss on each domain with two standard errors over draws. Lines: L_inf + beta_1 (f_hat(p) "
        f"N)^-alpha; they have not seen the held-out sizes (dashed){held}."
    )
    return Figure("domain_losses", "Loss on each domain against its share", caption, chart, table)


def _constants(constants: pl.DataFrame, fit: str) -> dict[str, dict[str, float]]:
    """Each domain's constants of one fit."""
    kept = constants.filter(fit=fit)
    return {
        str(domain): dict(part.select("constant", "estimate").iter_rows())
        for (domain,), part in kept.group_by("domain", maintain_order=True)
    }


def _f_hat(of: dict[str, float], share: np.ndarray) -> np.ndarray:
    theta = np.array([[of[name] for name in ("c1", "c2", "c3")]])
    return np.asarray(FractionTransfer().predict(theta, {"share": share})[0])
