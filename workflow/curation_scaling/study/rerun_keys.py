"""What each stage of a rerun depends on: its keys, as digests, and the modules that compute it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from curation_scaling.study.rerun import Rerun
from curation_scaling.study.source_keys import SOURCE_KEYS, SOURCE_MODULES


def points_keys(rerun: Rerun) -> dict[str, Any]:
    """How files become points; the files enter by their bytes, not by where they lie."""
    left_out: dict[str, Any] = {"__all__": {"files": {"__all__": {"path", "url"}}, "metric": True}}
    keys: dict[str, Any] = {
        "unit": rerun.unit,
        "tables": rerun.model_dump(mode="json", include={"tables"}, exclude={"tables": left_out}),
    }
    if rerun.trainings is not None:
        part = rerun.trainings
        held_out = [one.name for one in part.sets if one.held_out]
        keys["trainings"] = [training_jobs(rerun), held_out, part.early_stopping]
    if rerun.simulation is not None:
        keys["simulation"] = [rerun.seed, rerun.simulation.model_dump(mode="json")]
    return keys


def training_jobs(rerun: Rerun) -> list[tuple[str, int]]:
    """The set and the draw of every job that trains."""
    part = rerun.trainings
    return [] if part is None else [(one.name, draw) for one in part.sets for draw in range(part.draws)]


def source_keys(rerun: Rerun) -> dict[str, Any]:
    """The source of the trainings, with the versions of the packages that it reads."""
    if rerun.trainings is None:
        return {}
    from curation_scaling.pools.sources.installed import versions

    source = rerun.trainings.source
    return {"seed": rerun.seed, "source": source.model_dump(mode="json"), "versions": versions(source.all_packages)}


def training_keys(rerun: Rerun, set: str, draw: int) -> dict[str, Any]:
    """One set of trainings in one draw."""
    part = rerun.trainings
    assert part is not None
    return {
        "identity": [rerun.seed, draw],
        "trainer": part.trainer.model_dump(mode="json"),
        "rate_exponent": part.rate_exponent,
        "set": part.set_named(set).model_dump(mode="json", exclude={"held_out"}),
        "versions": {p: version(p) for p in ("numpy", "scikit-learn")},
    }


def recipe_keys(rerun: Rerun) -> dict[str, Any]:
    """How the recipe reads its points; known constants stand beside what is found."""
    simulation = rerun.simulation.model_dump(mode="json") if rerun.simulation else None
    return {"recipe": rerun.recipe.model_dump(mode="json") if rerun.recipe else None, "simulation": simulation}


def diversity_keys(rerun: Rerun) -> dict[str, Any]:
    """What is compared and decided."""
    return rerun.model_dump(mode="json", include={"seed", "diversity"}) if rerun.diversity else {}


def domains_keys(rerun: Rerun) -> dict[str, Any]:
    """What is fitted, held apart and chosen."""
    return rerun.model_dump(mode="json", include={"seed", "domains"}) if rerun.domains else {}


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


_KEYS: dict[str, Callable[..., dict[str, Any]]] = {
    "points": points_keys,
    "published-scores": scores_keys,
    "theory": theory_keys,
    "mixing": mixing_keys,
    "teacher-student": teacher_student_keys,
    "selectors": selectors_keys,
    "trainings-source": source_keys,
    "trainings": training_keys,
    "recipe": recipe_keys,
    "diversity": diversity_keys,
    "domains": domains_keys,
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
    "trainings-source": "runs.trainings",
    "trainings": "runs.trainings",
    "recipe": "laws.recipe.stage",
    "diversity": "laws.diversity.stage",
    "domains": "laws.domains.stage",
    "reproduction": "laws.reproduction.stage",
    "reproduction-report": "report.reproduction",
}
# Of every rerun, of one job each; those of sources are in SOURCE_KEYS.
RERUN_STAGES = tuple(stage for stage in _KEYS if stage != "trainings")


def rerun_digest(rerun: Rerun, stage: str, **identity: Any) -> str:
    """Digest of the keys of one job; the workflow's rules carry it, so that a changed key runs the job again."""
    content = SOURCE_KEYS[stage](rerun) if stage in SOURCE_KEYS else _KEYS[stage](rerun, **identity)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def rerun_modules(stage: str) -> list[str]:
    """Modules of this package that compute a stage, by their dotted names below it."""
    return [SOURCE_MODULES[stage] if stage in SOURCE_MODULES else _MODULES[stage]]
