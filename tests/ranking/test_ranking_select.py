"""Selectors against transcriptions of their rules, ties by uid, and bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ranking_data import embeddings

from curation_scaling.errors import InputError
from curation_scaling.ranking import cover, select
from curation_scaling.ranking.redundancy import diverse_difficult

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=200)
CHANCE = RNG.random(200)


def test_hard_easy_and_band():
    assert set(select.hard(SCORES, 50)) == set(np.argsort(SCORES)[-50:])
    assert set(select.easy(SCORES, 50)) == set(np.argsort(SCORES)[:50])
    middle = np.sort(np.abs(SCORES - np.median(SCORES)))
    assert np.abs(SCORES[select.band(SCORES, 50)] - np.median(SCORES)).max() == middle[49]


def test_ties_fall_to_the_first_row():
    tied = np.array([1.0, 2.0, 2.0, 2.0, 0.0])
    assert select.hard(tied, 2).tolist() == [1, 2]
    assert select.easy(tied, 3).tolist() == [0, 1, 4]
    assert select.ranks(tied).tolist() == [3, 0, 1, 2, 4]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_every_selector_keeps_exactly_so_many(values, fraction):
    scores = np.array(values, float)
    count = select.size_of(fraction, len(scores))
    chance = np.linspace(0, 0.99, len(scores))
    for rows in (
        select.hard(scores, count),
        select.easy(scores, count),
        select.band(scores, count),
        select.coverage(scores, count, chance),
        select.beta_sampling(scores, count, chance, np.linspace(0, 1, len(scores))),
    ):
        assert len(set(rows.tolist())) == count
        assert (np.diff(rows) > 0).all()


def test_scale_and_doubling_do_not_matter():
    assert (select.hard(SCORES, 70) == select.hard(3 * SCORES + 5, 70)).all()
    doubled = np.repeat(SCORES, 2)
    assert set(select.hard(doubled, 100) // 2) == set(select.hard(SCORES, 50))


def test_coverage_follows_its_algorithm():
    count, strata = 60, 10
    rest = np.argsort(SCORES)[: 200 - 20]
    edges = np.linspace(SCORES[rest].min(), SCORES[rest].max(), strata + 1)
    of = {i: min(int((SCORES[i] - edges[0]) / (edges[1] - edges[0])), strata - 1) for i in rest}
    groups = sorted((g for g in ([i for i in rest if of[i] == s] for s in range(strata)) if g), key=len)
    expected, budget = set(), count
    for left, group in zip(range(len(groups), 0, -1), groups, strict=True):
        quota = min(len(group), budget // left)
        expected |= set(sorted(group, key=lambda i: CHANCE[i])[:quota])
        budget -= quota
    found = select.coverage(SCORES, count, CHANCE, strata=strata)
    assert set(found) == expected


def test_beta_sampling_leans_to_easy_samples_when_few_are_kept():
    easiness = np.linspace(0, 1, 2000)
    scores = np.ones(2000)
    scores[0] = 1.0001
    chance = RNG.random(2000)
    few = easiness[select.beta_sampling(scores, 100, chance, easiness)].mean()
    many = easiness[select.beta_sampling(scores, 1000, chance, easiness)].mean()
    assert few > many


def test_class_floor():
    groups = np.arange(200) % 4
    scores = SCORES + 10 * (groups == 0)  # all of class 0 is hard
    plain = select.hard(scores, 50)
    assert (groups[plain] == 0).all()
    rows = select.balanced(scores, 60, groups, 0.5, select.hard)
    counts = np.bincount(groups[rows], minlength=4)
    assert len(rows) == 60
    assert (counts >= int(0.5 * 60 / 4)).all()
    assert counts[0] == 60 - 3 * 7


def test_k_center_and_herding_choose_greedily():
    x = embeddings(40)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    order = cover.k_center(x, 10)
    for i in range(1, 10):
        distance = (1 - unit @ unit[order[:i]].T).min(axis=1)
        assert distance[order[i]] == pytest.approx(np.delete(distance, order[:i]).max(), abs=1e-5)
    order = cover.herding(x, 10)
    mean, total = unit.mean(axis=0), np.zeros(5)
    for i in range(10):
        gaps = np.linalg.norm(mean - (total + unit) / (i + 1), axis=1)
        free = np.setdiff1d(np.arange(40), order[:i])
        assert gaps[order[i]] == pytest.approx(gaps[free].min(), abs=1e-5)
        total += unit[order[i]]


def test_diverse_difficult_follows_its_algorithm():
    x, scores = embeddings(30), np.abs(SCORES[:30])
    unit = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(float)
    gaps = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    near = np.argsort(gaps, axis=1)[:, :4]
    spread = np.array([scores[i] + sum(np.exp(-(gaps[i, j] ** 2)) * scores[j] for j in near[i]) for i in range(30)])
    expected = []
    for _ in range(8):
        best = int(np.argmax(spread))
        expected.append(best)
        for j in near[best]:
            spread[j] -= np.exp(-(gaps[best, j] ** 2)) * spread[best]
        spread[best] = -np.inf
    assert diverse_difficult(x, scores, 8, neighbours=4).tolist() == expected


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.01])
def test_bad_fraction(fraction):
    with pytest.raises(InputError, match="fraction kept is"):
        select.size_of(fraction, 10)


def test_bad_scores_and_floors():
    with pytest.raises(InputError, match="score in row 2 is nan"):
        select.hard(np.array([0.0, 1.0, np.nan]), 1)
    with pytest.raises(InputError, match="class floor is 2"):
        select.balanced(SCORES, 20, np.zeros(200, int), 2.0, select.hard)
    groups = np.zeros(200, int)
    groups[0] = 1
    with pytest.raises(InputError, match="class 1 has 1 samples, fewer than its floor"):
        select.balanced(SCORES, 20, groups, 0.5, select.hard)
    with pytest.raises(InputError, match="99 of 12 samples"):
        cover.k_center(embeddings(12), 99)
