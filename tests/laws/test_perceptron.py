"""The perceptron theory: the paper's equations, the printed tables, and simulated students."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

from curation_scaling.errors import InputError
from curation_scaling.laws.perceptron import best_fraction, boundary, curve, envelope, local_exponents, simulate, solve
from curation_scaling.laws.perceptron.simulate import hard_margin

PERFECT = [
    (2, 1, "hard", 0.8298, 0.4546, 0.1885),
    (5, 1, "hard", 0.9569, 0.1967, 0.0938),
    (5, 0.5, "hard", 0.9512, 0.1982, 0.0998),
    (10, 0.5, "hard", 0.9881, 0.0999, 0.0492),
    (20, 0.2, "hard", 0.9969, 0.0502, 0.0250),
    (10, 0.2, "hard", 0.9538, 0.1101, 0.0971),
    (5, 0.5, "easy", 0.9516, 0.9086, 0.0994),
    (10, 0.2, "easy", 0.9654, 1.4891, 0.0840),
]
IMPERFECT = [
    (2, 0.5, "hard", 20, 0.5096, 0.4006, 0.6370, 0.3298),
    (5, 0.5, "hard", 10, 0.9449, 0.9284, 0.2014, 0.1061),
    (10, 0.5, "hard", 40, 0.9694, 0.7010, 0.1460, 0.0789),
    (20, 0.2, "hard", 20, 0.8875, 0.7202, 0.1230, 0.1524),
    (5, 0.5, "easy", 20, 0.8839, 0.9194, 0.8447, 0.1549),
    (10, 0.3, "easy", 40, 0.8160, 0.7423, 0.6429, 0.1962),
]


@pytest.mark.parametrize(("alpha", "fraction", "keep", "R", "kappa", "error"), PERFECT)
def test_perfect_probe(alpha, fraction, keep, R, kappa, error):
    found = solve(alpha, fraction, keep=keep)
    assert (found.R, found.kappa, found.error) == pytest.approx((R, kappa, error), abs=5.1e-5)
    assert found.rho == pytest.approx(found.R)
    assert found.residual <= 1e-10


@pytest.mark.parametrize(("alpha", "fraction", "keep", "degrees", "R", "rho", "kappa", "error"), IMPERFECT)
def test_imperfect_probe(alpha, fraction, keep, degrees, R, rho, kappa, error):
    found = solve(alpha, fraction, np.deg2rad(degrees), keep)
    assert (found.R, found.rho, found.kappa, found.error) == pytest.approx((R, rho, kappa, error), abs=5.1e-5)
    assert found.residual <= 1e-10


@pytest.mark.parametrize(("alpha", "fraction"), [(5.0, 0.5), (10.0, 0.2), (3.0, 1.0)])
def test_the_papers_equations_at_theta_0(alpha, fraction):
    """Keep hard, as the paper writes it: integrals over the margin t of the student."""
    found = solve(alpha, fraction)
    R, kappa, gamma, load = found.R, found.kappa, norm.isf((1 - fraction) / 2), alpha * fraction
    s = np.sqrt(1 - R**2)

    def first(t):
        bracket = 1 - np.exp(-gamma * (gamma - 2 * R * t) / (2 * s**2)) if np.isfinite(gamma) else 1.0
        return norm.pdf(t) * np.exp(-(R**2) * t**2 / (2 * s**2)) * bracket * (kappa - t)

    def second(t):
        upper = ndtr(-(gamma - R * t) / s) if np.isfinite(gamma) else 0.0
        return norm.pdf(t) * (ndtr(R * t / s) - upper) * (kappa - t) ** 2

    right = [quad(f, -12, kappa, epsabs=1e-13, limit=400)[0] for f in (first, second)]
    assert 2 * load / (fraction * np.sqrt(2 * np.pi) * s) * right[0] == pytest.approx(R, abs=1e-9)
    assert 2 * load / fraction * right[1] == pytest.approx(s**2, abs=1e-9)


def test_a_small_angle_tends_to_the_perfect_probe_and_no_pruning_needs_no_probe():
    near, perfect = solve(6, 0.4, 1e-4), solve(6, 0.4)
    assert near.error == pytest.approx(perfect.error, rel=1e-5)
    whole = solve(6, 1.0)
    for degrees in (5, 40):
        found = solve(6, 1.0, np.deg2rad(degrees))
        assert found.error == pytest.approx(whole.error, rel=1e-9)
        assert found.rho == pytest.approx(whole.R * np.cos(np.deg2rad(degrees)), rel=1e-9)


def test_signed_margins_are_another_rule_than_absolute_ones():
    theta = np.deg2rad(20)
    assert solve(20, 0.2, theta).error == pytest.approx(0.152, abs=5e-4)
    assert solve(20, 0.2, theta, score="signed").error == pytest.approx(0.332, abs=5e-4)
    assert solve(20, 0.2, score="signed").error == solve(20, 0.2).error


SETTINGS = [  # away from the transition at alpha_prune = 2
    (5, 1.0, 0, "hard", "abs"),
    (5, 0.5, 0, "hard", "abs"),
    (10, 0.5, 0, "hard", "abs"),
    (20, 0.2, 0, "hard", "abs"),
    (5, 0.5, 0, "easy", "abs"),
    (10, 0.2, 0, "easy", "abs"),
    (8, 0.5, 0, "band", "abs"),
    (5, 0.5, 10, "hard", "abs"),
    (10, 0.5, 40, "hard", "abs"),
    (5, 0.5, 20, "easy", "abs"),
    (10, 0.3, 40, "easy", "abs"),
    (10, 0.5, 20, "hard", "signed"),
]


@pytest.mark.parametrize(("alpha", "fraction", "degrees", "keep", "score"), SETTINGS)
def test_theory_against_simulation(alpha, fraction, degrees, keep, score):
    options = (alpha, fraction, np.deg2rad(degrees), keep, score)
    made, found = simulate(*options, dimension=160, draws=10, seed=11), solve(*options)
    assert abs(made.error - found.error) <= 3 * made.error_se
    assert made.error_se < 0.08 * found.error + 0.004  # the bound above says something


def test_the_student_has_the_largest_margin():
    rng = np.random.default_rng(1)
    examples = rng.normal(size=(40, 6))
    examples[:, 0] = np.abs(examples[:, 0]) + 0.1
    student, margin = hard_margin(examples)
    assert np.linalg.norm(student) == pytest.approx(1)
    assert (examples @ student).min() == pytest.approx(margin, rel=1e-8)
    for _ in range(200):
        other = student + 0.1 * rng.normal(size=6)
        assert (examples @ other / np.linalg.norm(other)).min() <= margin + 1e-12
    with pytest.raises(InputError, match="cannot be separated"):
        hard_margin(np.vstack([examples, -examples]))


def test_boundaries_best_fractions_and_the_tail():
    assert boundary(0.5) == pytest.approx(5.05, abs=0.005)
    assert boundary(0.5, second="random") == pytest.approx(2.9, abs=0.05)
    best = best_fraction(10, np.deg2rad(20))
    assert (best.fraction, best.error) == (pytest.approx(0.25, abs=0.02), pytest.approx(0.0211, abs=5e-5))
    far = curve(np.geomspace(1e3, 1e4, 5), 0.3)
    assert far[-1].error * far[-1].alpha_tot == pytest.approx(0.5005, abs=5e-4)
    assert local_exponents(far) == pytest.approx(np.ones(5), abs=2e-3)


def test_the_envelope_is_never_worse_than_any_fraction_and_ends_in_its_cap():
    loads = [2.5, 4.0, 8.0]
    found = envelope(loads, most=100)
    for best in found:
        assert best.alpha_tot <= 100 * (1 + 1e-9)
        for fraction in (1.0, 0.5, 0.2):
            if best.alpha_prune / fraction <= 100:
                assert best.error <= solve(best.alpha_prune / fraction, fraction).error * (1 + 1e-6)
    assert found[-1].error == pytest.approx(0.5 / 100, rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((5, 0.0), "fraction kept is 0"),
        ((5, 1.5), "fraction kept is 1.5"),
        ((-1, 0.5), "alpha_tot is -1"),
        ((5, 0.5, 2.0), "theta is 2.0"),
        ((5, 0.5, 0.0, "middle"), "keep is 'middle'"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(InputError, match=words):
        solve(*arguments)
