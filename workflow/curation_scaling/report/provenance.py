"""Where every number comes from: the study, the package, and the digest of every artifact."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import yaml

from curation_scaling import __version__
from curation_scaling.errors import InputError
from curation_scaling.report.markup import Markup, details, element, join, paragraph, table, text
from curation_scaling.store import verify
from curation_scaling.study import PoolStudy, Study


def provenance(study: Study, runs: pl.DataFrame, artifacts: Markup) -> Markup:
    """The sources of the runs, the artifacts, and the study file."""
    parts = [
        paragraph(f"Made by curation-scaling {__version__}, seed {study.seed}."),
        paragraph(f"Runs: {_listed(runs['source'])}. Learning-rate schedule: {_listed(runs['schedule'])}."),
        artifacts,
        study_file(study),
    ]
    return join(parts)


def artifact_table(root: Path, study: str, paths: Iterable[Path]) -> Markup:
    """Rows, package version and digests of artifacts; their bytes are verified, and that they are the study's.

    Raises:
        InputError: if an artifact is damaged, or of another study.
    """
    rows = []
    for path in paths:
        sha256 = verify(path)
        parquet = pq.read_metadata(path)
        metadata = {key.decode(): value.decode() for key, value in (parquet.metadata or {}).items()}
        if (of := metadata.get("study")) != study:
            raise InputError(f"{path} belongs to the study {of!r}, not to {study!r}: delete it")
        name = path.relative_to(root).as_posix()
        rows.append(
            [
                name,
                str(parquet.num_rows),
                metadata.get("version", "–"),
                metadata.get("inputs", "–")[:16],
                sha256[:16],
            ]
        )
    headers = ["Artifact", "Rows", "Package version", "Digest of its inputs", "sha256 of its bytes"]
    return table("Artifacts behind this report (digests: the first 16 digits)", headers, rows, words=(0, 2, 3, 4))


def study_file(study: PoolStudy) -> Markup:
    """The study with every default filled in. `data_root` is left out: where data lie does not change the results."""
    content = yaml.safe_dump(study.model_dump(mode="json", exclude={"data_root"}), sort_keys=False, allow_unicode=True)
    code = element("pre", text(content), tabindex="0", aria_label="The study file")
    return details("The study file, with every default filled in", code)


def _listed(values: Iterable[str]) -> str:
    return "; ".join(sorted(set(values)))
