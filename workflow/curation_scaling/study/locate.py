"""Find the data files that a study names, and check that they are the right ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation_scaling.errors import InputError
from curation_scaling.study.files import DataFile
from curation_scaling.study.model import Study
from curation_scaling.study.pools import TableSource
from curation_scaling.study.runs import CommandTrainer, Import, Train


def path_of(study: Study, file: DataFile) -> Path:
    """Where the file should lie: below `data_root`, or where its absolute path says."""
    return Path(study.data_root or ".") / file.path


def locate(study: Study, file: DataFile) -> Path:
    """The path of a file whose bytes are the declared ones.

    Raises:
        InputError: if it is missing (then the sentence says where to get it) or has another sha256.
    """
    path = path_of(study, file)
    check_present(study, file)
    if file.sha256 is not None:
        from curation_scaling.store import file_sha256

        found = file_sha256(path)
        if found != file.sha256:
            raise InputError(f"{path} has sha256 {found}, the study wants {file.sha256}: fetch the file again")
    return path


def check_present(study: Study, file: DataFile) -> None:
    """Raise InputError if the file is missing."""
    path = path_of(study, file)
    if path.is_file():
        return
    origin = f" from {file.url}" if file.url else ""
    check = f" (sha256 {file.sha256})" if file.sha256 else ""
    root = "data_root" if study.data_root else "data_root, which the study does not set,"
    raise InputError(f"{path} is missing: let {root} name the folder that holds {file.path}{origin}{check}")


def data_files(study: Study) -> Iterator[DataFile]:
    """All data files that the study reads."""
    if isinstance(study.pools.source, TableSource):
        yield from study.pools.source.files
    if isinstance(study.runs, Import):
        yield from (item.file for item in study.runs.files)


def check_inputs(study: Study) -> None:
    """Before any job: every data file is there, and imported results, which are small, are the declared ones.

    Raises:
        InputError: for the first file that is not.
    """
    for file in data_files(study):
        check_present(study, file)
    if isinstance(study.runs, Import):
        for item in study.runs.files:
            locate(study, item.file)
    if isinstance(study.runs, Train) and isinstance(study.runs.trainer, CommandTrainer):
        for i, path in enumerate(study.runs.trainer.inputs):
            if not Path(path).is_file():
                raise InputError(f"{path} is missing: put it there or mend key runs.trainer.inputs[{i}]")
