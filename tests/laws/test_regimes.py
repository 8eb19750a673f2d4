"""Regimes: closed forms against plain least squares, exponents as predicted, verdicts on curves of known making."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_regimes import LIMITS, VERDICTS
from curation_scaling.errors import InputError
from curation_scaling.laws.regimes import random_features as features
from curation_scaling.laws.regimes.interpolation import interpolation_errors
from curation_scaling.laws.regimes.simulate import (
    build_teacher_student,
    exponent,
    exponent_number,
    family_row,
    limit_rows,
    sizes_of,
)
from curation_scaling.laws.regimes.verdict import Span, regime_of
from curation_scaling.layout import Layout
from curation_scaling.report.charts.regimes import exponents_figure, limits_figure
from curation_scaling.report.regimes import verdicts_table
from curation_scaling.store import read
from study_data import changed, content, parsed

VALUES = features.spectrum(30, 0.7)
FEW = {"resolution": {"low": 16, "high": 128, "points": 4}, "draws": 3, "features": 1000}


def rng():
    return np.random.default_rng(9)


def summed_loss(student):
    """Exact loss of a student w -> w_hat over all teachers w ~ N(0, I): the sum over unit teachers."""
    return sum(float(VALUES @ (student(w) - w) ** 2) for w in np.eye(30))


def test_few_samples_are_least_squares_of_least_norm():
    x = rng().standard_normal((8, 30)) * np.sqrt(VALUES)
    expected = summed_loss(lambda w: np.linalg.lstsq(x, x @ w)[0])
    assert features.few_samples(VALUES, 8, rng()) == pytest.approx(expected)


def test_few_features_are_the_best_student_of_all_data():
    r, root = rng().standard_normal((8, 30)), np.sqrt(VALUES)
    expected = summed_loss(lambda w: r.T @ np.linalg.lstsq((r * root).T, root * w)[0])
    assert features.few_features(VALUES, 8, rng()) == pytest.approx(expected)


def test_many_features_on_few_samples_are_least_squares_of_least_norm():
    x = np.random.default_rng(1).standard_normal((5, 30)) * np.sqrt(VALUES)
    r = rng().standard_normal((70, 30)) / np.sqrt(70)
    student = summed_loss(lambda w: r.T @ np.linalg.lstsq(x @ r.T, x @ w)[0])
    kernel = summed_loss(lambda w: np.linalg.lstsq(x, x @ w)[0])
    assert features.many_features(VALUES, x, 70, rng()) == pytest.approx(student - kernel)


def test_many_samples_of_a_small_student_are_a_wishart_matrix():
    made = rng()
    found = [features.many_samples(5, 40, made) for _ in range(4000)]
    assert np.mean(found) == pytest.approx(5 / (40 - 5 - 1), rel=0.03)
    plain = [np.trace(np.linalg.inv(g.T @ g)) for g in made.standard_normal((4000, 40, 5))]
    assert np.std(found) == pytest.approx(np.std(plain), rel=0.15)


def small(**changes):
    study = content("bahri2021")
    for key, value in FEW.items():
        study = changed(study, f"teacher_student.random_features.{key}", value)
    study = changed(study, "teacher_student.interpolation", None)
    study = changed(study, "teacher_student.bootstrap", 200)
    study = changed(study, "reproduction", study["reproduction"][:8])
    for key, value in changes.items():
        study = changed(study, key.replace("__", "."), value)
    return study


def test_the_exponents_of_the_four_limits_come_out(tmp_path):
    rerun = parsed(small(), teacher_student__random_features__spectra=[1.0])
    made = rerun.teacher_student
    limits = pl.DataFrame(list(limit_rows(made, rerun.seed)), schema=LIMITS.empty.schema)
    assert limits.group_by("limit").agg(pl.col("draw").n_unique())["draw"].to_list() == [3] * 4
    for check in rerun.reproduction:
        if check.of == 1.0:
            number = exponent_number(check, limits, 200, rerun.seed)
            assert number.agrees, number
            assert number.lower <= number.refit <= number.upper
    missing = rerun.reproduction[0].model_copy(update={"of": 3.0})
    with pytest.raises(InputError, match="limit 'data_resolution' of 3 is not in teacher_student"):
        exponent_number(missing, limits, 200, 0)
    figure = limits_figure(limits)
    assert figure.spec["datasets"]
    assert figure.table["panel"].n_unique() == 4


def test_interpolation_resolves_a_cube_as_predicted():
    made, sizes = rng(), (64, 256, 1024)
    for d in (2, 3):
        found = [interpolation_errors(d, n, 400, made) for n in sizes for _ in range(4)]
        for limit, tolerance in (("linear_interpolation", 0.3), ("nearest_neighbour", 0.1)):
            error = np.array([one[limit][0] for one in found]).reshape(3, 4).mean(axis=1)
            slope = -np.polyfit(np.log(sizes), np.log(error), 1)[0]
            assert slope == pytest.approx(found[0][limit][1], abs=tolerance)
        assert found[0]["linear_interpolation"][1] == 4 * found[0]["nearest_neighbour"][1] == 4 / d


def test_an_exponent_is_the_slope_of_the_mean_over_draws():
    rows = [("x", 1.0, draw, n, (1 + 0.1 * draw) * n**-0.7, 1.0) for draw in range(3) for n in (10, 20, 80)]
    frame = pl.DataFrame(rows, schema=LIMITS.empty.schema, orient="row")
    assert exponent(frame, 100, 0) == pytest.approx((0.7, 0.7, 0.7))
    gone = frame.with_columns(excess=pl.when(pl.col("size") == 80).then(-1e-3).otherwise("excess"))
    with pytest.raises(InputError, match="the excess loss of x at size 80 is not above 0 in all draws: draw more"):
        exponent(gone, 100, 0)


def test_curves_of_known_making_get_their_regime_and_the_artifacts_stand(tmp_path):
    few = {"low": 64, "high": 256, "points": 3}
    made = small(teacher_student__random_features__model_variance=few, teacher_student__random_features__spectra=[1.0])
    rerun = parsed(made)
    layout = Layout(tmp_path)
    build_teacher_student(rerun, layout)
    verdicts = read(layout.regime("verdicts"), VERDICTS, study="bahri2021")
    assert verdicts["regime"].to_list() == verdicts["known"].to_list()
    assert set(verdicts["known"]) == {"small_data", "resolution_limited", "variance_limited", "irreducible"}
    assert "limited by resolution" in str(verdicts_table(verdicts, "Curve"))
    spec = exponents_figure(verdicts, "Curve").spec
    assert spec["datasets"]
    assert isinstance(spec["height"], int)  # steps would have Vega-Lite warn on the page, which fits the width
    again = family_row(rerun.teacher_student, rerun.teacher_student.families[1], rerun.seed)
    assert again["exponent"] == verdicts.filter(family="few-samples")["exponent"].item()


NONE, NEAR, HALF = None, (0.4, 0.6), Span(0.5, 0.4, 0.6)
MUCH = Span(0.5, 0.4, 0.6)


@pytest.mark.parametrize(
    ("steep", "excess", "untrained", "resolution", "regime"),
    [
        (HALF, MUCH, Span(0.95, 0.92, 0.97), NEAR, "small_data"),
        (HALF, MUCH, Span(0.95, 0.85, 0.97), NEAR, "resolution_limited"),
        (HALF, Span(0.01, 0.0, 0.015), None, NEAR, "irreducible"),
        (HALF, Span(0.01, 0.0, 0.5), None, NEAR, "resolution_limited"),
        (HALF, MUCH, None, (2.0, 3.0), "resolution_limited"),
        (Span(1.0, 0.9, 1.1), MUCH, None, NEAR, "variance_limited"),
        (Span(1.05, 1.03, 1.07), MUCH, None, None, "variance_limited"),
        (Span(1.0, 0.9, 1.1), MUCH, None, (0.8, 1.3), "undecided"),
        (Span(1.0, 0.3, 2.0), MUCH, None, NEAR, "undecided"),
        (Span(2.0, 1.8, 2.2), MUCH, None, (1.9, 2.1), "resolution_limited"),
        (Span(2.0, 1.8, 2.2), MUCH, None, NEAR, "undecided"),
    ],
)
def test_the_verdict_rests_on_whole_intervals(steep, excess, untrained, resolution, regime):
    found, reason = regime_of(steep, excess, untrained, resolution)
    assert found == regime
    assert reason


def test_sizes_are_whole_and_once():
    assert sizes_of(parsed(small()).teacher_student.random_features.resolution) == [16, 32, 64, 128]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("random_features.data_variance.low", 60, "data_variance.low = 60 is below 100, twice what is held fixed"),
        ("random_features.model_variance.low", 20, "model_variance.low = 20 is below 32"),
        ("random_features.resolution.high", 900, "resolution.high = 900 exceeds half of the features"),
        ("random_features.draws", 1, "draws must be at least 2"),
        ("families.2.width", 700, "sizes.low = 900 is below twice the width 700"),
        ("families.1.noise", 1.0, "noise: a student of all features interpolates it; give its width"),
        ("families.0.sizes.high", 900, "exceeds half of the 1000 features"),
        ("families.0.spectrum", -1.5, "spectrum must be above -1"),
        (
            "interpolation",
            {"dimensions": [4], "sizes": {"low": 20, "high": 40, "points": 3}},
            "below four points a corner",
        ),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(key, value, says):
    with pytest.raises(InputError, match=says):
        parsed(small(**{f"teacher_student__{key.replace('.', '__')}": value}))


def test_a_check_needs_its_simulation():
    study = content("bahri2021")
    del study["teacher_student"]
    with pytest.raises(InputError, match=r"nothing to do again; give tables, .*, teacher_student"):
        parsed(study)
    study["rankings"] = [{"name": "x", "file": {"path": "x.csv"}, "metrics": {"a": "a"}, "saw": "all"}]
    with pytest.raises(InputError, match="limit_exponent needs the key teacher_student; give it"):
        parsed(study)
