"""Intrinsic dimensions of known manifolds, with the bias that they are known for; sharpness by its definition."""

import numpy as np
import pytest

from curation_scaling.errors import InputError
from curation_scaling.ranking.dimension import (
    cleaned,
    cube_dimension,
    label_sharpness,
    maximum_likelihood,
    neighbour_distances,
    two_nn,
)


def both(rows, neighbours=20):
    distances = neighbour_distances(np.asarray(rows, float), neighbours)
    return maximum_likelihood(distances), two_nn(distances)


# Uniform cubes of 2,000 points, measured before with other code: d, range of MLE (k = 20), TwoNN.
@pytest.mark.parametrize(
    ("d", "mle", "second"), [(5, (4.25, 4.48), 4.72), (10, (7.7, 8.1), 8.3), (20, (13.7, 14.5), 15.3)]
)
def test_cubes_are_read_low_as_they_are_known_to_be(d, mle, second):
    found, other = both(np.random.default_rng(0).random((2000, d)))
    assert mle[0] - 0.15 <= found.value <= mle[1] + 0.15
    assert other.value == pytest.approx(second, rel=0.06)
    assert max(found.value, other.value) < d
    assert found.lower < found.value < found.upper


def test_a_bent_sheet_has_two_dimensions_wherever_it_lies():
    rng = np.random.default_rng(1)
    t, h = 3 + 6 * rng.random(1500), 10 * rng.random(1500)
    roll = np.stack([t * np.cos(t), h, t * np.sin(t)], axis=1)
    turned = roll @ np.linalg.qr(rng.standard_normal((12, 3)))[0].T
    for estimate in (*both(roll), *both(turned)):
        assert estimate.value == pytest.approx(2, abs=0.15)
    circle = np.stack([np.cos(t), np.sin(t)], axis=1)
    assert both(circle)[0].value == pytest.approx(1, abs=0.1)


def test_the_estimators_are_their_definitions():
    rows = np.random.default_rng(2).standard_normal((60, 4))
    order = np.sort(np.linalg.norm(rows[:, None] - rows[None], axis=2), axis=1)[:, 1:]
    k = 10
    local = [1 / np.mean([np.log(r[k - 1] / r[j]) for j in range(k - 1)]) for r in order]
    found, other = both(rows, k)
    assert found.value == pytest.approx(1 / np.mean([1 / m for m in local]))
    mu = sorted(r[1] / r[0] for r in order)[:54]
    x = [np.log(m) for m in mu]
    y = [-np.log(1 - i / 60) for i in range(1, 55)]
    assert other.value == pytest.approx(np.dot(x, y) / np.dot(x, x))


def test_intervals_hold_the_estimate_of_much_more_data():
    rng = np.random.default_rng(3)
    whole = both(rng.standard_normal((6000, 2)))
    held = np.zeros(2)
    for _ in range(40):
        held += [e.lower <= w.value <= e.upper for e, w in zip(both(rng.standard_normal((300, 2))), whole, strict=True)]
    assert held[1] >= 34  # the other one's neighbourhoods overlap, so that its interval is too narrow, as stated
    assert held[0] >= 10


def test_the_cube_that_looks_so_puts_the_bias_right():
    for name, estimate in zip(("mle", "two_nn"), both(np.random.default_rng(4).random((800, 10))), strict=True):
        assert cube_dimension(name, estimate.value, 800, 20) == pytest.approx(10, rel=0.1)
    assert cube_dimension("mle", 200.0, 800, 20) is None
    assert cube_dimension("mle", 0.5, 800, 20) is None


def test_repeated_rows_and_constant_features_are_left_out_and_counted():
    rows = np.random.default_rng(5).random((50, 3))
    given = np.column_stack([np.vstack([rows, rows[:7]]), np.full(57, 4.0)])
    found = cleaned(given)
    assert (found.repeated, found.constant) == (7, 1)
    assert np.array_equal(found.rows, rows)
    assert found.place.tolist() == list(range(50))
    assert both(found.rows)[0] == both(rows)[0]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (np.ones((30, 4)), "none of the 4 features varies over the 30 rows: they have no dimension"),
        (np.array([[0.0, 1.0], [np.nan, 2.0]]), "the embedding in row 1 has numbers that are not finite"),
        (np.empty((0, 3)), r"embeddings of shape \(0, 3\)"),
        (np.ones(3), r"embeddings of shape \(3,\)"),
    ],
)
def test_embeddings_without_a_dimension_are_one_sentence(rows, says):
    with pytest.raises(InputError, match=says):
        cleaned(rows)


def test_fewer_rows_than_neighbours_and_two_are_one_sentence():
    rows = np.random.default_rng(6).random((21, 3))
    assert both(rows, 19)[0].value > 0
    with pytest.raises(InputError, match="21 distinct rows, but 20 neighbours need at least 22: add rows or lower"):
        neighbour_distances(rows, 20)


def test_sharpness_is_the_largest_over_all_pairs():
    rng = np.random.default_rng(7)
    rows, labels = rng.standard_normal((300, 5)), rng.integers(0, 10, 300)
    pairs = [float(labels[j] != labels[k]) / np.linalg.norm(rows[j] - rows[k]) for j in range(300) for k in range(j)]
    assert label_sharpness(rows, labels) == pytest.approx(max(pairs))
    assert label_sharpness(2 * rows, labels) == pytest.approx(max(pairs) / 2)


def test_sharpness_that_is_none_or_infinite_is_one_sentence():
    rows = np.array([[0.0], [1.0], [1.0]])
    with pytest.raises(InputError, match="all samples have the same label"):
        label_sharpness(rows, [3, 3, 3])
    with pytest.raises(InputError, match="samples 1 and 2 have the same features and the labels 0 and 1"):
        label_sharpness(rows, [0, 0, 1])


@pytest.mark.parametrize(
    ("d", "mle", "second"), [(3, 2.7425445383380147, 3.1054186509929957), (10, 7.8536894761131215, 8.243719270150494)]
)
def test_the_estimates_are_those_of_scikit_dimension(d, mle, second):
    """What scikit-dimension 0.5.0 (MLE, n_neighbors=20; TwoNN) says of the same 500 points."""
    found, other = both(np.random.default_rng(0).random((500, d)))
    assert (found.value, other.value) == pytest.approx((mle, second), rel=1e-9)
