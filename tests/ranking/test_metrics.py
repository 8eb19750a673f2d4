"""Each metric against a transcription of its definition, sample by sample; invariances; bad input."""

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from ranking_data import embeddings, frame

from curation_scaling.errors import InputError
from curation_scaling.ranking import difficulty as d
from curation_scaling.ranking.dynamics import dynamics_of, read_dynamics
from curation_scaling.ranking.memorization import influence, memorization
from curation_scaling.ranking.metrics import METRICS, Material, score, scores_by_model
from curation_scaling.ranking.prototypes import cluster, self_prototypes, supervised_prototypes
from curation_scaling.ranking.redundancy import semantic_duplicates, semantic_duplication

ROWS = frame()
DYNAMICS = dynamics_of(ROWS, "dynamics")
MATERIAL = Material(DYNAMICS, embeddings(12), el2n_epoch=2, window=3, clusters=3)


def by_definition(value):
    """The mean over models of value(list over epochs of (logits, label), feature norms), in the order of the uids."""
    out = []
    for _, part in ROWS.group_by("uid_hi", maintain_order=True):
        models = []
        for _, one in part.group_by("model", maintain_order=True):
            one = one.sort("epoch")
            models.append(value([np.array(z, float) for z in one["logits"]], one["label"][0], one["feature_norm"][0]))
        out.append((part["uid_hi"][0], float(np.mean(models))))
    return np.array([v for _, v in sorted(out)])


def softmax(z):
    e = [math.exp(x) for x in z]
    return np.array(e) / sum(e)


def hot(label):
    return np.eye(4)[label]


def test_el2n_and_grand():
    expected = by_definition(lambda z, y, h: np.linalg.norm(softmax(z[1]) - hot(y)))
    assert d.el2n(DYNAMICS, 2) == pytest.approx(expected, abs=1e-6)
    expected = by_definition(lambda z, y, h: np.linalg.norm(np.outer(softmax(z[1]) - hot(y), [h, 1.0])))
    assert d.grand(DYNAMICS, 2) == pytest.approx(expected, abs=1e-5)


def test_uncertainty_of_one_epoch():
    top = lambda z: sorted(softmax(z[-1]))  # noqa: E731
    assert d.margin(DYNAMICS) == pytest.approx(by_definition(lambda z, y, h: 1 - top(z)[-1] + top(z)[-2]), abs=1e-6)
    assert d.least_confidence(DYNAMICS) == pytest.approx(by_definition(lambda z, y, h: 1 - top(z)[-1]), abs=1e-6)
    expected = by_definition(lambda z, y, h: -sum(p * math.log(p) for p in softmax(z[-1])))
    assert d.entropy(DYNAMICS) == pytest.approx(expected, abs=1e-6)


def test_forgetting():
    def events(z, y, h):
        right = [int(np.argmax(x)) == y for x in z]
        if not any(right):
            return len(z)
        return sum(a and not b for a, b in pairwise(right))

    assert d.forgetting(DYNAMICS) == pytest.approx(by_definition(events))


def test_area_under_margin_and_disagreement():
    def gap(x, y):
        return x[y] - max(v for i, v in enumerate(x) if i != y)

    expected = by_definition(lambda z, y, h: -np.mean([gap(x, y) for x in z]))
    assert d.area_under_margin(DYNAMICS) == pytest.approx(expected, abs=1e-5)
    wrong = by_definition(lambda z, y, h: float(int(np.argmax(z[-1])) != y)) * DYNAMICS.models
    assert d.disagreement(DYNAMICS) == pytest.approx(wrong)


def test_dynamic_uncertainty_and_dual():
    def windows(z, y):
        p = [softmax(x)[y] for x in z]
        return [p[i : i + 3] for i in range(len(p) - 2)]

    expected = by_definition(lambda z, y, h: np.mean([np.std(w, ddof=1) for w in windows(z, y)]))
    assert d.dynamic_uncertainty(DYNAMICS, 3) == pytest.approx(expected, abs=1e-6)
    expected = by_definition(lambda z, y, h: np.mean([np.std(w, ddof=1) * (1 - np.mean(w)) for w in windows(z, y)]))
    assert d.dual(DYNAMICS, 3) == pytest.approx(expected, abs=1e-6)


def test_memorization_and_influence():
    rng = np.random.default_rng(5)
    trained = rng.random((8, 10)) < 0.5
    trained[0], trained[1] = True, False
    found = dynamics_of(frame(models=8, epochs=2, samples=10, trained=trained), "dynamics")
    right = found.statistic("correct") > 0.5
    for i in range(10):
        inside, outside = right[found.trained[:, i], i], right[~found.trained[:, i], i]
        assert memorization(found)[i] == pytest.approx(inside.mean() - outside.mean())
    tests = rng.random((8, 7)) < 0.6
    difference = np.array(
        [[tests[found.trained[:, i], j].mean() - tests[~found.trained[:, i], j].mean() for j in range(7)]
         for i in range(10)]
    )  # fmt: skip
    assert influence(found, tests) == pytest.approx(difference.max(axis=1))
    assert influence(found, tests, "sum_abs") == pytest.approx(np.abs(difference).sum(axis=1))
    with pytest.raises(InputError, match="training set of 3 of 3 models"):
        memorization(DYNAMICS)


def test_prototypes():
    x = embeddings()
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    labels = np.arange(60) % 3
    for i in (0, 7, 59):
        mean = unit[labels == labels[i]].mean(axis=0)
        expected = 1 - unit[i] @ mean / np.linalg.norm(mean)
        assert supervised_prototypes(x, labels)[i] == pytest.approx(expected, abs=1e-5)
    found = cluster(x, 3, seed=1)
    assert np.linalg.norm(found.centroids, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    distances = 1 - unit @ found.centroids.T
    assert found.distance == pytest.approx(distances.min(axis=1), abs=1e-5)
    assert self_prototypes(100 * x, 3, seed=1) == pytest.approx(found.distance, abs=1e-5)  # the scale does not matter


def test_semantic_duplicates():
    x = np.vstack([embeddings(30), embeddings(30)[:5] * 2.0]).astype(np.float32)  # five rows stand twice
    found = cluster(x, 3)
    scores = semantic_duplication(x, 3)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    for c in range(3):
        members = sorted(np.flatnonzero(found.cluster == c), key=lambda i: (-found.distance[i], i))
        for place, i in enumerate(members):
            before = [float(unit[i] @ unit[j]) for j in members[:place]]
            assert scores[i] == pytest.approx(max(before, default=-1.0), abs=1e-5)
    kept = semantic_duplicates(x, 3, 1e-4)
    assert len(kept) == 30
    assert len(set(kept) & {0, 30}) == 1


@pytest.mark.parametrize("metric", sorted(set(METRICS) - {"memorization"}))
def test_every_metric_ignores_the_order_of_rows(metric):
    shuffled = dynamics_of(ROWS.sample(fraction=1, shuffle=True, seed=3), "dynamics")
    again = Material(shuffled, MATERIAL.embeddings, el2n_epoch=2, window=3, clusters=3)
    first = score(metric, MATERIAL)
    assert first.shape == (12,)
    assert np.isfinite(first).all()
    assert (first == score(metric, again)).all()


def test_several_seeds():
    found = scores_by_model("el2n", MATERIAL)
    assert found.shape == (3, 12)
    assert found.mean(axis=0) == pytest.approx(score("el2n", MATERIAL))


def test_labels_of_more_than_64_bits_are_refused():
    frame = pl.DataFrame({"uid": ["a"], "epoch": [0], "label": pl.Series([2**64], dtype=pl.Int128), "p_label": [0.5]})
    with pytest.raises(InputError, match="column 'label' must hold whole numbers of 64 bits at most"):
        dynamics_of(frame, "here")


def test_statistics_instead_of_logits(tmp_path):
    rows = ROWS.drop("logits").with_columns(
        p_label=pl.Series(DYNAMICS.statistics("p_label").ravel()[: ROWS.height]), correct=pl.lit(1.0)
    )
    rows.write_parquet(tmp_path / "dynamics.parquet")
    found = read_dynamics([tmp_path / "dynamics.parquet"])
    assert d.forgetting(found).max() == 0
    assert d.dynamic_uncertainty(found, 3).shape == (12,)
    with pytest.raises(InputError, match="needs logits"):
        d.el2n(found)
    with pytest.raises(InputError, match="lack 'margin'"):
        d.area_under_margin(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f[1:], "lacks epoch 1 of model 0"),
        (lambda f: pl.concat([f, f[:1]]), "stands twice at epoch 1"),
        (lambda f: f.with_columns(logits=pl.lit([0.0, 1.0, float("nan"), 2.0], pl.List(pl.Float32))), "not finite"),
        (lambda f: f.with_columns(label=pl.lit(9, pl.Int32)), "label 9, but labels go from 0 to 3"),
        (lambda f: f.with_columns(label=pl.lit(-1, pl.Int32)), "label -1"),
        (lambda f: f.with_columns(label=pl.when(epoch=2).then(pl.lit(0)).otherwise("label")), "several labels"),
        (lambda f: f.drop("epoch"), "column 'epoch' is missing"),
        (lambda f: f.drop("logits", "feature_norm"), "column 'logits' is missing"),
        (lambda f: f[:0], "there is no row"),
    ],
)
def test_bad_dynamics(change, words):
    with pytest.raises(InputError, match=words):
        dynamics_of(change(ROWS), "file.parquet")


def test_bad_choices():
    with pytest.raises(InputError, match="epoch 99 was not recorded"):
        d.el2n(DYNAMICS, 99)
    with pytest.raises(InputError, match="window of 9 epochs"):
        d.dual(DYNAMICS, 9)
    zero = embeddings(12)
    zero[4] = 0
    with pytest.raises(InputError, match="row 4 has norm 0"):
        self_prototypes(zero, 3)
    with pytest.raises(InputError, match="99 clusters of 12"):
        self_prototypes(embeddings(12), 99)
    with pytest.raises(InputError, match="metric 'beauty' is unknown"):
        score("beauty", MATERIAL)
