"""Find the data files that a study names, and check that they are the right ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.study.files import DataFile
from curation_scaling.study.keys import samples_keys
from curation_scaling.study.model import PoolStudy, Study
from curation_scaling.study.pools import DocstringSource, TableSource
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.rerun_keys import source_keys
from curation_scaling.study.runs import CommandTrainer, Import, Train
from curation_scaling.study.shard_plan import ShardPlan
from curation_scaling.study.shards import AmongFilter, IdFilter, ShardsSource, WhereFilter


def path_of(study: PoolStudy | Rerun, file: DataFile) -> Path:
    """Where the file should lie: below `data_root`, or where its absolute path says."""
    return Path(study.data_root or ".").expanduser() / Path(file.path).expanduser()


def files_at(path: Path) -> list[Path]:
    """The file at a path, or the JSON files of the folder there, by name."""
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def locate(study: PoolStudy | Rerun, file: DataFile) -> Path:
    """The path of a file whose bytes are the declared ones.

    Raises:
        InputError: if it is missing (then the sentence says where to get it) or has another sha256.
    """
    path = path_of(study, file)
    check_present(study, file)
    if file.sha256 is not None:
        from curation_scaling.store import file_sha256, folder_sha256

        found = folder_sha256(path, "*.json") if path.is_dir() else file_sha256(path)
        if found != file.sha256:
            raise InputError(f"{path} has sha256 {found}, the study wants {file.sha256}: fetch the file again")
    return path


def check_present(study: PoolStudy | Rerun, file: DataFile) -> None:
    """Raise InputError if the file is missing."""
    path = path_of(study, file)
    if path.is_file() or (isinstance(study, Rerun) and path.is_dir()):
        return
    check = f" (sha256 {file.sha256})" if file.sha256 else ""
    fetch = f"fetch it from {file.url}{check}" if file.url else f"put it there{check}"
    root = "" if path.is_absolute() and not study.data_root else f", and let data_root name the folder with {file.path}"
    raise InputError(f"{path} is missing: {fetch}{root}")


def data_files(study: PoolStudy | Rerun) -> Iterator[DataFile]:
    """All data files that the study reads."""
    if isinstance(study, Rerun):
        files = [file for table in study.tables for file in table.files]
        files += [ranking.file for ranking in study.rankings]
        files += study.mixing.files if study.mixing else []
        files += study.sources.files if study.sources else []
        files += [study.selectors.file] if study.selectors else []
        yield from {file.path: file for file in files}.values()
        return
    if isinstance(study.pools.source, TableSource):
        yield from study.pools.source.files
    for pool in study.pools.pruned.values():
        yield from (file for file in (pool.file, pool.dynamics) if file is not None)
    if isinstance(study, Study) and study.regimes is not None and study.regimes.embeddings is not None:
        yield study.regimes.embeddings
    if isinstance(study, Study) and isinstance(study.runs, Import):
        yield from (item.file for item in study.runs.files)


def trainer_inputs(study: PoolStudy) -> list[Path]:
    """The files that the study's training command reads.

    Raises:
        InputError: if one is missing.
    """
    if not (
        isinstance(study, Study) and isinstance(study.runs, Train) and isinstance(study.runs.trainer, CommandTrainer)
    ):
        return []
    paths = [Path(path) for path in study.runs.trainer.inputs]
    for i, path in enumerate(paths):
        if not path.is_file():
            raise InputError(f"{path} is missing: put it there or mend key runs.trainer.inputs[{i}]")
    return paths


def shard_lists(study: PoolStudy) -> list[Path]:
    """The lists of ids and values that filters of shards read."""
    source = study.pools.source
    if not isinstance(source, ShardsSource):
        return []
    root = Path(study.data_root or ".").expanduser()
    return [root / f.file for f in source.filters if isinstance(f, AmongFilter | IdFilter) and f.file is not None]


def check_shards(study: PoolStudy) -> None:
    """Every pattern names shards, every list is there, and every condition can be read.

    Raises:
        InputError: for the first that is not.
    """
    plan = ShardPlan(study)
    check_names([*(shard for shards in plan.tables.values() for shard in shards), *shard_lists(study)])
    for path in shard_lists(study):
        if not path.is_file():
            raise InputError(f"{path} is missing: put the list there or mend pools.source.filters")
    if any(isinstance(f, WhereFilter) for f in plan.source.filters):
        from curation_scaling.pools.filter.predicates import predicates

        for late in (False, True):
            predicates(plan.source, Path(study.data_root or ".").expanduser(), late=late)


def check_disk(study: PoolStudy, layout: Layout) -> str:
    """Say what disk the study takes while it runs; what an earlier start has written already counts.

    Raises:
        InputError: if less than 1.2 times of what is still to be written is free.
    """
    plan = ShardPlan(study)
    there = layout.root if layout.root.is_dir() else Path()
    written = sum(p.stat().st_size for p in (layout.root / "pools").rglob("*") if p.is_file())
    need, free = max(plan.disk - written, 0), shutil.disk_usage(there).free
    if free < 1.2 * need:
        raise InputError(
            f"{layout.root} needs about {need / 1e9:.3g} GB more while the study runs, {free / 1e9:.3g} GB are free: "
            "free 1.2 times the need, or put results/ on another disk"
        )
    return f"{layout.root}: about {need / 1e9:.3g} GB more while the study runs, {free / 1e9:.3g} GB are free"


def check_names(paths: Iterable[Path | str]) -> None:
    """Raise InputError for a path that Snakemake would read as a pattern."""
    for path in map(str, paths):
        if re.search(r"\{[^{}]*\}", path):
            raise InputError(f"{path!r} has braces, which Snakemake reads as a pattern: rename the file or its folder")


def check_inputs(study: PoolStudy | Rerun) -> None:
    """Before any job: every data file is there, and imported results, which are small, are the declared ones.

    Raises:
        InputError: for the first file that is not.
    """
    check_names(path_of(study, file) for file in data_files(study))
    if isinstance(study, Rerun):
        for file in data_files(study):
            locate(study, file)
        from curation_scaling.laws.reproduction.fits import check_laws

        check_laws(study)
        source_keys(study)  # every package of its trainings has a version
        return
    if isinstance(study.pools.source, DocstringSource):
        samples_keys(study)  # every package has a version
    if isinstance(study.pools.source, ShardsSource):
        check_shards(study)
    for file in data_files(study):
        check_present(study, file)
    if isinstance(study, Study) and isinstance(study.runs, Import):
        for item in study.runs.files:
            locate(study, item.file)
    check_names(trainer_inputs(study))
