"""Transport of mixtures: the linear programme's cost, exact gradients, and distances between classes."""

import numpy as np
import pytest
from scipy.optimize import linprog

from curation_scaling.errors import InputError
from curation_scaling.ranking.transport import Cloud, Transport, class_distances

RNG = np.random.default_rng(5)
ALL = 10**9  # a size at which every sample of a source is used


def cloud(rows: int, shift: float = 0.0, labels: int | None = None) -> Cloud:
    features = RNG.normal(size=(rows, 3)) + shift
    return Cloud(features, None if labels is None else np.arange(rows, dtype=np.int32) % labels)


def by_linear_programme(costs: np.ndarray, masses: np.ndarray) -> float:
    n, v = costs.shape
    rows = np.kron(np.eye(n), np.ones(v))
    columns = np.kron(np.ones(n), np.eye(v))
    found = linprog(costs.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([masses, np.full(v, 1 / v)]))
    assert found.status == 0
    return float(found.fun)


def transport(labels: int | None = None) -> Transport:
    sources = [cloud(7, 0.0, labels), cloud(5, 1.0, labels), cloud(6, -0.7, labels)]
    return Transport.between(sources, cloud(8, 0.2, labels))


@pytest.mark.parametrize("labels", [None, 2])
def test_the_cost_is_that_of_the_linear_programme(labels):
    found = transport(labels)
    weights = [0.5, 0.2, 0.3]
    masses = np.repeat(np.array(weights) / [7, 5, 6], [7, 5, 6])
    assert found.solve(weights, ALL).distance == pytest.approx(
        by_linear_programme(np.concatenate(found.costs), masses), rel=1e-9
    )


def test_a_mixture_uses_the_first_samples_of_each_source():
    found = transport()
    expected = by_linear_programme(np.concatenate([found.costs[0][:4], found.costs[2][:1]]), np.full(5, 0.2))
    assert found.solve([0.8, 0.0, 0.2], 5).distance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("labels", [None, 3])
def test_the_gradient_is_that_of_finite_differences(labels):
    found, weights, step = transport(labels), np.array([0.503, 0.194, 0.303]), 1e-6
    gradient = found.solve(weights, ALL).gradient
    for i, j in ((0, 1), (1, 2), (2, 0)):
        direction = np.zeros(3)
        direction[i], direction[j] = step, -step
        ends = [found.solve(weights + side * direction, ALL).distance for side in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(gradient[i] - gradient[j], abs=1e-5)
    assert gradient.sum() == pytest.approx(0, abs=1e-12)


def test_a_source_without_weight_has_a_gradient_too():
    found, weights, step = transport(), np.array([0.617, 0.383, 0.0]), 1e-7
    solved = found.solve(weights, ALL)
    more = found.solve(weights + step * np.array([-1, 0, 1]), ALL).distance
    assert (more - solved.distance) / step == pytest.approx(solved.gradient[2] - solved.gradient[0], abs=1e-4)


def test_the_distance_is_least_for_a_mixture_like_the_validation_set():
    sources = [Cloud(RNG.normal(size=(150, 2)) + shift, None) for shift in (0.0, 4.0)]
    there = Cloud(np.concatenate([RNG.normal(size=(90, 2)), RNG.normal(size=(30, 2)) + 4.0]), None)
    found = Transport.between(sources, there)
    grid = np.linspace(0, 1, 21)
    distances = [found.solve([w, 1 - w], 120).distance for w in grid]
    assert grid[int(np.argmin(distances))] == pytest.approx(0.75, abs=0.05)


def test_distances_of_gaussian_classes_have_their_closed_form():
    a = Cloud(np.array([[0.0], [2.0], [5.0]]), np.array([0, 0, 1], np.int32))
    b = Cloud(np.array([[1.0], [7.0], [5.0], [5.0]]), np.array([3, 3, 9, 9], np.int32))
    table, ours, theirs = class_distances(a, b)
    assert ours.tolist() == [0, 1]
    assert theirs.tolist() == [3, 9]
    # W^2 = (m - m')^2 + (s - s')^2; a class of one sample is a point.
    assert table == pytest.approx(np.array([[(1 - 4) ** 2 + (1 - 3) ** 2, (1 - 5) ** 2 + 1], [1 + 9, 0]]), abs=1e-9)


def test_classes_with_fewer_samples_than_dimensions_are_at_no_distance_from_themselves():
    same = Cloud(RNG.normal(size=(6, 20)), np.array([0, 0, 0, 1, 1, 1], np.int32))
    table, _, _ = class_distances(same, same)
    assert np.diag(table) == pytest.approx(0, abs=1e-9)
    assert (table + np.eye(2) > 1e-3).all()


@pytest.mark.parametrize("weights", [[0.5, 0.5], [0.5, 0.7, -0.2], [0.5, 0.2, 0.2]])
def test_weights_off_the_simplex_are_refused(weights):
    with pytest.raises(InputError, match="give shares that sum to 1"):
        transport().solve(weights, ALL)
