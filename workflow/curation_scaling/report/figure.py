"""A figure of the report: a chart over one table, with its caption; as a specification, an SVG or a PNG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from curation_scaling.layout import Layout
from curation_scaling.report.theme import PAPER
from curation_scaling.store import write_bytes

TABLE = "table"  # the name of the one data set that all layers of a figure read
PPI = 300
_NAMES = "window.vegaEmbed = vegaEmbed;"  # what the bundle tells the page

Chart = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Figure:
    """One figure. `chart` reads `table` by name; where there is nothing to draw it is None, and `caption` says why."""

    name: str
    title: str
    caption: str
    chart: Chart | None
    table: pl.DataFrame

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification with the table inside, as CSV."""
        chart = self.chart if self.chart is not None else _notice(self.caption)
        spec: dict[str, Any] = chart.to_dict(validate=False)  # tests validate; it takes as long as drawing
        if self.chart is not None:
            spec["datasets"] = {**spec.get("datasets", {}), TABLE: csv(self.table)}
        spec["description"] = f"{self.title}. {self.caption}"
        spec.pop("config", None)  # the page holds one for all its figures
        return spec

    def svg(self) -> str:
        """The figure for paper: black on white."""
        spec = self.spec | {"config": PAPER}
        return _renumbered(vl_convert.vegalite_to_svg(spec, vl_version=vega_lite_version()))

    @property
    def caption_text(self) -> str:
        """The caption for `snakemake --report`: reStructuredText in which no character of it means anything."""
        plain = "".join(f"\\{c}" if c in "\\*_`|<>:" else c for c in self.caption)
        return f"{{% raw %}}{plain}{{% endraw %}}\n" if "{%" not in plain else f"{plain.replace('{', '(')}\n"

    @staticmethod
    def png(svg: str) -> bytes:
        """The same figure as a bitmap of 300 dots an inch."""
        return vl_convert.svg_to_png(svg, ppi=PPI)


def write_figures(figures: Sequence[Figure], layout: Layout) -> None:
    """Write each figure as SVG and as PNG, and its caption."""
    for figure in figures:
        svg = figure.svg()
        write_bytes(layout.figure(figure.name, "svg"), svg.encode())
        write_bytes(layout.figure(figure.name, "png"), figure.png(svg))
        write_bytes(layout.figure(figure.name, "rst"), figure.caption_text.encode())


def csv(table: pl.DataFrame) -> str:
    """The table as CSV; reals with six significant digits, nulls empty."""
    rows = [",".join(table.columns), *(",".join(map(_cell, row)) for row in table.iter_rows())]
    return "\n".join(rows) + "\n"


def table_data(table: pl.DataFrame) -> alt.NamedData:
    """The data of a chart: the figure's table by name, with the type of each numeric column."""
    numeric = {name: "number" for name, kind in table.schema.items() if kind.is_numeric()}
    logical = {name: "boolean" for name, kind in table.schema.items() if kind == pl.Boolean}
    form = alt.CsvDataFormat.from_dict({"type": "csv", "parse": {**numeric, **logical}})
    return alt.NamedData(name=TABLE, format=form)


def vega_lite_version() -> str:
    """The Vega-Lite that Altair writes for, as the converter names it."""
    return "v" + "_".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


@cache
def javascript() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script; it defines `vegaEmbed` and loads nothing."""
    return vl_convert.javascript_bundle(_NAMES, vl_version=vega_lite_version())


def _renumbered(svg: str) -> str:
    """The converter numbers gradients and clips over all that it has drawn: count from this figure's start."""
    found = dict.fromkeys(re.findall(r'id="((?:gradient|clip)_?\d+)"', svg))
    place = {name: f"d{i}" for i, name in enumerate(found)}
    return re.sub(r"(?<=[#\"])(?:gradient|clip)_?\d+(?=[)\"])", lambda match: place.get(match[0], match[0]), svg)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(c in text for c in ',"\n\r') else text


def _notice(text: str) -> alt.Chart:
    data = alt.InlineData(values=[{}])
    chart: alt.Chart = alt.Chart(data).mark_text(text=text, fontSize=12).properties(width=520, height=60)
    return chart
