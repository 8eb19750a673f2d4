"""Find the data files that a study names, and check that they are the right ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation_scaling.errors import InputError
from curation_scaling.study.files import DataFile
from curation_scaling.study.keys import samples_keys
from curation_scaling.study.model import Study
from curation_scaling.study.pools import DocstringSource, TableSource
from curation_scaling.study.rerun import Rerun
from curation_scaling.study.runs import CommandTrainer, Import, Train


def path_of(study: Study | Rerun, file: DataFile) -> Path:
    """Where the file should lie: below `data_root`, or where its absolute path says."""
    return Path(study.data_root or ".").expanduser() / Path(file.path).expanduser()


def files_at(path: Path) -> list[Path]:
    """The file at a path, or the JSON files of the folder there, by name."""
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def locate(study: Study | Rerun, file: DataFile) -> Path:
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


def check_present(study: Study | Rerun, file: DataFile) -> None:
    """Raise InputError if the file is missing."""
    path = path_of(study, file)
    if path.is_file() or (isinstance(study, Rerun) and path.is_dir()):
        return
    check = f" (sha256 {file.sha256})" if file.sha256 else ""
    fetch = f"fetch it from {file.url}{check}" if file.url else f"put it there{check}"
    root = "" if path.is_absolute() and not study.data_root else f", and let data_root name the folder with {file.path}"
    raise InputError(f"{path} is missing: {fetch}{root}")


def data_files(study: Study | Rerun) -> Iterator[DataFile]:
    """All data files that the study reads."""
    if isinstance(study, Rerun):
        files = [file for table in study.tables for file in table.files]
        files += [ranking.file for ranking in study.rankings]
        yield from {file.path: file for file in files}.values()
        return
    if isinstance(study.pools.source, TableSource):
        yield from study.pools.source.files
    if isinstance(study.runs, Import):
        yield from (item.file for item in study.runs.files)


def trainer_inputs(study: Study) -> list[Path]:
    """The files that the study's training command reads.

    Raises:
        InputError: if one is missing.
    """
    if not (isinstance(study.runs, Train) and isinstance(study.runs.trainer, CommandTrainer)):
        return []
    paths = [Path(path) for path in study.runs.trainer.inputs]
    for i, path in enumerate(paths):
        if not path.is_file():
            raise InputError(f"{path} is missing: put it there or mend key runs.trainer.inputs[{i}]")
    return paths


def check_inputs(study: Study | Rerun) -> None:
    """Before any job: every data file is there, and imported results, which are small, are the declared ones.

    Raises:
        InputError: for the first file that is not.
    """
    if isinstance(study, Rerun):
        for file in data_files(study):
            locate(study, file)
        from curation_scaling.laws.reproduction.fits import check_laws

        check_laws(study)
        return
    if isinstance(study.pools.source, DocstringSource):
        samples_keys(study)  # every package has a version
    for file in data_files(study):
        check_present(study, file)
    if isinstance(study.runs, Import):
        for item in study.runs.files:
            locate(study, item.file)
    trainer_inputs(study)
