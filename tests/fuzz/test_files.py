"""Data files of any content: what they hold, or one sentence that names them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from mutations import VALUES, damages, mutants, survives

from curation_scaling.layout import Layout
from curation_scaling.pools.filter.predicates import predicates
from curation_scaling.pools.ingest.stage import ingest_shards
from curation_scaling.pools.sources.table import read_table
from curation_scaling.ranking.dynamics import dynamics_of, read_dynamics
from curation_scaling.ranking.embeddings import read_embeddings, unit_rows
from curation_scaling.ranking.exchange import keep_file, read_array_scores
from curation_scaling.runs.imports import import_runs
from curation_scaling.study.locate import check_shards
from shard_data import shards_study
from study_data import declared, parsed

here = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
UIDS = [f"{i * 0x123456789ABCDEF:032x}" for i in range(30)]
LABELS = [i % 3 for i in range(30)]
RNG = np.random.default_rng(0)


def parquet(frame: pl.DataFrame, **options: Any) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, **options)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


SAMPLES = pl.DataFrame({"uid": UIDS, "clip": RNG.normal(size=30), "size": range(1, 31), "group": ["a", "b", None] * 10})
DYNAMICS = pl.concat(
    pl.DataFrame({"uid": UIDS, "label": LABELS, "logits": RNG.normal(size=(30, 3)).tolist()}).with_columns(
        epoch=pl.lit(epoch)
    )
    for epoch in (0, 1)
)
EMBEDDINGS = pl.DataFrame({"uid": UIDS, "embedding": RNG.normal(size=(30, 4)).tolist()})
SUBSET = np.array([(i, i + 1) for i in range(9)], np.dtype("u8,u8"))
CURVES = pl.DataFrame({"pool": ["good", "bad"] * 3, "n": [100, 200, 400] * 2, "err": [0.5, 0.4, 0.3] * 2})
EVAL = [
    {"key": key, "dataset": f"d/{key}", "metrics": {"acc1": 0.3 + i / 10, "main_metric": 0.3}}
    for i, key in enumerate(["imagenet1k", "cifar10", "vtab"])
]


def _table(path: Path) -> Any:
    return read_table([path], score="clip", size="size", group="group")


def _shard(path: Path) -> Any:
    short = {"name": "short", "kind": "where", "where": "size > 3 and \"group\" <> 'a'"}
    study = shards_study(path.parent, shards=[path.name], id_form="hex", group="group", filters=[short])
    out = path.parent / "out"
    check_shards(study)
    try:
        ingest_shards(study, Layout(out), "rows", 0)
    finally:
        made = [p for p in out.rglob("*") if p.is_file()]
        assert len(made) in (0, 4), made  # two artifacts with their checksums, or none
        for artifact in made:
            artifact.unlink()
        for folder in sorted(out.rglob("*"), reverse=True):
            folder.rmdir()
        if out.exists():
            out.rmdir()


def _dynamics(path: Path) -> Any:
    return read_dynamics([path])


def _embeddings(path: Path) -> Any:
    _, matrix = read_embeddings(path)
    return unit_rows(matrix)


def _listed(path: Path) -> Any:
    source = shards_study(path.parent, filters=[{"name": "listed", "kind": "ids", "file": path.name}]).pools.source
    return predicates(source, path.parent, late=False)  # type: ignore[arg-type]


def _arrays(path: Path) -> Any:
    return read_array_scores(path, {"score": "score", "more": "more"})


def _curves(path: Path) -> Any:
    study = declared()
    columns = {"pool": "pool", "samples_seen": "n", "error": "err"}
    study["runs"] = study["runs"] | {
        "points": [], "files": [{"format": path.suffix[1:], "file": {"path": str(path)}, "columns": columns}]
    }  # fmt: skip
    return import_runs(parsed(study))


def _eval(path: Path) -> Any:
    study = declared()
    item = {"format": "eval_results", "file": {"path": str(path)}, "task": "imagenet1k", "metric": "acc1"}
    study["runs"] = study["runs"] | {"points": [], "files": [item | {"pool": "good", "samples_seen": 100}]}
    return import_runs(parsed(study))


def _kept(path: Path) -> Any:
    out = [path.parent / f"kept.{ending}" for ending in ("parquet", "npy", "txt")]
    try:
        return keep_file(path, 0.5, "hard", out)
    finally:
        made = {p.name for p in path.parent.glob("kept.*")}
        assert len(made) in (0, 6), made
        for name in made:
            (path.parent / name).unlink()


# name: (file, its bytes, of which the last so many are its footer, and what reads it)
TARGETS: dict[str, tuple[str, bytes, int, Callable[[Path], Any]]] = {
    "table": ("t.parquet", parquet(SAMPLES), 900, _table),
    "table-plain": ("t.parquet", parquet(SAMPLES, compression="uncompressed"), 900, _table),
    "table-csv": ("t.csv", SAMPLES.write_csv().encode(), 0, _table),
    "shard": ("s.parquet", parquet(SAMPLES), 900, _shard),
    "shard-plain": ("s.parquet", parquet(SAMPLES, compression="uncompressed"), 900, _shard),
    "dynamics": ("d.parquet", parquet(DYNAMICS), 900, _dynamics),
    "embeddings": ("e.parquet", parquet(EMBEDDINGS), 700, _embeddings),
    "embeddings-npy": ("e.npy", npy(RNG.normal(size=(6, 3)).astype(np.float32)), 200, _embeddings),
    "ids-npy": ("i.npy", npy(SUBSET), 200, _listed),
    "ids-text": ("i.txt", b"".join(b"%d\n" % i for i in range(9)), 0, _listed),
    "scores-npz": ("a.npz", npz(score=RNG.normal(size=5), more=RNG.normal(size=(5, 2))), 0, _arrays),
    "scores-csv": ("a.csv", b"score,more\n1,2\n3.5,4\n", 0, _arrays),
    "curves": ("c.parquet", parquet(CURVES), 700, _curves),
    "curves-csv": ("c.csv", CURVES.write_csv().encode(), 0, _curves),
    "eval": ("eval_results.jsonl", "".join(json.dumps(row) + "\n" for row in EVAL).encode(), 0, _eval),
    "score-file": ("s.csv", b"image,score\na.png,0.5\nb.png,1\nc.png,-3e2\n", 0, _kept),
    "score-file-bare": ("s.csv", b"a.png,0.5\nb.png,1\nc.png,-3e2\n", 0, _kept),
}


@pytest.mark.parametrize("target", TARGETS)
@here
@given(data=st.data())
def test_damaged_bytes(target: str, data: st.DataObject, tmp_path: Path) -> None:
    name, content, tail, read = TARGETS[target]
    path = tmp_path / name
    path.write_bytes(data.draw(damages(content, tail)))
    survives(lambda: read(path), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_whole_files_are_read(target: str, tmp_path: Path) -> None:
    """The same files without damage: so that the damage is what the sentences are about."""
    name, content, _, read = TARGETS[target]
    path = tmp_path / name
    path.write_bytes(content)
    assert not isinstance(survives(lambda: read(path), tmp_path), str) or target.startswith("score-file")


@here
@given(rows=mutants([EVAL]))
def test_changed_lines_of_eval_results(rows: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "eval_results.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    survives(lambda: _eval(path), tmp_path)


@st.composite
def frames(draw: st.DrawFn, frame: pl.DataFrame) -> pl.DataFrame:
    """A table with values, types, names and rows of some columns changed."""
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(frame.columns))
        match draw(st.integers(0, 6)):
            case 0:
                frame = frame.drop(name) if frame.width > 1 else frame
            case 1:
                frame = frame.with_columns(pl.lit(None, frame.schema[name]).alias(name))
            case 2:
                row, value = draw(st.integers(0, max(frame.height - 1, 0))), draw(st.sampled_from(VALUES))
                values = frame[name].to_list()
                values[row : row + 1] = [value]
                try:
                    frame = frame.with_columns(pl.Series(name, values, strict=False))
                except (TypeError, OverflowError, pl.exceptions.PolarsError):
                    continue  # no column of such values can be written
            case 3:
                to = draw(
                    st.sampled_from([pl.String, pl.Int8, pl.UInt64, pl.Float32, pl.Boolean, pl.Categorical, pl.Date])
                )
                try:
                    frame = frame.with_columns(pl.col(name).cast(to, strict=False))
                except pl.exceptions.PolarsError:
                    continue
            case 4:
                frame = frame.slice(draw(st.integers(0, frame.height)), draw(st.integers(0, frame.height)))
            case 5:
                frame = pl.concat([frame, frame.slice(draw(st.integers(0, frame.height)))])
            case 6 if "x" not in frame.columns:
                frame = frame.rename({name: "x"})
    return frame


FRAMES = {"table": SAMPLES, "shard": SAMPLES, "dynamics": DYNAMICS, "embeddings": EMBEDDINGS, "curves": CURVES}


@pytest.mark.parametrize("target", FRAMES)
@here
@given(data=st.data())
def test_changed_tables(target: str, data: st.DataObject, tmp_path: Path) -> None:
    name, _, _, read = TARGETS[target]
    path = tmp_path / name
    try:
        data.draw(frames(FRAMES[target])).write_parquet(path)
    except pl.exceptions.PolarsError:
        reject()  # no Parquet file can hold it
    survives(lambda: read(path), tmp_path)


@given(frame=frames(DYNAMICS))
def test_changed_frames_of_dynamics(frame: pl.DataFrame) -> None:
    survives(lambda: dynamics_of(frame, "frame"))
