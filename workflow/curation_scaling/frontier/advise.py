"""The answer for any budget, from the saved fits of a finished study: nothing is fitted again."""

from __future__ import annotations

from collections.abc import Sequence

from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, RUNS
from curation_scaling.frontier.answer import describe_budget, main_rule
from curation_scaling.frontier.stage import compare_budgets, compared_by
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.weighing import of_metric
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study import Study, parse_study


def advise(study: Study, layout: Layout, budgets: Sequence[float]) -> str:
    """One line a budget, in the unit of the study's budgets.

    Raises:
        InputError: if a budget is not above 0 or is below one pool, or the study is not finished.
    """
    content = study.model_dump(mode="json")
    content["frontier"]["budgets"] = sorted(set(budgets))
    asked = parse_study(content, "--budget")
    assert isinstance(asked, Study)
    tables = ((layout.runs, RUNS), (layout.law("fits"), FITS), (layout.law("draws"), DRAWS))
    runs, fits, draws = (read(path, schema, study=study.study) for path, schema in tables)
    runs = of_metric(study, runs)
    asked = with_main_law(asked, read(layout.law("comparison"), COMPARISON, study=study.study))
    frontier = compare_budgets(asked, runs, compared_by(asked, runs, fits, draws))
    groups = main_rule(asked, frontier).group_by("budget", maintain_order=True)
    return "\n".join(describe_budget(asked, at, frontier, runs["metric"][0]) for _, at in groups)
