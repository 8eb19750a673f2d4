"""The folder of a study's results, before any job: nothing leads out of it, and it belongs to this study."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.store import digest, verify
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.rerun import Rerun


def content_sha256(study: PoolStudy | Rerun) -> str:
    """sha256 (hex) of a study's keys and values; where its data lie does not enter."""
    return digest(study.model_dump(mode="json", exclude={"data_root"}))


def check_moved(study: PoolStudy | Rerun, layout: Layout, snakemake: Path) -> None:
    """Results that came without Snakemake's notes: it cannot tell what a changed study must run again.

    Args:
        study: the study that is to run.
        layout: where its results are.
        snakemake: Snakemake's folder, `.snakemake`.

    Raises:
        InputError: if they are finished, have no notes, and are of other keys than the study's.
    """
    note = base64.urlsafe_b64encode(str(layout.report).encode()).decode()
    if not (layout.provenance.is_file() and layout.report.is_file()) or (snakemake / "metadata" / note).exists():
        return
    verify(layout.provenance)
    if json.loads(layout.provenance.read_text(encoding="utf-8"))["study"]["sha256"] != content_sha256(study):
        raise InputError(
            f"{layout.root} came here without the .snakemake of its old folder, and the study has changed since: bring "
            f".snakemake along, or run the study of {layout.study}, or delete {layout.root}"
        )


def check_folder(layout: Layout) -> None:
    """Hold `results/<study>` to what it may contain.

    `results` and `results/<study>` may themselves be links, to another disk say; below them no link may lead out.

    Raises:
        InputError: if a link below it leads elsewhere.
    """
    if not layout.root.exists():
        return
    home = layout.root.resolve()
    for link in _links(home):
        target = link.resolve()
        if not target.is_relative_to(home):
            raise InputError(
                f"{layout.root / link.relative_to(home)} is a link to {target}: results stay in their folder, remove "
                f"it or link {layout.root} itself"
            )


def _links(folder: Path) -> Iterator[Path]:
    """Every link below a folder; none is followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda found: found.name):
            if entry.is_symlink():
                yield Path(entry.path)
            elif entry.is_dir():
                yield from _links(Path(entry.path))
