"""A small multilayer perceptron, scikit-learn's MLPClassifier, trained on weighted pools and tested on the way."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curation_scaling.errors import InputError
from curation_scaling.progress import counting
from curation_scaling.runs.schedule import unit_order
from curation_scaling.runs.trainers.inputs import CharacterInputs, FeatureInputs, Inputs
from curation_scaling.runs.trainers.training import Evaluation, Training

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

STEPS_PER_CALL = 100  # optimiser steps per partial_fit: its fixed cost of about 2 ms is then small
STEPS_PER_AVERAGE = 8  # the same where weights are averaged after each call
TEST_ROWS = 8192  # test units at once: bounds the memory


def train_mlp(
    pools: Sequence[pl.DataFrame],
    test: pl.DataFrame,
    *,
    checkpoints: Sequence[int],
    seed: int,
    inputs: Literal["characters", "features"],
    metric: Literal["bits_per_character", "error_rate"],
    weights: Sequence[float] | None = None,
    hidden: Sequence[int] = (128,),
    solver: Literal["adam", "sgd"] = "adam",
    learning_rate: float = 2e-3,
    momentum: float = 0.9,
    batch_size: int = 256,
    weight_average: float | None = None,
    context: int = 8,
    pca: int | None = None,
    part: str | None = None,
) -> Training:
    """Train on the pools and evaluate at every checkpoint.

    One unit is one training example: a character of `text`, or a row of `features`. The order is that of
    `unit_order`: whole epochs of each pool. A checkpoint ends the current batch, so each is hit exactly; the batch
    before it may be smaller. Runs on one BLAS thread: the same seed gives the same numbers however many cores there
    are.

    Args:
        pools: frames of the component pools, columns `uid_hi`, `uid_lo`, and `text`, or `features` and `label`; the
            order of their rows does not matter.
        test: frame of the test samples, same columns.
        checkpoints: increasing numbers of units seen.
        seed: of the initial weights and the order.
        inputs: what the network reads; `characters` uses `context`, `features` uses `pca`.
        metric: `bits_per_character` is the mean of -log2 p(target); `error_rate` the share (0 to 1) of wrong answers.
        weights: sampling weights of the pools; in proportion to their units if left out.
        hidden: units of each hidden layer (ReLU).
        solver: adam, or sgd with Nesterov `momentum`.
        learning_rate: constant.
        momentum: of sgd.
        batch_size: units per optimiser step.
        weight_average: evaluate an exponential average of the weights with this decay per step (it is updated
            every few steps with the decay's power, and free of the initial weights), or the last weights if None.
        context: characters before the one to predict.
        pca: number of principal components of the features, or None for the features themselves.
        part: a column of the test set; its values name parts, on which the model is evaluated apart as well.

    Returns:
        The evaluations; `params` counts all weights and biases; `flops_per_sample` is 6 `params`, two per parameter
        forward and four backward (Kaplan et al. 2020, section 2.1), as if the one-hot inputs were dense.

    Raises:
        InputError: if checkpoints do not increase from above 0, a pool or the test set is empty, or training diverges.
    """
    if min(checkpoints, default=0) < 1 or any(after <= before for before, after in pairwise(checkpoints)):
        raise InputError(f"study key checkpoints: {list(checkpoints)} must be whole numbers > 0 that increase")
    if test.is_empty():
        raise InputError("the test set is empty: give the source test samples")
    pools = [pool.sort("uid_hi", "uid_lo") for pool in pools]
    test = test if part is None else test.sort(part, maintain_order=True)
    parts = {} if part is None else _parts(test, part, inputs)

    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    order_seed, weight_seed = np.random.SeedSequence(seed).spawn(2)
    model = MLPClassifier(
        tuple(hidden),
        solver=solver,
        learning_rate_init=learning_rate,
        momentum=momentum,
        batch_size=batch_size,
        shuffle=False,
        random_state=int(weight_seed.generate_state(1)[0]),
    )
    average = None if weight_average is None else WeightAverage(weight_average**STEPS_PER_AVERAGE)
    evaluations = []
    apart: dict[str, list[Evaluation]] = {name: [] for name in parts}
    with threadpool_limits(limits=1):
        units: Inputs = (
            CharacterInputs(pools, test, context=context)
            if inputs == "characters"
            else FeatureInputs(pools, test, pca=pca)
        )
        order = unit_order(units.sizes, units.sizes if weights is None else weights, checkpoints[-1], order_seed)
        with counting(f"{inputs} trained on", checkpoints[-1]) as done:
            for start, stop in pairwise((0, *checkpoints)):
                _fit(model, units, order[start:stop], batch_size, average)
                weights_now = model.coefs_, model.intercepts_
                if average is not None:
                    model.coefs_, model.intercepts_ = average.weights()
                evaluations.append(Evaluation(stop, _error(model, units, metric, 0, units.test_size)))
                for name, ends in parts.items():
                    apart[name].append(Evaluation(stop, _error(model, units, metric, *ends)))
                model.coefs_, model.intercepts_ = weights_now
                done(stop - start)
    params = sum(array.size for array in (*model.coefs_, *model.intercepts_))
    return Training(tuple(evaluations), params, 6 * params, {name: tuple(found) for name, found in apart.items()})


class WeightAverage:
    """Exponential average of the weights after each update, without a share of the initial ones (as Adam's moments)."""

    def __init__(self, decay: float) -> None:
        """Start empty."""
        self.decay = decay
        self.updates = 0
        self._arrays: list[NDArray[np.float32]] = []

    def update(self, model: "MLPClassifier") -> None:
        """Take in the current weights."""
        now = [*model.coefs_, *model.intercepts_]
        if not self._arrays:
            self._arrays = [np.zeros_like(array) for array in now]
        self.updates += 1
        rate = (1 - self.decay) / (1 - self.decay**self.updates)
        for mean, array in zip(self._arrays, now, strict=True):
            mean += rate * (array - mean)

    def weights(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Averaged layer weights and biases."""
        layers = len(self._arrays) // 2
        return self._arrays[:layers], self._arrays[layers:]


def _fit(
    model: "MLPClassifier", units: Inputs, order: NDArray[np.int64], batch_size: int, average: WeightAverage | None
) -> None:
    call = batch_size * (STEPS_PER_CALL if average is None else STEPS_PER_AVERAGE)
    for start in range(0, len(order), call):
        x, y = units.train(order[start : start + call])
        model.batch_size = min(batch_size, len(y))
        try:
            model.partial_fit(x, y, classes=units.classes)
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            raise InputError("training diverged to infinite weights: lower the trainer key learning_rate") from error
        if average is not None:
            average.update(model)


def _parts(test: pl.DataFrame, part: str, inputs: str) -> dict[str, tuple[int, int]]:
    """The first test unit of each part, and the one after its last, of a test set that is sorted by part."""
    units = pl.col("text").str.len_chars().sum() if inputs == "characters" else pl.len()
    sizes = test.group_by(part, maintain_order=True).agg(units=units.cast(pl.Int64))
    ends = sizes["units"].cum_sum()
    return dict(zip(sizes[part], zip(ends - sizes["units"], ends, strict=True), strict=True))


def _error(model: "MLPClassifier", units: Inputs, metric: str, first: int, end: int) -> float:
    """The mean error over the test units from `first` to before `end`."""
    total = 0.0
    for start in range(first, end, TEST_ROWS):
        x, y = units.test(slice(start, min(start + TEST_ROWS, end)))
        chances = model.predict_proba(x)
        if metric == "error_rate":
            total += float(np.count_nonzero(units.classes[chances.argmax(axis=1)] != y))
        else:
            targets = chances[np.arange(len(y)), np.searchsorted(units.classes, y)]
            total -= float(np.log2(np.maximum(targets, np.finfo(np.float32).tiny), dtype=np.float64).sum())
    return total / (end - first)
