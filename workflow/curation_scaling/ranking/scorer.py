"""The scorer: small perceptrons trained on a pool, and what they say of each of its samples after each epoch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.errors import InputError
from curation_scaling.progress import progress
from curation_scaling.ranking.dynamics import Dynamics
from curation_scaling.seeds import derive_seed
from curation_scaling.study.pruning import Scorer

_STEPS = 200  # optimiser steps a call of partial_fit


def train_scorer(pool: pl.DataFrame, scorer: Scorer, seed: int, classes: npt.NDArray[np.int64]) -> Dynamics:
    """Train `scorer.models` perceptrons and record the logits of all samples after each epoch.

    pool: uid_hi, uid_lo, label, features, sorted by uid. classes: all labels, rising. Runs on one BLAS thread.

    Raises:
        InputError: if the pool holds one class only, or a label is not among the classes.
    """
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    x = pool["features"].to_numpy().astype(np.float32)
    labels = pool["label"].to_numpy().astype(np.int64)
    if not np.isin(labels, classes).all():
        raise InputError(f"label {labels[~np.isin(labels, classes)][0]} is not among the classes {classes.tolist()}")
    y = np.searchsorted(classes, labels)
    n, count = len(x), max(2, round(scorer.subset * len(x)))
    logits = np.empty((scorer.models, scorer.epochs, n, len(classes)), np.float32)
    norms = np.empty((scorer.models, scorer.epochs, n), np.float32)
    trained = np.ones((scorer.models, n), bool)
    with threadpool_limits(limits=1):
        for m in progress(range(scorer.models), "scoring models trained"):
            rng = np.random.default_rng(derive_seed(seed, "scorer", m))
            rows = np.arange(n) if count >= n else np.sort(rng.choice(n, count, replace=False))
            trained[m] = np.isin(np.arange(n), rows)
            model = MLPClassifier(
                (scorer.hidden,),
                learning_rate_init=scorer.learning_rate,
                batch_size=min(scorer.batch_size, len(rows)),
                shuffle=False,
                random_state=int(rng.integers(2**31)),
            )
            for epoch in range(scorer.epochs):
                order = rows[rng.permutation(len(rows))]
                for first in range(0, len(order), scorer.batch_size * _STEPS):
                    part = order[first : first + scorer.batch_size * _STEPS]
                    model.batch_size = min(scorer.batch_size, len(part))
                    model.partial_fit(x[part], y[part], classes=np.arange(len(classes)))
                logits[m, epoch], norms[m, epoch] = _forward(model.coefs_, model.intercepts_, x)
    uid = pool["uid_hi"].to_numpy(), pool["uid_lo"].to_numpy()
    return Dynamics(*uid, y, tuple(range(1, scorer.epochs + 1)), logits, {"feature_norm": norms}, trained)


def _forward(
    weights: list[npt.NDArray[np.float32]], biases: list[npt.NDArray[np.float32]], x: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Logits (n, classes) and the norm of the hidden layer (n,); one logit of two classes stands against 0."""
    hidden = np.maximum(x @ weights[0] + biases[0], 0)
    out = hidden @ weights[1] + biases[1]
    if out.shape[1] == 1:
        out = np.concatenate([np.zeros_like(out), out], axis=1)
    return out.astype(np.float32), np.linalg.norm(hidden, axis=1).astype(np.float32)


def dynamics_rows(dynamics: Dynamics) -> pl.DataFrame:
    """Rows of `ranking/dynamics`."""
    assert dynamics.logits is not None
    models, epochs, n, classes = dynamics.logits.shape
    cells = models * epochs
    flat = dynamics.logits.reshape(cells * n, classes)
    return pl.DataFrame(
        {
            "uid_hi": np.tile(dynamics.uid_hi, cells),
            "uid_lo": np.tile(dynamics.uid_lo, cells),
            "model": np.repeat(np.arange(models, dtype=np.int32), epochs * n),
            "epoch": np.tile(np.repeat(np.array(dynamics.epochs, np.int32), n), models),
            "label": np.tile(dynamics.labels.astype(np.int32), cells),
            "trained": np.repeat(dynamics.trained, epochs, axis=0).ravel(),
            "logits": pl.Series(flat, dtype=pl.Array(pl.Float32, classes)).arr.to_list(),
            "feature_norm": dynamics.statistics("feature_norm").ravel(),
        }
    )
