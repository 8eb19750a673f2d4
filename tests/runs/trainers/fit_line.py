"""A small real training script: a line fitted by SGD to numbers that the uids determine, tested on a fixed grid.

Usage: fit_line.py MANIFEST WEIGHTS CHECKPOINTS SEED OUTPUT [PARAMS]. It knows nothing of the package.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq


def main(manifest: str, weights: str, checkpoints: str, seed: str, output: str, params: str = "") -> None:
    """Train on the manifest's samples and write the mean squared error at every checkpoint."""
    table = pq.read_table(manifest)
    parts = json.loads(weights)
    assert abs(sum(part["weight"] for part in parts) - 1) < 1e-9
    assert sum(part["size"] for part in parts) == sum(table["size"].to_pylist())
    x = np.array(table["uid_lo"].to_pylist(), dtype=np.uint64).astype(float) / 2.0**64
    rng = np.random.default_rng(int(seed))
    y = 1 + 2 * x + rng.normal(0, 0.1, x.size)
    grid = np.linspace(0, 1, 101)
    theta, seen = np.zeros(2), 0
    with Path(output).open("w", encoding="utf-8") as file:
        for checkpoint in map(int, checkpoints.split(",")):
            while seen < checkpoint:
                at = int(rng.integers(x.size))
                theta -= 0.1 * (theta @ [1, x[at]] - y[at]) * np.array([1, x[at]])
                seen += 1
            error = float(np.mean((theta[0] + theta[1] * grid - 1 - 2 * grid) ** 2))
            for metric, value in (("loss", error), ("root", error**0.5)):
                row = {"samples_seen": seen, "metric": metric, "error": value, "flops": 12.0 * seen}
                file.write(json.dumps(row | ({"params": int(params)} if params else {})) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
