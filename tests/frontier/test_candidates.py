"""Which candidates are generated, and that each stands there once."""

import numpy as np
import pytest

from curation_scaling.errors import InputError
from curation_scaling.frontier.candidates import Candidate, by_size, generate, lattice
from curation_scaling.study.frontier import Generate

SIZES = {"best": 100, "good": 100, "poor": 200}
NAMED = {"good": {"good": 100}, "top2": {"best": 100, "good": 100}}


def names(**asked):
    return [c.name for c in generate(NAMED, SIZES, Generate(**asked))]


def test_named_candidates_come_first_and_prefixes_follow():
    assert names(prefixes=True) == ["good", "top2", "best", "best+good+poor"]


def test_all_unions_up_to_a_size():
    assert names(unions_up_to=2) == ["good", "top2", "best", "poor", "best+poor", "good+poor"]
    assert names(unions_up_to=3)[-1] == "best+good+poor"


def test_the_simplex_leaves_out_what_is_there_already():
    found = {c.name: c for c in generate(NAMED, SIZES, Generate(simplex_steps=2))}
    assert list(found) == ["good", "top2", "1*best", "0.5*best+0.5*poor", "0.5*good+0.5*poor", "1*poor"]
    half = found["0.5*best+0.5*poor"].mixture
    assert half.pools == ("best", "poor")
    assert half.weights.tolist() == [0.5, 0.5]
    assert half.sizes.tolist() == [100, 200]


def test_a_lattice_has_all_points_once():
    points = list(lattice(3, 4))
    assert len(points) == len(set(points)) == 15
    assert {sum(p) for p in points} == {4}


def test_random_parts_are_as_large_as_their_repetitions_ask():
    (_, _, part, _) = generate(NAMED, SIZES, Generate(epochs=[4]))
    assert part.name == "good@4x"
    assert part.at(400) is None  # the whole pool would be just enough
    assert part.at(100).sizes.tolist() == [25]


def test_mixes_have_weights_of_their_own():
    mix = Candidate("mix", by_size({"best": 300, "poor": 100}))
    assert [c.name for c in generate({}, SIZES, None, [mix])] == ["mix"]
    assert np.allclose(mix.mixture.weights, [0.75, 0.25])


def test_nothing_to_compare_and_too_much_are_refused():
    with pytest.raises(InputError, match=r"key frontier.candidates: there is nothing to compare"):
        generate({}, SIZES, None)
    many = {f"b{i}": 1 for i in range(20)}
    with pytest.raises(InputError, match=r"key frontier.generate: more than 10000 candidates"):
        generate({}, many, Generate(unions_up_to=8))
