"""The template of recycled text: its errors are those of the law that it states, and a rising error is left out."""

import re

import numpy as np
import pytest

from curation_scaling.frontier.curves import predict_pools
from curation_scaling.laws import GoyalEq3
from curation_scaling.laws.saved import SavedFit
from curation_scaling.laws.selection import select_runs
from curation_scaling.runs.imports import import_runs
from study_data import FILES, content, parsed

STATED = FILES["recycled_text"].read_text(encoding="utf-8")


def stated(pool):
    """b and tau of a pool in the head of the study file."""
    slope, half_life = re.search(rf"{pool}\s+b = (-\.\d+)\s+tau = (\d+)", STATED).groups()
    return float(slope), float(half_life)


def test_the_errors_are_those_of_the_stated_law():
    study = content("recycled_text")
    sizes = {pool: float(size) for pool, size in study["pools"]["source"]["sizes"].items()}
    slopes, half_lives = zip(*(stated(pool) for pool in sorted(sizes)), strict=True)
    theta = np.array([[2.0, 1.6, 0.0, *slopes, *half_lives]])
    fit = SavedFit(GoyalEq3(pools=tuple(sorted(sizes)), n0=1e9), theta, theta)
    noise = np.random.Generator(np.random.PCG64(0))
    for points in study["runs"]["points"]:
        pool, seen = points["pool"], [float(n) for n in points["samples_seen"]]
        errors = predict_pools(fit, {pool: {pool: sizes[pool]}}, seen)[0][0]
        errors = errors * np.exp(0.002 * noise.standard_normal(len(seen)))
        if pool == "rewritten":
            errors[-1] *= 1.03
        assert points["error"] == pytest.approx(errors.tolist(), abs=5.1e-5)
    assert "SIMULATED" in STATED.splitlines()[0]


def test_only_the_risen_error_is_left_out():
    study = parsed(content("recycled_text"))
    selected = select_runs(import_runs(study), study.pools.bucket_names, None).filter(role="left_out")
    assert selected.select("pool", "samples_seen").rows() == [("rewritten", 160_000_000_000)]
