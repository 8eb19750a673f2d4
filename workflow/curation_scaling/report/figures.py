"""All figures of a study with runs, in the order of its report."""

from __future__ import annotations

from collections.abc import Callable

from curation_scaling.layout import FIGURES
from curation_scaling.report.charts.agreement import agreement_figure
from curation_scaling.report.charts.allocation import allocation_figure
from curation_scaling.report.charts.checkpoints import checkpoints_figure
from curation_scaling.report.charts.frontier import frontier_figure
from curation_scaling.report.charts.holdout import holdout_figure
from curation_scaling.report.charts.learning import learning_figure
from curation_scaling.report.charts.mixtures import mixtures_figure
from curation_scaling.report.charts.next_run import next_run_figure
from curation_scaling.report.charts.noise import noise_figure
from curation_scaling.report.charts.outcomes import outcomes_figure
from curation_scaling.report.charts.parameters import correlations_figure, profiles_figure
from curation_scaling.report.charts.probability import probability_figure
from curation_scaling.report.charts.published import published_figure
from curation_scaling.report.charts.regimes import exponents_figure
from curation_scaling.report.charts.residuals import residuals_figure
from curation_scaling.report.charts.scores import buckets_figure, histogram_figure
from curation_scaling.report.charts.scoring import scoring_figure
from curation_scaling.report.charts.utility import utility_figure
from curation_scaling.report.charts.weights import gain_figure, weights_figure
from curation_scaling.report.figure import Figure
from curation_scaling.report.results import Results
from curation_scaling.study.shards import ShardsSource

_DRAWN: dict[str, Callable[[Results], Figure]] = {
    "frontier": frontier_figure,
    "probability_best": probability_figure,
    "learning_curves": learning_figure,
    "utility": utility_figure,
    "mixtures": mixtures_figure,
    "residuals": residuals_figure,
    "holdout": holdout_figure,
    "profiles": profiles_figure,
    "parameter_correlations": correlations_figure,
    "optimal_weights": weights_figure,
    "schedule_gain": gain_figure,
    "scoring": scoring_figure,
    "next_run": next_run_figure,
    "allocation": allocation_figure,
}


def draw_figures(results: Results) -> list[Figure]:
    """The figures that `study.figures` names, without those of the pruning part."""
    figures = [_DRAWN[name](results) for name in FIGURES]
    if results.noise is not None:
        figures.append(noise_figure(results))
    if results.verdicts is not None:
        figures.append(exponents_figure(results.verdicts, "Pool"))
    if results.scored is not None and results.summary is not None:
        figures += [scores_figure(results), outcomes_figure(results.summary)]
    if results.printed is not None and results.reproduction is not None:
        figures += [published_figure(results), agreement_figure(results.reproduction)]
    if results.checkpoints is not None:
        figures.append(checkpoints_figure(results))
    return figures


def scores_figure(results: Results) -> Figure:
    """Scores of the pool, from whichever form they are held in."""
    assert results.scored is not None
    assert results.edges is not None
    shards = isinstance(results.study.pools.source, ShardsSource)
    draw = histogram_figure if shards else buckets_figure
    return draw(results.study, results.pools, results.scored, results.edges)
