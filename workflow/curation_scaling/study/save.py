"""The study as it was run: merged, with every default filled in."""

from __future__ import annotations

import yaml

from curation_scaling.layout import Layout
from curation_scaling.store import atomic
from curation_scaling.study.model import PoolStudy
from curation_scaling.study.rerun import Rerun


def study_text(study: PoolStudy | Rerun) -> str:
    """The study as YAML."""
    return yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def save_study(study: PoolStudy | Rerun, layout: Layout) -> None:
    """Write `results/<study>/study.yaml`, unless it already says the same."""
    text = study_text(study)
    if not layout.study.is_file() or layout.study.read_text(encoding="utf-8") != text:
        with atomic(layout.study) as file:
            file.write(text.encode())
