"""A study file from a path: what `curation-scaling new` does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import yaml

from curation_scaling.artifacts import EDGES
from curation_scaling.draft.columns import RUNS, recognise
from curation_scaling.draft.runs import TASK, Pools, draft_evals, draft_runs
from curation_scaling.draft.samples import draft_datacomp, draft_samples
from curation_scaling.draft.words import QUESTION
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.store import atomic, read
from curation_scaling.study import PoolStudy, Rerun, load_study, parse_study
from curation_scaling.study.base import NAME

KINDS = ("parquet", "csv", "datacomp", "eval-jsonl")
_ENDINGS = {"parquet": ".parquet", "csv": ".csv", "datacomp": ".parquet", "eval-jsonl": ".jsonl"}
STUDIES = Path("config/studies")


@dataclass(frozen=True)
class Draft:
    """A study file as text, valid as it stands."""

    name: str
    text: str

    @property
    def questions(self) -> list[str]:
        """The guesses to look at, as they stand beside their lines."""
        return [line.split(QUESTION, 1)[1].strip() for line in self.text.splitlines() if f"# {QUESTION}" in line]


def draft_study(
    name: str,
    kind: str,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    sizes: Mapping[str, float] | None = None,
    pools: Path | None = None,
) -> Draft:
    """Draft a study from a file or a folder of files.

    Args:
        name: of the study.
        kind: parquet or csv (a table of samples with a score, or of runs with an error: the columns tell), datacomp
            (metadata shards) or eval-jsonl (DataComp's eval_results.jsonl, one a model).
        columns: role: column, where the columns' names do not tell; for eval-jsonl the role task.
        sizes: unique samples of pools, for runs.
        pools: results of the study that cut the pools that the runs were trained on.

    Raises:
        InputError: if the path or its columns do not carry such a study; the sentence says what is missing.
    """
    given = dict(columns or {})
    if not re.match(NAME, name):
        raise InputError(f"{name!r} cannot name a study: letters, digits, _ and -, the first a letter or digit")
    if kind not in KINDS:
        raise InputError(f"--from {kind}: the choices are {', '.join(KINDS)}")
    files = _files(path, _ENDINGS[kind])
    known = _pools(pools, sizes or {})
    if kind == "datacomp":
        text = _safely(path, lambda: draft_datacomp(name, path, files, given))
    elif kind == "eval-jsonl":
        text = draft_evals(name, path, files, known, given.get("task", TASK))
    else:
        text = _safely(path, lambda: _table(name, kind, path, files, given, known))
    parse_study(yaml.safe_load(text), "the draft")
    return Draft(name, text)


def write_draft(draft: Draft, path: Path | None = None) -> Path:
    """Write the draft to `path`; default config/studies/<name>.yaml, or here where there is no such folder.

    Raises:
        InputError: if the file exists, or cannot be written.
    """
    target = path or (STUDIES if STUDIES.is_dir() else Path()) / f"{draft.name}.yaml"
    if target.exists():
        raise InputError(f"{target} is already there: choose another name, or --out")
    with atomic(target) as file:
        file.write(draft.text.encode())
    return target


def _table(name: str, kind: str, path: Path, files: list[Path], given: Mapping[str, str], known: Pools) -> str:
    scan = pl.scan_parquet if kind == "parquet" else pl.scan_csv
    frame: pl.LazyFrame = scan(files)
    found = recognise(list(frame.collect_schema()), RUNS, {r: c for r, c in given.items() if r in RUNS}, str(path))
    runs = {"pool", "samples_seen"} <= found.keys() and ("error" in found or "accuracy" in found)
    if not runs:
        return draft_samples(name, path, files, frame, given)
    if len(files) > 1:
        raise InputError(f"{path} holds {len(files)} files of runs: name one file")
    return draft_runs(name, files[0], frame, given, known)


def _files(path: Path, ending: str) -> list[Path]:
    pattern = "**/*" if ending == ".jsonl" else "*"
    files = sorted(path.glob(f"{pattern}{ending}")) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        below = next(path.rglob(f"*{ending}"), None) if path.is_dir() else None
        hint = f"name {below.parent}, which does" if below else "name a file or a folder with some"
        raise InputError(f"{path} holds no {ending} file: {hint}")
    if path.is_file() and path.suffix != ending:
        raise InputError(f"{path} does not end in {ending}: name another file, or another --from")
    return files


def _pools(results: Path | None, sizes: Mapping[str, float]) -> Pools:
    """Sizes and unions of the study that cut the pools."""
    if results is None:
        return Pools(sizes, {})
    layout = Layout(results)
    study = load_study(layout.study)
    if isinstance(study, Rerun):
        raise InputError(f"{results} is a rerun: it cuts no pools")
    assert isinstance(study, PoolStudy)
    edges = read(layout.edges, EDGES, study=study.study)
    means = edges.group_by("pool").agg(pl.col("size").mean().round(), pl.min("bucket")).sort("bucket")
    return Pools(dict(means.select("pool", "size").iter_rows()) | dict(sizes), study.pools.joined, study.unit)


def _safely(path: Path, made: Callable[[], str]) -> str:
    try:
        return made()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read ({str(error).splitlines()[0]}): fetch it again") from None
