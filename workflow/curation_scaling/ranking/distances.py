"""The stage that transports mixtures of sources to the validation set, at both disclosed sizes."""

from __future__ import annotations

import numpy as np
import polars as pl

from curation_scaling.artifacts_sources import DISTANCES, REVEALED
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.mixture_table import all_mixtures
from curation_scaling.pools.revealed import VALIDATION
from curation_scaling.progress import progress
from curation_scaling.ranking.transport import Cloud, Transport
from curation_scaling.store import file_sha256, inputs_digest, read, write
from curation_scaling.study.locate import locate
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import distances_keys
from curation_scaling.study.sources import mixture_name


def build_distances(rerun: Rerun, layout: Layout) -> None:
    """Write `sources/distances`: at both disclosed sizes the cost of every mixture that is trained at any size.

    Raises:
        InputError: if a source reveals fewer samples than a mixture needs.
    """
    assert rerun.sources is not None
    spec = rerun.sources
    transport = read_transport(rerun, layout)
    mixtures = [(size, weights) for size in spec.sizes for weights in all_mixtures(rerun)]
    for name, cost, i in zip(spec.names, transport.costs, range(len(spec.names)), strict=True):
        needed = max(round(size * weights[i]) for size, weights in mixtures)
        if needed > len(cost):
            raise InputError(
                f"source {name!r} reveals {len(cost)} samples, a mixture of key sources.sizes needs {needed}: lower "
                "the sizes, or reveal more"
            )
    rows = []
    for size, weights in progress(mixtures, "mixtures transported"):
        solved = transport.solve(weights, size)
        rows += [
            (mixture_name(weights, size), size, name, weight, solved.distance, float(slope))
            for name, weight, slope in zip(spec.names, weights, solved.gradient, strict=True)
        ]
    frame = pl.DataFrame(rows, schema=[c.name for c in DISTANCES.columns], orient="row")
    read_files = [file_sha256(locate(rerun, file)) for file in spec.files]
    inputs = inputs_digest(distances_keys(rerun) | {"read": read_files}, layout.source("samples"))
    write(layout.source("distances"), DISTANCES, frame, study=rerun.study, inputs=inputs)


def read_transport(rerun: Rerun, layout: Layout) -> Transport:
    """The costs from what each source reveals (its first `sizes[1]` samples) to the validation set."""
    assert rerun.sources is not None
    frame = read(layout.source("samples"), REVEALED, study=rerun.study)
    clouds = [
        _cloud(frame.filter((pl.col("source") == name) & (pl.col("place") < rerun.sources.sizes[1])))
        for name in rerun.sources.names
    ]
    return Transport.between(clouds, _cloud(frame.filter(pl.col("role") == VALIDATION)))


def _cloud(rows: pl.DataFrame) -> Cloud:
    rows = rows.sort("place")
    labels = None if rows["label"].null_count() else rows["label"].to_numpy()
    features = rows["features"].list.to_array(len(rows["features"][0])).to_numpy()
    return Cloud(features.astype(np.float64), labels)
