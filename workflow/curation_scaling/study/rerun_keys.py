"""What each stage of a rerun depends on: its keys, as digests, and the modules that compute it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import SOURCE_KEYS, SOURCE_MODULES


def points_keys(rerun: Rerun) -> dict[str, Any]:
    """How files become points; the files enter by their bytes, not by where they lie."""
    left_out: dict[str, Any] = {"__all__": {"files": {"__all__": {"path", "url"}}, "metric": True}}
    return {
        "unit": rerun.unit,
        "tables": rerun.model_dump(mode="json", include={"tables"}, exclude={"tables": left_out}),
    }


def scores_keys(rerun: Rerun) -> dict[str, Any]:
    """How published scores are read and compared; the files enter by their bytes."""
    left_out = {"__all__": {"file": {"path", "url"}}}
    if not rerun.rankings:
        return {}
    return rerun.model_dump(mode="json", include={"seed", "rankings"}, exclude={"rankings": left_out})


def theory_keys(rerun: Rerun) -> dict[str, Any]:
    """What is computed of the theory."""
    return rerun.model_dump(mode="json", include={"seed", "theory"}) if rerun.theory else {}


def mixing_keys(rerun: Rerun) -> dict[str, Any]:
    """What is fitted and ranked; the files enter by their bytes."""
    if rerun.mixing is None:
        return {}
    files = {"weights": {"path", "url"}, "losses": {"path", "url"}}
    return {
        "seed": rerun.seed,
        "mixing": rerun.mixing.model_dump(mode="json", exclude={"fitted": files, "tests": {"__all__": files}}),
    }


def teacher_student_keys(rerun: Rerun) -> dict[str, Any]:
    """What is simulated."""
    return rerun.model_dump(mode="json", include={"seed", "teacher_student"}) if rerun.teacher_student else {}


def selectors_keys(rerun: Rerun) -> dict[str, Any]:
    """What is fitted and compared; the file enters by its bytes."""
    if rerun.selectors is None:
        return {}
    left_out = {"file": {"path", "url"}}
    return {"seed": rerun.seed, "selectors": rerun.selectors.model_dump(mode="json", exclude=left_out)}


def reproduction_keys(rerun: Rerun) -> dict[str, Any]:
    """The laws, the fits and the published numbers."""
    return rerun.model_dump(mode="json", include={"seed", "formulas", "fits", "reproduction"})


def report_keys(rerun: Rerun) -> dict[str, Any]:
    """The whole study: the report shows it."""
    return rerun.model_dump(mode="json", exclude={"data_root"})


_KEYS: dict[str, Callable[[Rerun], dict[str, Any]]] = {
    "points": points_keys,
    "published-scores": scores_keys,
    "theory": theory_keys,
    "mixing": mixing_keys,
    "teacher-student": teacher_student_keys,
    "selectors": selectors_keys,
    "reproduction": reproduction_keys,
    "reproduction-report": report_keys,
}
_MODULES = {
    "points": "laws.reproduction.points",
    "published-scores": "ranking.published",
    "theory": "laws.perceptron.stage",
    "mixing": "laws.reproduction.mixing",
    "teacher-student": "laws.regimes.simulate",
    "selectors": "laws.reproduction.selectors",
    "reproduction": "laws.reproduction.stage",
    "reproduction-report": "report.reproduction",
}
RERUN_STAGES = tuple(_KEYS)  # of every rerun; those of sources are in SOURCE_KEYS


def rerun_digest(rerun: Rerun, stage: str) -> str:
    """Digest of the keys of one stage; the workflow's rules carry it, so that a changed key runs the stage again."""
    keys = SOURCE_KEYS[stage] if stage in SOURCE_KEYS else _KEYS[stage]
    return hashlib.sha256(json.dumps(keys(rerun), sort_keys=True).encode()).hexdigest()[:16]


def rerun_modules(stage: str) -> list[str]:
    """Modules of this package that compute a stage, by their dotted names below it."""
    return [SOURCE_MODULES[stage] if stage in SOURCE_MODULES else _MODULES[stage]]
