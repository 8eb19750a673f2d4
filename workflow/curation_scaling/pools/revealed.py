"""The stage that reads sources which reveal a part of their samples, with a validation and a test set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from curation_scaling.artifacts_sources import REVEALED, SOURCE_COUNTS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.sources.source import POOL, uniform_by_uid
from curation_scaling.pools.sources.table import read_columns, with_uids
from curation_scaling.seeds import derive_seed
from curation_scaling.store import digest, file_sha256, write
from curation_scaling.study.locate import locate
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import sources_keys
from curation_scaling.study.sources import ClassSource, ImageSources, TableSources

SOURCE, VALIDATION, TEST = "source", "validation", "test"
_KEY = ["uid_hi", "uid_lo"]


def build_sources(rerun: Rerun, layout: Layout) -> None:
    """Write `sources/samples` and `sources/counts`: every sample, and where each row that was read ended.

    Raises:
        InputError: if a class is too small for the sources, a file cannot be read, or features are of no use.
    """
    assert rerun.sources is not None
    samples = rerun.sources.samples
    if isinstance(samples, ImageSources):
        frame, counts = _images(rerun, samples)
    else:
        frame, counts = _tables(rerun, samples)
    check_features(frame)
    inputs = digest(sources_keys(rerun), [file_sha256(locate(rerun, file)) for file in rerun.sources.files])
    frame = frame.with_columns(pl.col("features").cast(pl.List(pl.Float32)))
    write(
        layout.source("samples"),
        REVEALED,
        frame.select(c.name for c in REVEALED.columns),
        study=rerun.study,
        inputs=inputs,
    )
    write(layout.source("counts"), SOURCE_COUNTS, counts, study=rerun.study, inputs=inputs)


def check_features(frame: pl.DataFrame) -> None:
    """Raise InputError if a source, or the validation set, has one point for all its samples, or shares no class.

    Args:
        frame: columns `role`, `source`, `label` (may be null) and `features`, an array of finite numbers.
    """
    there = frame.filter(pl.col("role") == VALIDATION)
    classes = set(there["label"].drop_nulls())
    for (role, name), rows in frame.filter(pl.col("role") != TEST).group_by("role", "source", maintain_order=True):
        where = f"source {name!r}" if role == SOURCE else "the validation set"
        spread = rows["features"].to_numpy().var(axis=0, dtype=np.float64)
        if rows.height < 2 or not spread.any():
            raise InputError(f"{where}: its features have no variance over {rows.height} samples: mend the features")
        if role == SOURCE and classes and not classes & set(rows["label"].drop_nulls()):
            raise InputError(
                f"{where} shares no class with the validation set ({', '.join(map(str, sorted(classes)))}): leave it "
                "out, mend its labels, or leave labels out of the transport (samples.label)"
            )


def _images(rerun: Rerun, spec: ImageSources) -> tuple[pl.DataFrame, pl.DataFrame]:
    from curation_scaling.pools.sources.images import read_sharp

    seed = derive_seed(rerun.seed, "sources")
    read = read_sharp(spec, rerun.data_root, seed)
    frame = read.frame.with_columns(chance=uniform_by_uid(read.frame, derive_seed(seed, "place")))
    pool = frame.filter(pl.col("role") == POOL).sort("label", "chance", *_KEY)
    taken = assign(pool["label"].to_numpy(), spec.sources, spec.validation)
    again = derive_seed(seed, "order")
    pool = pool.with_columns(source=pl.Series(taken), order=uniform_by_uid(pool, again)).sort("order", *_KEY)
    test = frame.filter(pl.col("role") != POOL).with_columns(source=pl.lit(TEST))
    kept = pl.concat([pool.filter(pl.col("source") != "unused").drop("order"), test])
    placed = kept.with_columns(
        place=pl.int_range(pl.len()).over("source"),
        role=pl.when(pl.col("source").is_in([VALIDATION, TEST])).then("source").otherwise(pl.lit(SOURCE)),
    )
    counts = pl.concat([pool.select("source", "label"), test.select("source", "label")])
    assert rerun.sources is not None
    named = placed.with_columns(
        features=_project(placed, spec.dimensions, rerun.sources.sizes[1]),
        source=pl.when(pl.col("role") == SOURCE).then("source").otherwise(pl.lit("")),
    )
    return named, count(counts, read.counts["duplicate"])


def assign(labels: npt.NDArray[np.int32], sources: Mapping[str, ClassSource], validation: int) -> npt.NDArray[np.str_]:
    """Where each sample goes: validation (balanced), a source, or unused.

    Args:
        labels: (n,), sorted; within a class the first samples go to the validation set, then to the sources in order.
        sources: what each source holds.
        validation: size of the validation set.

    Raises:
        InputError: if a class has too few samples, or is not there.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    wanted = {VALIDATION: dict(zip(classes, _parts(validation, np.ones(len(classes))), strict=True))}
    for name, source in sources.items():
        if absent := sorted(set(source.classes) - set(classes.tolist())):
            raise InputError(f"key sources.samples.sources.{name}.classes: no sample is of class {absent[0]}")
        mostly = np.isin(classes, source.classes)
        shares = np.where(mostly, source.share / mostly.sum(), (1 - source.share) / max((~mostly).sum(), 1))
        wanted[name] = dict(zip(classes, _parts(source.size, shares), strict=True))
    taken = np.full(len(labels), "unused", dtype=np.dtype(f"U{max(map(len, [*wanted, 'unused']))}"))
    for label, size, start in zip(classes, sizes, np.searchsorted(labels, classes), strict=True):
        need = [(name, int(parts[label])) for name, parts in wanted.items()]
        if (total := sum(n for _, n in need)) > size:
            raise InputError(
                f"class {label} has {size} samples, the sources and the validation set want {total} "
                f"({', '.join(f'{name} {n}' for name, n in need)}): lower their sizes"
            )
        for name, number in need:
            taken[start : start + number] = name
            start += number
    return taken


def _parts(total: int, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Whole parts of a total in proportion to shares: by largest remainder, ties to the first."""
    exact = total * shares / shares.sum()
    parts: npt.NDArray[np.int64] = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: total - parts.sum()]] += 1
    return parts


def _project(frame: pl.DataFrame, dimensions: int, revealed: int) -> pl.Series:
    """Principal components of the revealed and the validation samples; nothing is learnt from the others."""
    from sklearn.decomposition import PCA

    pixels = frame["features"].to_numpy().astype(np.float32) / np.float32(255)
    seen = ((frame["role"] == VALIDATION) | ((frame["role"] == SOURCE) & (frame["place"] < revealed))).to_numpy()
    if dimensions > min(pixels.shape[1], int(seen.sum())):
        raise InputError(
            f"key sources.samples.dimensions: {dimensions} are more than the {pixels.shape[1]} pixels or the "
            f"{seen.sum()} revealed samples; lower it"
        )
    # The pixels' scale is kept, so that the transport cost is in squared grey levels of a whole image.
    pca = PCA(dimensions, svd_solver="covariance_eigh").fit(pixels[seen])
    return pl.Series(pca.transform(pixels).astype(np.float32), dtype=pl.Array(pl.Float32, dimensions))


def _tables(rerun: Rerun, spec: TableSources) -> tuple[pl.DataFrame, pl.DataFrame]:
    named = [(SOURCE, name, file) for name, file in spec.sources.items()]
    named += [(VALIDATION, "", spec.validation), *([(TEST, "", spec.test)] if spec.test is not None else [])]
    frames, duplicates, seed = [], 0, derive_seed(rerun.seed, "sources", "order")
    for role, name, file in named:
        read = read_features(locate(rerun, file), spec.features, spec.label)
        rows = read.unique(_KEY, keep="first", maintain_order=True)
        duplicates += read.height - rows.height
        # A file may be sorted by anything: the first samples revealed are a random part.
        rows = rows.with_columns(order=uniform_by_uid(rows, seed)).sort("order", *_KEY).drop("order")
        frames.append(
            rows.with_columns(role=pl.lit(role), source=pl.lit(name), place=pl.int_range(pl.len(), dtype=pl.Int64))
        )
        if (width := frames[-1].schema["features"]) != frames[0].schema["features"]:
            raise InputError(f"{file.path}: features of {width}, but {named[0][2].path} has others: embed all alike")
    frame = pl.concat(frames)
    place = pl.when(pl.col("role") == SOURCE).then("source").otherwise("role")
    return frame, count(frame.select(place.alias("source"), "label"), duplicates)


def read_features(path: Path, features: str, label: str | None) -> pl.DataFrame:
    """Columns uid_hi, uid_lo, `label` (null without one) and `features` (array of f32) of a file, in its own order.

    Without a column `uid` a sample's name is the number of its row.

    Raises:
        InputError: if the file cannot be read, or a row has no finite features of the common length, or no class.
    """
    frame = read_columns(path)
    for column in (features, *([label] if label else [])):
        if column not in frame.columns:
            raise InputError(f"{path} has no column {column!r}: it has {', '.join(frame.columns)}")
    kind = frame.schema[features]
    if not isinstance(kind, pl.List | pl.Array) or not kind.inner.is_numeric():
        raise InputError(f"{path}: column {features!r} holds {kind}: a list of numbers a row is needed")
    if frame.is_empty():
        raise InputError(f"{path} has no row: give the samples that are revealed")
    vectors = frame[features].cast(pl.List(pl.Float32), strict=False)
    lengths = vectors.list.len()
    if vectors.null_count() or lengths.n_unique() != 1 or not lengths[0]:
        raise InputError(f"{path}: column {features!r} has rows of several lengths: give all the same dimensions")
    matrix = vectors.list.to_array(int(lengths[0]))
    bad = np.flatnonzero(~np.isfinite(matrix.to_numpy()).all(axis=1))
    if bad.size:
        raise InputError(
            f"{path}: column {features!r}, row {bad[0]} has numbers that are not finite: mend or drop the row"
        )
    labels = pl.repeat(None, frame.height, dtype=pl.Int32, eager=True)
    if label is not None:
        if not frame.schema[label].is_integer() or frame[label].null_count():
            raise InputError(f"{path}: column {label!r} must hold a whole number a row, the class: mend it")
        labels = frame[label].cast(pl.Int32)
    if "uid" not in frame.columns:
        frame = frame.with_columns(uid=pl.int_range(pl.len()))
    return with_uids(frame.select("uid"), str(path)).select(*_KEY, label=labels, features=matrix)


def count(rows: pl.DataFrame, duplicates: int) -> pl.DataFrame:
    """Rows of `sources/counts` from the columns `source` (a place) and `label` of all rows, and dropped duplicates."""
    counted = rows.group_by(pl.col("source").alias("place"), pl.col("label").cast(pl.Int32)).agg(
        samples=pl.len().cast(pl.Int64)
    )
    dropped = pl.DataFrame({"place": ["duplicate"], "label": [None], "samples": [duplicates]}, schema=counted.schema)
    return pl.concat([counted, dropped]) if duplicates else counted
