"""Small training dynamics without any chance besides a seeded one."""

import numpy as np
import polars as pl


def frame(models=3, epochs=6, samples=12, classes=4, seed=0, trained=None):
    """Rows of training dynamics with logits that grow towards the label."""
    rng = np.random.default_rng(seed)
    labels = np.arange(samples) % classes
    uids = rng.permutation(samples).astype(np.uint64) * np.uint64(7919) + np.uint64(5)
    rows = []
    for m in range(models):
        for e in range(1, epochs + 1):
            for i in range(samples):
                logits = rng.normal(size=classes)
                logits[labels[i]] += 0.4 * e * (i % 3)
                rows.append((int(uids[i]), 0, m, e, int(labels[i]), logits.tolist(), float(1 + i % 5), True))
                if trained is not None:
                    rows[-1] = (*rows[-1][:-1], bool(trained[m, i]))
    columns = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64, "model": pl.Int32, "epoch": pl.Int32, "label": pl.Int32}
    columns |= {"logits": pl.List(pl.Float32), "feature_norm": pl.Float32, "trained": pl.Boolean}
    return pl.DataFrame(rows, schema=columns, orient="row")


def embeddings(samples=60, dimensions=5, seed=0):
    """Three loose clusters."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, dimensions)) * 3
    return (centres[np.arange(samples) % 3] + rng.normal(size=(samples, dimensions))).astype(np.float32)
