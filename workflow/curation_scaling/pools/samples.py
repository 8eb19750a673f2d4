"""The first stage: read the source, score its samples, and count what became of each row."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curation_scaling.artifacts import SAMPLES
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.ledger import write_json
from curation_scaling.pools.sources.source import REFERENCE, Source
from curation_scaling.seeds import derive_seed
from curation_scaling.store import file_sha256, inputs_digest, write
from curation_scaling.study import PoolStudy
from curation_scaling.study.keys import samples_keys
from curation_scaling.study.locate import locate, path_of
from curation_scaling.study.pools import DocstringSource, ImageSource, TableSource


def build_samples(study: PoolStudy, layout: Layout) -> None:
    """Read the source, score its samples, and write them with the count of what became of each row."""
    source = _read_source(study)
    frame = source.frame
    if "score" not in frame.columns:
        frame = frame.with_columns(score=_score(study, frame))
    read = _bytes_of_tables(study)
    report = {"counts": source.counts, "provenance": source.provenance} | ({"files": read} if read else {})
    write_json(layout.source_counts, report, study=study.study)
    inputs = inputs_digest(samples_keys(study) | {"read": read})
    write(layout.samples, SAMPLES, frame, study=study.study, inputs=inputs)


def _read_source(study: PoolStudy) -> Source:
    source, seed = study.pools.source, derive_seed(study.seed, "source")
    options = source.model_dump(exclude={"kind", "files", "folder"})
    if isinstance(source, ImageSource):
        from curation_scaling.pools.sources.images import read_images

        folder = None if source.folder is None else Path(study.data_root or ".") / source.folder
        return read_images(**options, seed=seed, folder=folder, cache=Path("data/fashion_mnist"))
    if isinstance(source, DocstringSource):
        from curation_scaling.pools.sources.docstrings import read_docstrings

        return read_docstrings(**options, seed=seed)
    if isinstance(source, TableSource):
        from curation_scaling.pools.sources.table import read_table

        return read_table([locate(study, file) for file in source.files], **options)
    raise InputError("key pools.source.kind: declared pools have no samples; import their runs")


def _bytes_of_tables(study: PoolStudy) -> list[str]:
    source = study.pools.source
    return [file_sha256(path_of(study, f)) for f in source.files] if isinstance(source, TableSource) else []


def _score(study: PoolStudy, frame: pl.DataFrame) -> pl.Series:
    score = study.pools.score
    assert score is not None  # the study's own check: all sources but tables name a score
    if score.kind == "sharpness":
        from curation_scaling.pools.scores.sharpness import score_sharpness

        return pl.Series(score_sharpness(frame))
    from curation_scaling.pools.scores.ngram import score_ngram

    return pl.Series(score_ngram(frame, frame.filter(pl.col("role") == REFERENCE), order=score.order))
