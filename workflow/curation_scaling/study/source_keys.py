"""What each stage of the `sources` part depends on: its keys, and the modules that compute it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from curation_scaling.study.rerun import Rerun
from curation_scaling.study.sources import ImportMixtures, Sources, TableSources

_PLACE = {"path", "url"}  # files enter by their bytes


def sources_keys(rerun: Rerun) -> dict[str, Any]:
    """What the sources are, and how much of them is revealed."""
    samples = _sources(rerun).samples
    if isinstance(samples, TableSources):
        left_out: Any = {"sources": {"__all__": _PLACE}, "validation": _PLACE, "test": _PLACE, "sizes": True}
    else:
        left_out = {"folder", "download"}
    keys = samples.model_dump(mode="json", exclude=left_out)
    return {"seed": rerun.seed, "samples": keys, "revealed": _sources(rerun).sizes[1], "numpy": version("numpy")}


def grid_keys(rerun: Rerun) -> dict[str, Any]:
    """Which mixtures are trained, at which sizes."""
    spec = _sources(rerun)
    if isinstance(spec.runs, ImportMixtures):
        runs = spec.runs.model_dump(mode="json", exclude={"file": _PLACE})
    else:
        runs = spec.runs.model_dump(mode="json", include={"kind", "steps", "larger", "larger_steps"})
    return {"names": spec.names, "sizes": spec.sizes, "runs": runs}


def distances_keys(rerun: Rerun) -> dict[str, Any]:
    """The mixtures, and the transport."""
    return {**grid_keys(rerun), "pot": version("pot")}


def training_keys(rerun: Rerun) -> dict[str, Any]:
    """The mixtures of a training job, and the trainer."""
    spec = _sources(rerun)
    if isinstance(spec.runs, ImportMixtures):
        return grid_keys(rerun)
    runs = spec.runs.model_dump(mode="json", exclude={"seeds", "larger"})
    packages = {p: version(p) for p in ("numpy", "scikit-learn")}
    return {"seed": rerun.seed, "names": spec.names, "disclosed": spec.sizes, "runs": runs, "versions": packages}


def choice_runs_keys(rerun: Rerun) -> dict[str, Any]:
    """The trainer of the choices, and their size."""
    return {**training_keys(rerun), "size": _sources(rerun).choose.size}


def laws_keys(rerun: Rerun) -> dict[str, Any]:
    """What is fitted and held out."""
    spec = _sources(rerun)
    keys = spec.model_dump(mode="json", include={"held_out", "repetition", "bootstrap", "level"})
    return {"seed": rerun.seed, **grid_keys(rerun), **keys}


def weights_keys(rerun: Rerun) -> dict[str, Any]:
    """What is chosen, from which forms."""
    spec = _sources(rerun)
    samples = spec.samples
    held = samples.sizes if isinstance(samples, TableSources) else {}
    keys = spec.choose.model_dump(mode="json", include={"size", "form"})
    return {**distances_keys(rerun), "choose": keys, "level": spec.level, "held": held}


def choices_keys(rerun: Rerun) -> dict[str, Any]:
    """Which choices are judged."""
    spec = _sources(rerun)
    return {"choose": spec.choose.model_dump(mode="json"), "level": spec.level}


SOURCE_KEYS = {
    "sources": sources_keys,
    "source-distances": distances_keys,
    "source-runs": training_keys,
    "source-import": training_keys,
    "source-laws": laws_keys,
    "source-weights": weights_keys,
    "source-choice-runs": choice_runs_keys,
    "source-choices": choices_keys,
}
SOURCE_MODULES = {
    "sources": "pools.revealed",
    "source-distances": "ranking.distances",
    "source-runs": "runs.mixed",
    "source-import": "runs.mixed",
    "source-laws": "laws.sources.compare",
    "source-weights": "laws.sources.choose",
    "source-choice-runs": "runs.mixed",
    "source-choices": "laws.sources.choices",
}


def _sources(rerun: Rerun) -> Sources:
    assert rerun.sources is not None
    return rerun.sources
