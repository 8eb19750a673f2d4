"""The trainings on mixtures of sources as arrays, beside the transport distances of their mixtures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts import RUNS
from curation_scaling.artifacts_sources import DISTANCES
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study.rerun import Rerun

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trainings:
    """One row a training of one size: weights (rows, m), distances at both disclosed sizes, error after all passes."""

    size: int
    weights: Array
    distances: tuple[Array, Array]
    error: Array
    held_out: npt.NDArray[np.bool_]
    names: tuple[str, ...]

    def where(self, rows: npt.NDArray[np.bool_]) -> Trainings:
        """Some of the rows."""
        kept = tuple(name for name, keep in zip(self.names, rows, strict=True) if keep)
        small, large = self.distances
        return Trainings(
            self.size, self.weights[rows], (small[rows], large[rows]), self.error[rows], self.held_out[rows], kept
        )

    def means(self) -> Trainings:
        """One row a mixture, with the mean error."""
        first = [self.names.index(name) for name in dict.fromkeys(self.names)]
        mean = np.array([self.error[[n == self.names[i] for n in self.names]].mean() for i in first])
        rows = np.zeros(len(self.names), bool)
        rows[first] = True
        small, large = self.distances
        return Trainings(
            self.size, self.weights[rows], (small[rows], large[rows]), mean, self.held_out[rows],
            tuple(self.names[i] for i in first),
        )  # fmt: skip


def read_runs(rerun: Rerun, layout: Layout) -> pl.DataFrame:
    """All runs on grids of mixtures, trained or imported."""
    return pl.concat(read(path, RUNS, study=rerun.study) for path in run_paths(rerun, layout))


def run_paths(rerun: Rerun, layout: Layout) -> list[Path]:
    """The files of all runs on grids of mixtures: one a training job, or the imported one."""
    assert rerun.sources is not None
    return [layout.source_runs(*job) for job in rerun.sources.jobs] or [layout.source_runs("imported", 0)]


def last_passes(runs: pl.DataFrame) -> pl.DataFrame:
    """The last evaluation of every run."""
    return runs.filter(pl.col("samples_seen") == pl.col("samples_seen").max().over("run_id"))


def read_distances(rerun: Rerun, layout: Layout) -> dict[str, tuple[tuple[float, ...], float]]:
    """Weights, in the order of the sources, and distance of every mixture at a disclosed size, by its name."""
    assert rerun.sources is not None
    rows = read(layout.source("distances"), DISTANCES, study=rerun.study)
    found: dict[str, tuple[tuple[float, ...], float]] = {}
    for (mixture,), part in rows.group_by("mixture", maintain_order=True):
        by_source = dict(part.select("source", "weight").iter_rows())
        found[str(mixture)] = tuple(by_source[name] for name in rerun.sources.names), part["distance"][0]
    return found


def read_trainings(rerun: Rerun, layout: Layout) -> list[Trainings]:
    """The trainings of every size: the two disclosed sizes first, then the others, rising."""
    assert rerun.sources is not None
    spec, distances = rerun.sources, read_distances(rerun, layout)
    runs = last_passes(read_runs(rerun, layout)).sort("pool", "seed")
    found = []
    for (size,), part in runs.group_by(size_of("pool"), maintain_order=True):
        names = tuple(part["pool"])
        keys = [[f"{name.rpartition('-n')[0]}-n{s}" for name in names] for s in spec.sizes]
        weights = [distances[key][0] for key in keys[0]]
        small, large = (np.array([distances[key][1] for key in side]) for side in keys)
        held = np.array([spec.is_held_out(w) for w in weights])
        found.append(Trainings(int(size), np.array(weights), (small, large), part["error"].to_numpy(), held, names))
    order = {size: i for i, size in enumerate(spec.sizes)}
    return sorted(found, key=lambda one: (order.get(one.size, len(order)), one.size))


def size_of(pool: str) -> pl.Expr:
    """The nominal size of a mixture, from the column with its name."""
    return pl.col(pool).str.extract(r"-n(\d+)$").cast(pl.Int64).alias("size")
