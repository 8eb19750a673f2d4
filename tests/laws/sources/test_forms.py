"""Forms of the weights: known coefficients are found, gradients are exact, the line in ln N amplifies as it says."""

import numpy as np
import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws.sources.forms import (
    LINEAR_FORMS,
    Projection,
    amplification,
    coefficient_names,
    design,
    fit_form,
    log_map,
)
from curation_scaling.laws.sources.rational import fit_rational, predict_rational
from curation_scaling.study.sources import grid

WEIGHTS = np.array(grid(10, 3))
CENTRE = np.array([0.2, 0.5, 0.3])
DISTANCE = np.sqrt(0.01 + ((WEIGHTS - CENTRE) ** 2).sum(axis=1))  # of a square, the columns of pq were dependent
KNOWN = {form: np.random.default_rng(2).normal(size=len(coefficient_names(form, "abc"))) for form in LINEAR_FORMS}


@pytest.mark.parametrize("form", LINEAR_FORMS)
def test_known_coefficients_are_found_and_predict_what_was_held_out(form):
    error = design(form, WEIGHTS, DISTANCE) @ KNOWN[form]
    seen = WEIGHTS[:, 1] < 0.5
    fit = fit_form(form, WEIGHTS[seen], DISTANCE[seen], error[seen])
    mean, variance = fit.predict(WEIGHTS[~seen], DISTANCE[~seen])
    assert mean == pytest.approx(error[~seen], abs=1e-7)
    assert fit.coefficients == pytest.approx(KNOWN[form], abs=1e-5)
    assert (variance >= 0).all()


@pytest.mark.parametrize("form", LINEAR_FORMS)
def test_two_sources_have_one_square(form):
    weights, rng = np.array(grid(20, 2)), np.random.default_rng(7)
    distance = np.sqrt(0.01 + (weights[:, 0] - 0.3) ** 2)
    known = rng.normal(size=len(coefficient_names(form, "ab")))
    assert len(known) == {"pq": 6, "cs": 3, "linear": 2, "pseudo_quadratic": 3}[form]
    fit = fit_form(form, weights, distance, design(form, weights, distance) @ known)
    assert fit.coefficients == pytest.approx(known, abs=1e-6)
    step, p = np.array([1e-6, -1e-6]), np.array([0.62, 0.38])

    def at(w):
        return fit.predict(w[None], np.sqrt(0.01 + (w[:1] - 0.3) ** 2))[0][0]

    d = float(np.sqrt(0.01 + 0.32**2))
    gradient = fit.gradient(p, d, np.array([0.32 / d, 0.0]))
    assert (at(p + step) - at(p - step)) / 2e-6 == pytest.approx(gradient[0] - gradient[1], abs=1e-6)


@pytest.mark.parametrize("form", LINEAR_FORMS)
def test_gradients_are_those_of_finite_differences(form):
    error = design(form, WEIGHTS, DISTANCE) @ KNOWN[form]
    fit, p, step = fit_form(form, WEIGHTS, DISTANCE, error), np.array([0.3, 0.3, 0.4]), 1e-6

    def at(weights):
        return fit.predict(weights[None], np.sqrt(0.01 + ((weights - CENTRE) ** 2).sum(keepdims=True)))[0][0]

    distance = float(np.sqrt(0.01 + ((p - CENTRE) ** 2).sum()))
    gradient = fit.gradient(p, distance, (p - CENTRE) / distance)
    differences = [(at(p + step * e) - at(p - step * e)) / (2 * step) for e in np.eye(3)]
    assert gradient == pytest.approx(differences, abs=1e-6)


def test_the_variance_of_predictions_is_that_of_repeated_noise():
    rng, seen = np.random.default_rng(0), WEIGHTS[:, 1] < 0.5
    truth = design("pq", WEIGHTS, DISTANCE) @ KNOWN["pq"]
    found, said = [], []
    for _ in range(300):
        fit = fit_form("pq", WEIGHTS[seen], DISTANCE[seen], truth[seen] + 0.1 * rng.normal(size=seen.sum()))
        mean, variance = fit.predict(WEIGHTS[~seen], DISTANCE[~seen])
        found.append(mean)
        said.append(variance)
    assert np.var(found, axis=0) == pytest.approx(np.mean(said, axis=0), rel=0.3)


def test_the_line_in_ln_n_has_its_published_factors():
    assert log_map(10_000, 1000, 1500) == pytest.approx((-4.68, 5.68), abs=0.005)
    assert log_map(1000, 1000, 1500) == pytest.approx((1, 0))
    assert log_map(1500, 1000, 1500) == pytest.approx((0, 1))
    assert amplification(10_000, 1000, 1500) == pytest.approx(np.hypot(4.68, 5.68), abs=0.01)


def projections(rng: np.random.Generator) -> tuple[Projection, dict[int, np.ndarray]]:
    """Errors that fall on a line in ln N at every mixture, with noise at both sizes."""
    base = design("cs", WEIGHTS, DISTANCE) @ np.array([0.05, 0.3, 0.2, 0.1])
    truth = {n: base - 0.03 * np.log(n / 1000) for n in (1000, 2000, 8000)}
    fits = [fit_form("cs", WEIGHTS, DISTANCE, truth[n] + 0.01 * rng.normal(size=len(base))) for n in (1000, 2000)]
    return Projection(fits[0], fits[1], (1000, 2000)), truth


def test_intervals_of_a_projection_hold_new_trainings_as_often_as_they_say():
    rng, inside = np.random.default_rng(1), []
    for _ in range(200):
        projection, truth = projections(rng)
        mean, variance = projection.predict(WEIGHTS, (DISTANCE, DISTANCE), 8000)
        lower, upper = projection.interval(mean, variance, 0.9)
        new = truth[8000] + 0.01 * rng.normal(size=len(mean))
        inside.append(((lower <= new) & (new <= upper)).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_a_projection_is_the_fit_itself_at_a_disclosed_size():
    projection, _ = projections(np.random.default_rng(2))
    mean, _ = projection.predict(WEIGHTS, (DISTANCE, DISTANCE), 1000)
    assert mean == pytest.approx(projection.small.predict(WEIGHTS, DISTANCE)[0])


def test_fewer_trainings_than_coefficients_are_refused():
    with pytest.raises(InputError, match="form pq has 12 coefficients for 3 sources, but 11 trainings on 11 mixtures"):
        fit_form("pq", WEIGHTS[:11], DISTANCE[:11], DISTANCE[:11])
    twice = np.tile(WEIGHTS[:8], (2, 1))
    with pytest.raises(InputError, match="16 trainings on 8 mixtures are fitted"):
        fit_form("pq", twice, np.tile(DISTANCE[:8], 2), np.ones(16))


def test_mixtures_that_do_not_tell_coefficients_apart_are_refused():
    line = np.array([[t, 1 - t, 0] for t in np.linspace(0, 1, 20)])
    with pytest.raises(InputError, match="a source has weight 0 in all 20 fitted trainings"):
        fit_form("linear", line, np.ones(20), np.ones(20))
    corners, changing = np.array(grid(1, 3) * 8), np.linspace(1, 2, 24)  # no weight but 0 and 1: squares say nothing
    with pytest.raises(InputError, match="do not tell its 6 coefficients apart"):
        fit_form("pseudo_quadratic", corners, changing, np.ones(24))
    halves = np.array(grid(2, 3) * 4)
    assert fit_form("pseudo_quadratic", halves, np.linspace(1, 2, 24), np.linspace(1, 2, 24)).freedom == 18


def test_the_rational_form_finds_its_own_errors():
    known = np.array([[4.0, 1.0, 0.5], [0.7, 5.0, 1.0], [1.0, 0.6, 6.0]])
    error, seen = predict_rational(known, WEIGHTS), WEIGHTS[:, 1] < 0.5
    found = fit_rational(WEIGHTS[seen], error[seen], seed=3)
    assert predict_rational(found, WEIGHTS[~seen]) == pytest.approx(error[~seen], rel=1e-3)
    assert (found == fit_rational(WEIGHTS[seen], error[seen], seed=3)).all()
    with pytest.raises(InputError, match="rational has 9 coefficients, 8 mixtures"):
        fit_rational(WEIGHTS[:8], error[:8], seed=3)
