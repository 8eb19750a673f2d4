"""Stands in for your own pool and your own training in the README's guide; a trainer of kind `command` to copy.

python docs/example.py pool digits.parquet                  # 1,500 images of digits under noise of random strength
python docs/example.py runs results/digits runs.csv         # trains on every pool of a study, a row a checkpoint
python docs/example.py train --uids POOL.npy --checkpoints 300,600 --seed 0 --out runs.jsonl    # one training
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

POOL = 1500  # images; the others, without noise, are the test set
CHECKPOINTS = (150, 300, 600, 1200, 2400, 4800, 9600)  # images seen


def noise(image: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Standard deviation of the noise of each image of the pool, by its number."""
    return np.random.default_rng(1).uniform(0, 16, POOL)[image]


def write_pool(path: Path) -> None:
    """A table with an id and a score for each image. An id of 32 hexadecimal digits stays what it is."""
    images = np.arange(POOL)
    pl.DataFrame({"uid": [f"{i:032x}" for i in images], "quality": -noise(images)}).write_parquet(path)


def train(uids: Path, checkpoints: tuple[int, ...], seed: int) -> Iterator[tuple[int, float]]:
    """Train on the images of a subset file, whole shuffled passes at a time; yield (images seen, error rate)."""
    images = np.load(uids, allow_pickle=False)["f1"].astype(np.int64)  # the lower 64 bits of each id
    x, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    spoiled = x[:POOL] + noise(np.arange(POOL))[:, None] * np.random.default_rng(2).normal(size=(POOL, 64))
    passes = -(-checkpoints[-1] // len(images))
    order = np.concatenate([rng.permutation(images) for _ in range(passes)])[: checkpoints[-1]]
    model = MLPClassifier([64], learning_rate_init=0.003, batch_size=50, random_state=seed)
    for start, stop in zip((0, *checkpoints), checkpoints, strict=False):
        for first in range(start, stop, 50):
            batch = order[first : min(first + 50, stop)]
            model.partial_fit(spoiled[batch] / 16, y[batch], classes=range(10))
        yield stop, float(1 - model.score(x[POOL:] / 16, y[POOL:]))


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("pool").add_argument("out", type=Path)
    runs = commands.add_parser("runs")
    runs.add_argument("results", type=Path)
    runs.add_argument("out", type=Path)
    single = commands.add_parser("train")
    single.add_argument("--uids", type=Path, required=True)
    single.add_argument("--checkpoints", required=True, help="images seen, joined by commas")
    single.add_argument("--seed", type=int, default=0)
    single.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "pool":
        write_pool(options.out)
    elif options.command == "runs":
        pools = sorted(path.parent for path in options.results.glob("pools/*/draw-0.npy"))
        rows = [
            {"pool": pool.name, "seed": seed, "samples_seen": seen, "error": error}
            for pool in pools
            for seed in range(3)
            for seen, error in train(pool / "draw-0.npy", CHECKPOINTS, seed)
        ]
        pl.DataFrame(rows).write_csv(options.out)
    else:
        checkpoints = tuple(int(n) for n in options.checkpoints.split(","))
        lines = [
            json.dumps({"samples_seen": seen, "metric": "error_rate", "error": error})
            for seen, error in train(options.uids, checkpoints, options.seed % 2**32)
        ]
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
