"""The stage that simulates students of known teachers: the exponent of each limit, and the regime of whole curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts_regimes import LIMITS, VERDICTS
from curation_scaling.errors import InputError
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.laws.regimes import random_features as features
from curation_scaling.laws.regimes.interpolation import interpolation_errors
from curation_scaling.laws.regimes.verdict import LEVEL, Span, regime_of, span
from curation_scaling.laws.reproduction.number import Number
from curation_scaling.layout import Layout
from curation_scaling.progress import progress
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, write
from curation_scaling.study.regimes import ExponentCheck, Family, RandomFeatures, TeacherStudent
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import teacher_student_keys
from curation_scaling.study.theory import Range

Array = npt.NDArray[np.float64]
Row = dict[str, Any]


def build_teacher_student(rerun: Rerun, layout: Layout) -> None:
    """Write `regimes/limits` and `regimes/verdicts`.

    Raises:
        InputError: if a curve cannot be fitted.
    """
    made = rerun.teacher_student
    assert made is not None
    inputs = digest(teacher_student_keys(rerun))
    limits = pl.DataFrame(list(limit_rows(made, rerun.seed)), schema=LIMITS.empty.schema)
    verdicts = [family_row(made, family, rerun.seed) for family in progress(made.families, "curves")]
    write(layout.regime("limits"), LIMITS, limits, study=rerun.study, inputs=inputs)
    frame = pl.DataFrame(verdicts, schema=VERDICTS.empty.schema)
    write(layout.regime("verdicts"), VERDICTS, frame, study=rerun.study, inputs=inputs)


def limit_rows(made: TeacherStudent, seed: int) -> Iterator[Row]:
    """One row a limit, teacher, draw and size."""
    for decay in made.random_features.spectra:
        yield from _random_features(made.random_features, decay, seed)
    inside = made.interpolation
    for dimension in inside.dimensions if inside else []:
        assert inside is not None
        for draw in range(inside.draws):
            rng = _rng(seed, "interpolation", dimension, draw)
            for size in sizes_of(inside.sizes):
                for limit, (error, predicted) in interpolation_errors(dimension, size, inside.test, rng).items():
                    yield _row(limit, dimension, draw, size, error, predicted)


def _random_features(made: RandomFeatures, decay: float, seed: int) -> Iterator[Row]:
    values = features.spectrum(made.features, decay)
    limits: dict[str, tuple[Range, float, Callable[[int, np.random.Generator], float]]] = {
        "data_resolution": (made.resolution, decay, lambda size, rng: features.few_samples(values, size, rng)),
        "model_resolution": (made.resolution, decay, lambda size, rng: features.few_features(values, size, rng)),
        "data_variance": (made.data_variance, 1.0, lambda size, rng: features.many_samples(made.width, size, rng)),
    }
    for limit, (sizes, predicted, loss) in limits.items():
        for draw in range(made.draws):
            rng = _rng(seed, limit, f"{decay:g}", draw)
            for size in sizes_of(sizes):
                yield _row(limit, decay, draw, size, loss(size, rng), predicted)
    for draw in range(made.draws):
        rng = _rng(seed, "model_variance", f"{decay:g}", draw)
        x = rng.standard_normal((made.samples, made.features)) * np.sqrt(values)
        for size in sizes_of(made.model_variance):
            yield _row("model_variance", decay, draw, size, features.many_features(values, x, size, rng), 1.0)


def _row(limit: str, of: float, draw: int, size: int, excess: float, predicted: float) -> Row:
    names = ("limit", "of", "draw", "size", "excess", "predicted")
    return dict(zip(names, (limit, float(of), draw, size, excess, predicted), strict=True))


def sizes_of(sizes: Range) -> list[int]:
    """The range's points as whole numbers, once each."""
    return sorted({round(value) for value in sizes.values})


def _rng(seed: int, *purpose: str | int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(derive_seed(seed, "teacher-student", *purpose)))


def exponent(rows: pl.DataFrame, replicates: int, seed: int) -> Span:
    """Minus the slope of ln(mean excess over draws) on ln(size), with its bootstrap interval over draws.

    rows: of one limit and teacher. Raises InputError if a mean is not above 0: its draws are too few.
    """
    table = rows.pivot("size", index="draw", values="excess").sort("draw").drop("draw")
    size, excess = np.array([float(name) for name in table.columns]), table.to_numpy()
    rng = np.random.Generator(np.random.PCG64(seed))
    chosen = rng.integers(len(excess), size=(replicates, len(excess)))
    means = np.vstack([excess.mean(axis=0), excess[chosen].mean(axis=1)])
    if not (means > 0).all():
        at = int(size[np.argmax((means <= 0).any(axis=0))])
        raise InputError(f"the excess loss of {rows['limit'][0]} at size {at} is not above 0 in all draws: draw more")
    centred = np.log(size) - np.log(size).mean()
    slopes = -np.log(means) @ centred / (centred @ centred)
    return span(float(slopes[0]), slopes[1:])


def exponent_number(check: ExponentCheck, limits: pl.DataFrame, replicates: int, seed: int) -> Number:
    """The number of a check; raise InputError if its limit or teacher is not there."""
    rows = limits.filter(limit=check.limit, of=check.of)
    if rows.is_empty():
        raise InputError(f"limit {check.limit!r} of {check.of:g} is not in teacher_student: name one that is")
    found = exponent(rows, replicates, derive_seed(seed, "exponent", check.limit, f"{check.of:g}"))
    return Number(check.quantity, check.published, *found, LEVEL, check.tolerance)


def family_curve(made: TeacherStudent, family: Family, seed: int) -> tuple[pl.DataFrame, float]:
    """Runs of a family (run_id, draw, samples_seen, error), and the error of a student that has seen nothing."""
    values = features.spectrum(made.random_features.features, family.spectrum)
    rows = []
    for draw in range(made.random_features.draws):
        rng = _rng(seed, "family", family.name, draw)
        floor = 0.0 if family.width is None else features.few_features(values, family.width, rng) + family.noise
        for size in sizes_of(family.sizes):
            if family.width is None:
                error = features.few_samples(values, size, rng)
            else:
                error = floor * (1 + features.many_samples(family.width, size, rng))
            rows.append((f"draw {draw}", draw, size, error))
    schema = {"run_id": pl.String, "draw": pl.Int64, "samples_seen": pl.Int64, "error": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row"), float(values.sum()) + family.noise


def family_row(made: TeacherStudent, family: Family, seed: int) -> Row:
    """A row of `regimes/verdicts`: what the curve alone says, beside the regime that it is in."""
    runs, untrained = family_curve(made, family, seed)
    drawn = derive_seed(seed, "bootstrap", family.name)
    fit = fit_law("saturating_power", runs, loss="log_mse", bootstrap=made.bootstrap, seed=drawn)
    steep, excess, last = curve_spans(fit, runs)
    resolution = (family.spectrum, family.spectrum) if family.width is None and family.spectrum > 0 else None
    return verdict_row(
        family.name,
        steep,
        excess,
        Span(*(value / untrained for value in last)),
        resolution=resolution,
        known=family.regime,
    )


def curve_spans(fit: Fit, runs: pl.DataFrame) -> tuple[Span, Span, Span]:
    """The exponent, the share of the last error above the floor, and the last error of a `saturating_power`."""
    at = runs.filter(pl.col("samples_seen") == pl.col("samples_seen").max()).head(1)
    b, d = (fit.law.names.index(name) for name in "bd")
    last, draws = float(fit.predict(at)["predicted"][0]), fit.predict_draws(at)[:, 0]
    return (
        span(float(-fit.theta[b]), -fit.theta_draws[:, b]),
        span(1 - float(fit.theta[d]) / last, 1 - fit.theta_draws[:, d] / draws),
        span(last, draws),
    )


def verdict_row(
    family: str,
    steep: Span,
    excess: Span,
    untrained: Span | None,
    *,
    resolution: tuple[float, float] | None,
    lipschitz: tuple[float, float] | None = None,
    sharpness: float | None = None,
    known: str | None = None,
) -> Row:
    """A row of `regimes/verdicts`."""
    regime, reason = regime_of(steep, excess, untrained, resolution)
    low, high = resolution or (None, None)
    few, many = lipschitz or (None, None)
    value, lower, upper = untrained or (None, None, None)
    return {
        "family": family,
        "exponent": steep.value,
        "lower": steep.lower,
        "upper": steep.upper,
        "variance_limited": 1.0,
        "resolution_low": low,
        "resolution_high": high,
        "lipschitz_low": few,
        "lipschitz_high": many,
        "sharpness": sharpness,
        "excess": excess.value,
        "excess_lower": excess.lower,
        "excess_upper": excess.upper,
        "untrained": value,
        "untrained_lower": lower,
        "untrained_upper": upper,
        "regime": regime,
        "reason": reason,
        "known": known,
    }
