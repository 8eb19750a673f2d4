"""All figures of a report, in its order."""

from __future__ import annotations

from curation_scaling.report.charts.frontier import frontier_figure
from curation_scaling.report.charts.holdout import holdout_figure
from curation_scaling.report.charts.learning import learning_figure
from curation_scaling.report.charts.mixtures import mixtures_figure
from curation_scaling.report.charts.probability import probability_figure
from curation_scaling.report.charts.published import published_figure
from curation_scaling.report.charts.residuals import residuals_figure
from curation_scaling.report.charts.utility import utility_figure
from curation_scaling.report.figure import Figure
from curation_scaling.report.results import Results


def draw_figures(results: Results) -> list[Figure]:
    """The figures that `layout.FIGURES` names, and the published curves where there are some."""
    drawers = (
        learning_figure,
        utility_figure,
        frontier_figure,
        probability_figure,
        mixtures_figure,
        residuals_figure,
        holdout_figure,
    )
    more = () if results.printed is None else (published_figure,)
    return [draw(results) for draw in (*drawers, *more)]
