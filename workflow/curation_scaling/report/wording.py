"""Names, numbers and axis titles as the report writes them."""

from __future__ import annotations

import math
import re

import polars as pl

from curation_scaling.study import Study

_GROUPED, _HUGE = 1e5, 1e10  # numbers between are written out


def number(value: float | None, digits: int = 4) -> str:
    """A measured or estimated value, 1e4 and not 1e+04; an en dash where there is none."""
    return "–" if value is None else _short(f"{value:.{digits}g}")


def long_number(value: float | None, digits: int) -> str:
    """A value of which many digits may matter: 80,000,000, .3473105, 6.8e15; infinity is ∞."""
    if value is None:
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if _GROUPED <= abs(rounded) < _HUGE else number(value, digits)


def interval(lower: float | None, upper: float | None) -> str:
    """An interval; an en dash where there is none."""
    return "–" if lower is None or upper is None else f"{number(lower)} to {number(upper)}"


def readable(metric: str) -> str:
    """The metric with spaces: bits_per_character is bits per character."""
    return metric.replace("_", " ")


def natural(name: pl.Expr) -> pl.Expr:
    """The number at the end of a name, for an order in which bucket10 follows bucket9."""
    return name.str.extract(r"(\d+)$").cast(pl.Int64)


def count(value: float) -> str:
    """A number of rows or of their units: 1,000,000."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def share(value: float) -> str:
    """A probability in per cent; neither 0 nor 100 unless it is exactly that."""
    if 0 < value < 0.005 or 0.995 < value < 1:
        return "<1%" if value < 0.5 else ">99%"
    return f"{value:.0%}"


def compute(flops: float | None) -> str:
    """Floating-point operations: 2.6e11; an en dash where they are not known."""
    return "–" if flops is None else _short(f"{flops:.2g}")


def _short(text: str) -> str:
    """Powers of ten without plus signs and leading zeros."""
    return re.sub(r"e(-?)\+?0*", r"e\1", text)


def plural(count: int, noun: str) -> str:
    """1 run, 2 runs."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def seen(study: Study) -> str:
    """Axis title of the samples axis, with its unit."""
    return f"{study.unit.capitalize()} seen"
