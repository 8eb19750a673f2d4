"""The stage that fits the laws of a study and judges them; it writes everything below `laws/`, and the utilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from curation_scaling.artifacts import (
    COMPARISON,
    DIAGNOSTICS,
    DRAWS,
    FITS,
    HOLDOUT,
    MIXTURES,
    PREDICTIONS,
    RUNS,
    UTILITY,
    Schema,
)
from curation_scaling.artifacts_noise import NOISE, SIGNAL
from curation_scaling.artifacts_profiles import CHECKPOINTS, PROFILES
from curation_scaling.errors import InputError
from curation_scaling.laws.finished import Correction, correction
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.goyal import GoyalEq3
from curation_scaling.laws.goyal_anchored import GoyalAnchored
from curation_scaling.laws.judge import compare_laws, diagnose, hold_out, judge, with_main_law
from curation_scaling.laws.mixture_score import score_mixtures
from curation_scaling.laws.pooling import PartialPooling
from curation_scaling.laws.registry import law_named
from curation_scaling.laws.repetition_law import RepetitionLaw
from curation_scaling.laws.rule import is_main, under_rules
from curation_scaling.laws.saved import SavedFit, draw_rows, fit_rows, saved
from curation_scaling.laws.selection import fitted_runs, select_runs
from curation_scaling.laws.utility import pool_utility
from curation_scaling.laws.weighing import noise_tables, of_metric, refuse_unfit, weighed, weights_for
from curation_scaling.layout import Layout
from curation_scaling.seeds import derive_seed
from curation_scaling.store import empty, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import laws_keys

EXACT = 1e-9  # residuals that are nothing but rounding: the likelihood has no scale then
VALUES = 20  # at which a range of onsets, or an interval of the effect of annealing, is taken


def fit_laws(study: Study, layout: Layout) -> None:
    """Fit every law of the study to its single pools, predict the mixtures, and write all artifacts of the laws."""
    tables = analyse(study, read(layout.runs, RUNS, study=study.study))
    inputs = inputs_digest(laws_keys(study), layout.runs)
    for schema, frame in tables:
        write(layout.artifact(schema.name), schema, frame, study=study.study, inputs=inputs)


def analyse(study: Study, runs: pl.DataFrame) -> list[tuple[Schema, pl.DataFrame]]:
    """The tables that `fit_laws` writes, from the study's runs."""
    noise, signal = noise_tables(study, runs)
    runs = of_metric(study, runs)
    selected = select_runs(runs, study.pools.fitted_names, study.laws.max_repetitions)
    refuse_unfit(study, runs, noise)
    fitted = weighed(study, fitted_runs(study, selected), noise)
    if fitted.is_empty():
        raise InputError("no run on a single pool can be fitted: train single pools, or raise laws.max_repetitions")
    found: dict[str, tuple[Fit, Correction | None]] = {name: _fit(study, name, fitted) for name in study.laws.names}
    fits, as_finished = [fit for fit, _ in found.values()], {name: mended for name, (_, mended) in found.items()}

    def finished(name: str, frame: pl.DataFrame) -> pl.DataFrame:
        mended = as_finished[name]
        return frame if mended is None else mended.of(frame)

    predictions = [
        (rule, _predict(fit, rule, finished(fit.law.name, selected)))
        for fit in fits
        for rule in under_rules(study, saved(fit))
    ]
    judged = judge(fits, study.laws.loss)
    held_out, refused = hold_out(judged, fitted)
    comparison = compare_laws(study, judged, {fit.law.name: saved(fit).gamma for fit in fits})
    answering = with_main_law(study, comparison)
    scores = [
        score_mixtures(rows, finished(rule.law.name, runs), study.candidates)
        | {
            "law": rule.law.name,
            "gamma": rule.gamma,
            "main": is_main(answering, rule),
            "fitted": study.laws.joint,
        }
        for rule, rows in predictions
    ]
    told = [] if noise is None or signal is None else [(NOISE, noise), (SIGNAL, signal)]
    return [
        *told,
        (FITS, pl.concat(fit_rows(fit) for fit in fits)),
        (DRAWS, pl.concat(draw_rows(fit) for fit in fits)),
        (PREDICTIONS, pl.concat(rows for _, rows in predictions)),
        (MIXTURES, pl.DataFrame(scores, schema_overrides=_schema(MIXTURES))),
        (HOLDOUT, held_out),
        (COMPARISON, comparison),
        (DIAGNOSTICS, pl.concat([diagnose(fits), refused])),
        *([(CHECKPOINTS, _corrections(fits, as_finished))] if study.laws.annealing is not None else []),
        (PROFILES, _profiles(next(fit for fit in fits if fit.law.name == answering.laws.main))),
        (UTILITY, _utilities(fits, selected)),
    ]


def _schema(schema: Schema) -> dict[str, pl.DataType]:
    floats = ("log_rmse", "bias", "covered", "mean_regret", "worst_regret")
    return {c.name: pl.Float64() for c in schema.columns if c.name in floats}


def _fit(study: Study, name: str, fitted: pl.DataFrame) -> tuple[Fit, Correction | None]:
    """The fit, and the correction of checkpoints that it was made with."""
    law = law_named(name)
    assert isinstance(law, RepetitionLaw)
    laws = study.laws
    law = replace(law, overlaps=_overlaps(study), one_half_life=name in laws.one_half_life)
    fixed: dict[str, float | str | None] = {f"b[{a}]": f"b[{b}]" for a, b in laws.same_quality.items()}
    if laws.joint:
        fixed["gamma"] = None
    if isinstance(law, GoyalEq3):
        law = replace(law, n0=laws.n0)
    if isinstance(law, GoyalAnchored):
        law = replace(law, untrained=laws.untrained)
        fixed |= {"s": laws.onset} if laws.onset is not None else {}
    seed = derive_seed(study.seed, "bootstrap")  # the same for every law: their draws resample the same runs
    pooling = None if laws.pooling is None else PartialPooling(tuple(study.pools.bucket_names), laws.pooling)

    def fit(runs: pl.DataFrame, held: Mapping[str, float | str | None], replicates: int, seed: int) -> Fit:
        return fit_law(
            law,
            runs,
            loss=laws.loss,
            weights=weights_for(fitted),
            bootstrap=replicates,
            level=laws.level,
            seed=seed,
            fixed=held,
            pooling=pooling,
        )

    mended = None
    if laws.annealing is not None:
        mended = correction(laws.annealing, fitted, lambda runs: fit(runs, fixed, 0, seed), laws.level, VALUES)
    whole = fitted if mended is None else mended.of(fitted)
    onset_range = laws.onset_range if "s" in fixed else None
    if onset_range is None and (mended is None or mended.lower is None):
        return fit(whole, fixed, laws.bootstrap, seed), mended
    # What comes from elsewhere, or has one value for all runs, is not resampled: each value gets a share of the draws.
    onsets: list[dict[str, float]] = [{}] * VALUES
    if onset_range is not None:
        low, high = onset_range
        onsets = [{"s": float(value)} for value in np.geomspace(low, high, 2 * VALUES + 1)[1::2]]
    frames = [fitted] * VALUES
    if mended is not None:
        order = np.random.Generator(np.random.PCG64(derive_seed(seed, "annealing"))).permutation(VALUES)
        drawn = mended.each(fitted)
        frames = [drawn[i] for i in order]
    counts = np.diff(np.linspace(0, laws.bootstrap, VALUES + 1).round().astype(int))
    parts = [
        fit(runs, {**fixed, **onset}, int(count), derive_seed(seed, "onset", i)).theta_draws
        for i, (onset, runs, count) in enumerate(zip(onsets, frames, counts, strict=True))
        if count
    ]
    return replace(fit(whole, fixed, 1, seed), theta_draws=np.concatenate(parts)), mended


def _corrections(fits: Sequence[Fit], found: Mapping[str, Correction | None]) -> pl.DataFrame:
    """Rows of `laws/checkpoints`: the correction of each law."""
    rows = [
        {
            "law": fit.law.name,
            "effect": mended.effect,
            "lower": mended.lower,
            "upper": mended.upper,
            "level": fit.level,
            "objective": fit.objective,
            "objective_as_is": mended.as_is,
        }
        for fit in fits
        if (mended := found[fit.law.name]) is not None
    ]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(("lower", "upper"), pl.Float64))


def _overlaps(study: Study) -> tuple[tuple[str, str], ...]:
    pools = study.pools
    apart = [name for name in pools.fitted_names if name not in pools.disjoint]
    return tuple((a, b) for a in apart for b in pools.fitted_names if a != b)


def _predict(fit: Fit, rule: SavedFit, selected: pl.DataFrame) -> pl.DataFrame:
    """Rows of `laws/predictions`: the mean over runs at each pool and checkpoint beside its prediction."""
    mean = (
        selected.group_by("pool", "samples_seen")
        .agg(
            pl.col("weights", "repetitions", "role").first(),
            pl.col("error").mean(),
            runs=pl.len().cast(pl.Int32),
        )
        .sort("pool", "samples_seen")
    )
    fit = replace(fit, theta=rule.theta[0], theta_draws=rule.draws)
    expected, single = (fit.predict(mean, kind) for kind in ("mean", "run"))
    return mean.drop("weights").with_columns(
        law=pl.lit(fit.law.name),
        gamma=pl.lit(rule.gamma),
        predicted=expected["predicted"],
        lower=expected["lower"],
        upper=expected["upper"],
        run_lower=single["lower"],
        run_upper=single["upper"],
        residual=(pl.col("error") / expected["predicted"]).log(),
    )


def _profiles(fit: Fit) -> pl.DataFrame:
    """Rows of `laws/profiles`: of every free parameter; none where the law meets the runs up to rounding."""
    if float(np.abs(fit.noise).max()) < EXACT:
        return empty(PROFILES)
    found = [fit.profile(name) for name in fit.problem.chart.free]
    return pl.concat(
        profile.table.select(
            "value", "statistic", "inside", law=pl.lit(fit.law.name), parameter=pl.lit(profile.name),
            threshold=pl.lit(profile.threshold),
        ).filter(pl.col("statistic").is_finite())
        for profile in found
    )  # fmt: skip


def _utilities(fits: Sequence[Fit], selected: pl.DataFrame) -> pl.DataFrame:
    """Utility of each pool at every repetition up to the most that any run has done."""
    most = int(np.ceil(selected.select(pl.col("repetitions").max()).item()))
    repetitions = list(range(max(most, 1)))
    return pl.concat(_utility(fit, repetitions) for fit in fits)


def _utility(fit: Fit, repetitions: Iterable[int]) -> pl.DataFrame:
    rows = pool_utility(fit, list(repetitions))
    return rows.with_columns(
        law=pl.lit(fit.law.name),
        repetition=pl.col("repetition").cast(pl.Int32),
        utility=-pl.col("utility"),
        lower=-pl.col("upper"),
        upper=-pl.col("lower"),
    )
