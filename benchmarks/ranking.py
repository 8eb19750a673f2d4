"""Rankings at the size of ImageNet, and subset selection against plain numpy: ratios and budgets, in one run.

Targets: 10 rankings of 1.28M samples with correlations under 60 CPU-seconds and 4 GB; self-supervised prototypes of
1.28M x 256 float32 on a memory map with k = 1000 at most 5 % over the library's own calls, without a copy of the map;
k-center greedy and SemDeDup on 100,000 x 256 at least 5 times as fast as the published implementations' algorithms in
plain numpy; a theory curve of 50 points under 10 CPU-seconds at theta = 0 and under 60 at theta > 0.

Run: python benchmarks/ranking.py [--samples 1280000] [--only rankings prototypes k_center semdedup theory]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits

from curation_scaling.laws.perceptron import curve
from curation_scaling.ranking.correlation import correlations
from curation_scaling.ranking.cover import k_center
from curation_scaling.ranking.prototypes import cluster
from curation_scaling.ranking.redundancy import semantic_duplication
from curation_scaling.ranking.select import ranks

DIMENSIONS, CLUSTERS, PASSES, BATCH = 256, 1000, 1, 16_384
SMALL, CHOSEN, GROUPS = 100_000, 1_000, 100


def cpu(call: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def report(name: str, value: str, target: str, good: bool) -> None:
    print(f"{name}: {value} (target {target}): {'reached' if good else 'MISSED'}", flush=True)


def rankings(samples: int) -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=samples)
    scores = {f"metric{i}": base + rng.normal(size=samples) * (1 + i) for i in range(8)}
    scores["forgetting"] = rng.poisson(2, samples).astype(float)  # many ties
    scores["ddd"] = rng.integers(0, 11, samples).astype(float)

    def both() -> None:
        for values in scores.values():
            ranks(values)
        correlations(scores, seed=0)

    seconds, _ = cpu(both)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report(f"{samples} samples x {len(scores)} rankings, correlations", f"{seconds:.1f} CPU-s", "60", seconds < 60)
    report("  peak memory", f"{memory:.2f} GB", "4 GB", memory < 4)


def prototypes(samples: int, folder: Path) -> None:
    path = folder / "embeddings.npy"
    rng = np.random.default_rng(1)
    matrix = np.lib.format.open_memmap(path, "w+", np.float32, (samples, DIMENSIONS))
    centres = rng.normal(size=(CLUSTERS, DIMENSIONS)).astype(np.float32)
    for first in range(0, samples, BATCH):
        part = matrix[first : first + BATCH]
        part[:] = centres[rng.integers(CLUSTERS, size=len(part))] + rng.normal(size=part.shape)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    matrix.flush()
    del matrix
    matrix = np.load(path, mmap_mode="r")

    def direct() -> None:
        model = MiniBatchKMeans(
            CLUSTERS, batch_size=BATCH, init="k-means++", n_init=1, random_state=0, reassignment_ratio=0.0
        )
        for _ in range(PASSES):
            for first in range(0, samples, BATCH):
                model.partial_fit(matrix[first : first + BATCH])
        for first in range(0, samples, BATCH):
            model.transform(matrix[first : first + BATCH]).min(axis=1)

    library, _ = cpu(direct)
    ours, _ = cpu(lambda: cluster(matrix, CLUSTERS, seed=0, passes=PASSES, batch=BATCH))
    ratio = ours / library
    report(f"prototypes of {samples} x {DIMENSIONS}", f"{ours:.1f} against {library:.1f} CPU-s, {ratio:.3f}", "1.05",
           ratio <= 1.05)  # fmt: skip
    private = _anonymous_memory()
    limit = samples * DIMENSIONS * 4 / 2**30
    report("  private memory", f"{private:.2f} GB", f"below the map's {limit:.2f} GB", private < limit)


def _anonymous_memory() -> float:
    """Memory of this process that belongs to no file, GB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in status if line.startswith("RssAnon")) / 2**20


def published_k_center(x: np.ndarray, count: int) -> np.ndarray:
    """The greedy k-center of DeepCore in numpy: all distances to all chosen, and their minimum anew at each step."""
    distances = np.full((count, len(x)), np.inf, np.float32)
    chosen = np.zeros(len(x), bool)
    order = np.empty(count, int)
    order[0] = int(np.argmax(x @ x.mean(axis=0)))
    for i in range(count):
        if i:
            left = np.flatnonzero(~chosen)
            order[i] = left[np.argmax(distances[:i, left].min(axis=0))]
        chosen[order[i]] = True
        distances[i] = np.sqrt(np.maximum(2 - 2 * (x @ x[order[i]]), 0))
    return order


def k_centers() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(SMALL, DIMENSIONS)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    count = 300  # the published algorithm grows with its square: a small count is in its favour
    theirs, expected = cpu(lambda: published_k_center(x, count))
    ours, found = cpu(lambda: k_center(x, count))
    assert isinstance(expected, np.ndarray)
    assert isinstance(found, np.ndarray)
    same = float((expected == found).mean())
    ratio = theirs / ours
    report(f"k-center, {count} of {SMALL} x {DIMENSIONS}", f"{ours:.1f} against {theirs:.1f} CPU-s, {ratio:.1f} times "
           f"({same:.0%} the same)", "5 times", ratio >= 5)  # fmt: skip


def published_semdedup(x: np.ndarray, of: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """SemDeDup's notebook in numpy: whole similarity matrices, upper triangles, the maximum of each column."""
    scores = np.empty(len(x), np.float32)
    for c in range(of.max() + 1):
        members = np.flatnonzero(of == c)
        members = members[np.argsort(-distance[members], kind="stable")]
        similarity = x[members] @ x[members].T
        np.fill_diagonal(similarity, 0)
        scores[members] = np.triu(similarity, 1).max(axis=0)
    return scores


def published_clusters(x: np.ndarray, clusters: int, iterations: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Spherical Lloyd iterations, as many as SemDeDup's configuration asks of faiss; in numpy."""
    rng = np.random.default_rng(0)
    centres = x[rng.choice(len(x), clusters, replace=False)]
    for _ in range(iterations):
        similarity = x @ centres.T
        of = similarity.argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, of, x)
        centres = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    similarity = x @ centres.T
    return similarity.argmax(axis=1), 1 - similarity.max(axis=1)


def semdedup() -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(GROUPS, DIMENSIONS)).astype(np.float32)
    x = centres[rng.integers(GROUPS, size=SMALL)] + rng.normal(size=(SMALL, DIMENSIONS)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    grouping, found = cpu(lambda: published_clusters(x, GROUPS))
    assert isinstance(found, tuple)
    dropping, _ = cpu(lambda: published_semdedup(x, *found))
    ours, _ = cpu(lambda: semantic_duplication(x, GROUPS))
    clustering, _ = cpu(lambda: cluster(x, GROUPS))
    theirs, ratio = grouping + dropping, (grouping + dropping) / ours
    report(f"SemDeDup of {SMALL} x {DIMENSIONS}", f"{ours:.1f} against {theirs:.1f} CPU-s, {ratio:.1f} times",
           "5 times", ratio >= 5)  # fmt: skip
    alone = dropping / max(ours - clustering, 1e-9)
    print(f"  of it the duplicates alone: {ours - clustering:.1f} against {dropping:.1f} CPU-s, {alone:.1f} times")


def theory() -> None:
    loads = np.geomspace(1, 300, 50)
    for degrees, limit in ((0, 10), (20, 60)):
        seconds, found = cpu(lambda degrees=degrees: curve(loads, 0.3, np.deg2rad(degrees)))
        worst = max(s.residual for s in found)  # type: ignore[attr-defined]
        report(f"theory curve of 50 points at {degrees} degrees", f"{seconds:.2f} CPU-s, residual {worst:.0e}",
               f"{limit}", seconds < limit)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_280_000)
    parts = ("rankings", "prototypes", "k_center", "semdedup", "theory")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    options = parser.parse_args()
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        calls: dict[str, Callable[[], None]] = {
            "rankings": lambda: rankings(options.samples),
            "prototypes": lambda: prototypes(options.samples, Path(folder)),
            "k_center": k_centers,
            "semdedup": semdedup,
            "theory": theory,
        }
        for part in options.only:
            calls[part]()


if __name__ == "__main__":
    main()
