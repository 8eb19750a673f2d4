"""How charts look: on the page they take the page's colours, on paper they are black on white."""

from __future__ import annotations

from typing import Any

# What both share. `aria` is off: each figure is one image to a screen reader.
_SHARED: dict[str, Any] = {
    "aria": False,
    "font": "Helvetica, Arial, sans-serif",
    "view": {"stroke": None, "continuousWidth": 520, "continuousHeight": 300},
    "axis": {"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "gridOpacity": 0.13, "tickSize": 4},
    "header": {"labelFontSize": 12, "labelFontWeight": "bold", "title": None},
    "legend": {
        "orient": "top",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "offset": 8,
        "symbolOpacity": 1,
        "symbolLimit": 60,
    },
    "line": {"strokeWidth": 2},
    "text": {"fontSize": 11},
}


def _inked(ink: str, background: str) -> dict[str, Any]:
    config: dict[str, Any] = {**_SHARED, "background": background}
    config["axis"] = {
        **_SHARED["axis"],
        "labelColor": ink,
        "titleColor": ink,
        "gridColor": ink,
        "domainColor": ink,
        "tickColor": ink,
    }
    config["header"] = {**_SHARED["header"], "labelColor": ink}
    config["legend"] = {**_SHARED["legend"], "labelColor": ink, "titleColor": ink, "symbolBaseFillColor": ink}
    return config


# SVG resolves currentColor where it stands, so light, dark and print need no second drawing.
INK = "currentColor"
SCREEN = _inked(INK, "transparent")
PAPER = _inked("#000000", "#ffffff")
