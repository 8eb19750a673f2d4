import numpy as np
import polars as pl
import pytest
from sklearn.neural_network import MLPClassifier

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.images import read_images
from curation_scaling.pools.sources.source import uids
from curation_scaling.runs.trainers.mlp import WeightAverage, train_mlp
from curation_scaling.runs.trainers.training import Training

DIGITS = read_images(dataset="digits", blur_sigma_max=1.0, seed=0, test_images=400).frame
POOL, TEST = DIGITS.filter(role="pool").drop("role"), DIGITS.filter(role="test").drop("role")
FEATURES = {"inputs": "features", "metric": "error_rate", "hidden": (16,), "solver": "sgd", "learning_rate": 0.1}
CHARACTERS = {"inputs": "characters", "metric": "bits_per_character", "hidden": (16,), "context": 3, "batch_size": 64}


def _digits(pools: list[pl.DataFrame], **options: object) -> Training:
    return train_mlp(pools, TEST, **({"checkpoints": [500, 4000], "seed": 0, "batch_size": 16} | FEATURES | options))


def _text(*rows: str) -> pl.DataFrame:
    high, low = uids(row.encode() for row in rows)
    return pl.DataFrame({"uid_hi": high, "uid_lo": low, "text": rows})


def test_digits_are_learnt() -> None:
    result = _digits([POOL], checkpoints=[100, 1000, 12_000])
    assert [n for n, _ in result.evaluations] == [100, 1000, 12_000]
    errors = [error for _, error in result.evaluations]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.1  # of 10 classes
    assert result.params == 64 * 16 + 16 + 16 * 10 + 10
    assert result.flops_per_sample == 6 * result.params


def test_the_seed_and_the_rows_fix_the_result_but_not_their_order() -> None:
    first = _digits([POOL])
    assert _digits([POOL]) == first
    assert _digits([POOL.sample(fraction=1, shuffle=True, seed=1)]) == first
    assert _digits([POOL], seed=1) != first
    assert _digits([POOL.head(600)]) != first


def test_a_mixture_is_trained_by_its_weights() -> None:
    low, high = POOL.filter(pl.col("label") < 5), POOL.filter(pl.col("label") >= 5)
    errors = {q: _digits([low, high], weights=[1 - q, q]).evaluations[-1].error for q in (0.0, 0.5, 1.0)}
    assert errors[0.5] < 0.25
    # Half of the digits were never seen.
    assert errors[0.0] > 0.4
    assert errors[1.0] > 0.4


def test_checkpoints_between_batches_are_hit_and_do_not_skip_units() -> None:
    result = _digits([POOL], checkpoints=[1, 17, 333], batch_size=32)
    assert [n for n, _ in result.evaluations] == [1, 17, 333]


def test_the_average_is_the_exponential_one_without_the_start() -> None:
    rng = np.random.default_rng(0)
    states = [[rng.normal(size=(3, 2)).astype(np.float32), rng.normal(size=2).astype(np.float32)] for _ in range(9)]
    average, model = WeightAverage(0.8), MLPClassifier()
    for coefs, intercepts in states:
        model.coefs_, model.intercepts_ = [coefs], [intercepts]
        average.update(model)
    shares = 0.8 ** np.arange(8, -1, -1)
    shares /= shares.sum()
    ((coefs,), (intercepts,)) = average.weights()
    assert coefs == pytest.approx(np.tensordot(shares, np.stack([c for c, _ in states]), 1), rel=1e-5)
    assert intercepts == pytest.approx(np.tensordot(shares, np.stack([b for _, b in states]), 1), rel=1e-5)


def test_averaging_leaves_the_training_itself_alone() -> None:
    plain, averaged = _digits([POOL]), _digits([POOL], weight_average=0.9)
    assert averaged != plain
    # An average that forgets at once is the last weights.
    assert _digits([POOL], weight_average=1e-12) == plain


def test_characters_are_learnt_beyond_their_frequencies() -> None:
    rng = np.random.default_rng(0)
    # After a comes b or c, after b or c comes a: 1 bit in two characters.
    rows = ["".join("a" + "bc"[k] for k in rng.integers(0, 2, 50)) for _ in range(40)]
    result = train_mlp(
        [_text(*rows[:30])], _text(*rows[30:]), checkpoints=[300, 40_000], seed=0, learning_rate=0.01, **CHARACTERS
    )
    early, late = (error for _, error in result.evaluations)
    assert 0.49 < late < 0.56 < early
    assert result.params == 3 * 97 * 16 + 16 + 16 * 96 + 96


def test_principal_components_are_the_inputs() -> None:
    assert _digits([POOL], pca=10).params == 10 * 16 + 16 + 16 * 10 + 10


@pytest.mark.parametrize("checkpoints", [[], [0, 5], [5, 5], [7, 3]])
def test_checkpoints_must_increase(checkpoints: list[int]) -> None:
    with pytest.raises(InputError, match="checkpoints"):
        _digits([POOL], checkpoints=checkpoints)


def test_empty_pools_and_tests_are_refused() -> None:
    with pytest.raises(InputError, match="pool"):
        _digits([POOL.clear()])
    with pytest.raises(InputError, match="test"):
        train_mlp([POOL], TEST.clear(), checkpoints=[5], seed=0, **FEATURES)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_divergence_is_told() -> None:
    with pytest.raises(InputError, match="learning_rate"):
        _digits([POOL], learning_rate=1e30)
