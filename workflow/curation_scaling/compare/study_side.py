"""A finished study, or one of its candidates, as a side: the candidate that it would take at each budget."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import polars as pl

from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, RUNS
from curation_scaling.compare.side import FLOPS, SAMPLES, Fitted, Forecast, Side
from curation_scaling.errors import InputError, listed
from curation_scaling.frontier.budgets import budget_axis
from curation_scaling.frontier.candidates import Candidate
from curation_scaling.frontier.curves import predict_mixtures
from curation_scaling.frontier.forecaster import without_draws
from curation_scaling.frontier.stage import study_candidates
from curation_scaling.laws.fit import Array
from curation_scaling.laws.judge import with_main_law
from curation_scaling.laws.rule import is_main, under_rules
from curation_scaling.laws.saved import SavedFit, load_fit
from curation_scaling.laws.weighing import of_metric
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study import Study
from curation_scaling.study.runs import Import


def study_side(name: str, study: Study, layout: Layout, part: str) -> Side:
    """The study at `layout` as a side; `part` names one of its candidates, or is empty for the best at each budget.

    Raises:
        InputError: if the study is not finished, mixes metrics, or has no such candidate.
    """
    names = (layout.runs, RUNS), (layout.law("fits"), FITS), (layout.law("draws"), DRAWS)
    runs, fits, draws = (read(path, schema, study=study.study) for path, schema in names)
    runs = of_metric(study, runs)
    study = with_main_law(study, read(layout.law("comparison"), COMPARISON, study=study.study))
    candidates = [c for c in study_candidates(study, runs) if c.epochs is None]
    known = [c.name for c in candidates]
    if part and part not in known:
        raise InputError(f"{name}: {part!r} is no candidate of study {study.study}; these are: {listed(part, known)}")
    candidates = [c for c in candidates if not part or c.name == part]
    axis = budget_axis(study, runs)
    found: dict[str, Fitted] = {}
    for law in study.laws.names:
        # The answer's rule for mixtures, under each law.
        rules = list(under_rules(study, load_fit(law, fits, draws)))
        fit = next((r for r in rules if study.laws.joint or r.gamma == study.laws.gamma), rules[0])
        found[law] = Fitted(law, _forecaster(fit, candidates), _parameters(law, fit, fits), fit.draws)
        assert law != study.laws.main or is_main(study, fit)
    joint, alone = _resampled(study, layout, fits, part)
    scales = {SAMPLES: 1.0} | ({FLOPS: axis.flops_per_sample} if axis.flops_per_sample is not None else {})
    return Side(
        name=name,
        title=study.title + (f": {part}" if part else ""),
        unit=study.unit,
        metric=runs["metric"][0],
        main=study.laws.main,
        fits=found,
        scales=scales,
        low=float(axis.samples[0]),
        high=float(axis.samples[-1]),
        reached=axis.most,
        level=study.laws.level,
        joint=joint,
        why_alone=alone,
        budgets=tuple(float(b) for b in axis.samples),
    )


def _forecaster(fit: SavedFit, candidates: list[Candidate]) -> Callable[[Array], Forecast]:
    mixtures = [c.mixture for c in candidates]

    def forecast(samples: Array) -> Forecast:
        errors, _ = predict_mixtures(without_draws(fit), mixtures, samples)
        best = np.argmin(errors, axis=0)
        taken = np.unique(best)
        # In the draws, too, the choice is the estimate's: it is what would be trained.
        estimate, draws = predict_mixtures(fit, [mixtures[i] for i in taken], samples)
        row, at = np.searchsorted(taken, best), np.arange(samples.size)
        return Forecast([candidates[i].name for i in best], estimate[row, at], draws[:, row, at])

    return forecast


def _parameters(law: str, fit: SavedFit, fits: pl.DataFrame) -> pl.DataFrame:
    rows = pl.DataFrame({"parameter": list(fit.law.names), "estimate": fit.theta[0]})
    known = fits.filter(law=law).select("parameter", "unit", "fixed", "flags")
    return rows.join(known, on="parameter", how="left", maintain_order="left")


def _resampled(study: Study, layout: Layout, fits: pl.DataFrame, part: str) -> tuple[dict[str, str], str]:
    """What the bootstrap resampled, key by key; and why that cannot be another study's data, or ""."""
    own = {"results": str(layout.root.resolve())}
    if isinstance(study.runs, Import):
        return own, "runs were imported, and no two studies' imports are known to come from the same draws"
    methods = fits.filter(law=study.laws.main)["method"].unique().to_list()
    if not any("draws, joint" in method for method in methods):
        return own, "with one draw of the data the bootstrap resamples residuals, not data"
    pools = study.pools
    keys = {
        "seed": study.seed,
        "pools.source": pools.source.model_dump(mode="json"),
        "pools.sample": pools.sample and pools.sample.model_dump(mode="json"),
        "pools.draws": pools.draws,
        "laws.bootstrap": study.laws.bootstrap,
    }
    return {key: json.dumps(value, sort_keys=True) for key, value in keys.items()}, ""
