"""All runs of a study in one table."""

from __future__ import annotations

import polars as pl

from curation_scaling.artifacts import RUNS
from curation_scaling.layout import Layout
from curation_scaling.runs.identity import run_identities
from curation_scaling.runs.imports import import_runs
from curation_scaling.store import digest, file_sha256, inputs_digest, read, write
from curation_scaling.study import Study
from curation_scaling.study.keys import import_keys, runs_keys
from curation_scaling.study.locate import data_files, path_of
from curation_scaling.study.runs import Train


def collect_runs(study: Study, layout: Layout) -> None:
    """Write `runs.parquet` from the run files of this study, or from results of trainings done elsewhere."""
    if isinstance(study.runs, Train):
        paths = [layout.run(*identity) for identity in run_identities(study)]
        frame = pl.concat([read(path, RUNS, study=study.study) for path in paths])
        inputs = inputs_digest(runs_keys(study), *paths)
    else:
        frame = import_runs(study)
        inputs = digest(import_keys(study), [file_sha256(path_of(study, file)) for file in data_files(study)])
    write(layout.runs, RUNS, frame, study=study.study, inputs=inputs)
