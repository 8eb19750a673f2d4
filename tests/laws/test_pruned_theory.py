"""The theory beside measured pruning curves: its own errors give back its own gains."""

import polars as pl
import pytest

from curation_scaling.laws.perceptron.solve import solve
from curation_scaling.laws.pruned_theory import examples_a_dimension, expected_gain, with_theory


@pytest.mark.parametrize("examples", [0.5, 3.0, 40.0])
def test_an_error_of_the_theory_gives_its_size(examples):
    assert examples_a_dimension(solve(examples, 1.0).error) == pytest.approx(examples, rel=1e-5)


def test_gains_turn_from_easy_to_hard():
    scarce, abundant = solve(1.0, 1.0).error, solve(15.0, 1.0).error
    assert expected_gain(scarce, 0.5, "easy") < 0 < expected_gain(scarce, 0.5, "hard")
    assert expected_gain(abundant, 0.5, "hard") < expected_gain(abundant, 0.5, "easy")
    expected = solve(15.0, 0.5, keep="hard").error - solve(7.5, 1.0).error
    assert expected_gain(abundant, 0.5, "hard") == pytest.approx(expected, abs=1e-6)


def test_only_what_the_theory_speaks_of_has_a_number():
    rows = [
        (100, "all", "all", 1.0, 0.6),
        (100, "el2n", "hard", 0.5, 0.7),
        (900, "all", "all", 1.0, 0.1),
        (900, "el2n", "hard", 0.5, 0.09),
        (900, "el2n", "band", 0.5, 0.12),
        (900, "random", "hard", 0.5, 0.13),
    ]
    curves = pl.DataFrame(rows, schema=["initial", "metric", "keep", "fraction", "error"], orient="row")
    found = with_theory(curves)["theory"].to_list()
    assert found[:3] == [None, None, None]  # an error of .6 is none of two classes
    assert found[3] == expected_gain(0.1, 0.5, "hard")
    assert found[4:] == [None, None]
