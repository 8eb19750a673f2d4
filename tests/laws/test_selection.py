import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.laws.selection import RISE, select_runs


def runs(**curves):
    """One run a pool and draw: {pool: [[errors of draw 0], [errors of draw 1], ...]}."""
    rows = [
        {"pool": pool, "draw": d, "samples_seen": 100 * 2**i, "repetitions": 0.5 * 2**i, "error": error}
        for pool, draws in curves.items()
        for d, errors in enumerate(draws)
        for i, error in enumerate(errors)
    ]
    return pl.DataFrame(rows)


def roles(frame, pool):
    return frame.filter(pool=pool, draw=0).sort("samples_seen")["role"].to_list()


def test_a_curve_that_rises_is_left_out_from_there_on():
    frame = runs(falls=[[0.5, 0.4, 0.3, 0.2]], rises=[[0.5, 0.4, 0.45, 0.1]], flat=[[0.5, 0.4, 0.403, 0.4]])
    found = select_runs(frame, ["falls", "rises", "flat"], None)
    assert found.drop("role").equals(frame)
    assert roles(found, "falls") == ["fitted"] * 4
    assert roles(found, "rises") == ["fitted", "fitted", "left_out", "left_out"]  # what comes after counts no more
    assert roles(found, "flat") == ["fitted"] * 4  # within the tolerance


def test_the_mean_over_runs_decides():
    frame = runs(a=[[0.5, 0.6, 0.4], [0.5, 0.3, 0.2]], b=[[0.5, 0.4, 0.3], [0.5, 0.6, 0.8]])
    found = select_runs(frame, ["a", "b"], None)
    assert roles(found, "a") == ["fitted"] * 3
    assert roles(found, "b") == ["fitted", "fitted", "left_out"]


def test_mixtures_are_never_fitted_and_never_left_out():
    found = select_runs(runs(a=[[0.5, 0.4]], mix=[[0.4, 0.9]]), ["a"], 0.1)
    assert roles(found, "mix") == ["mixture", "mixture"]
    assert roles(found, "a") == ["left_out", "left_out"]


@given(st.lists(st.floats(0.1, 1), min_size=1, max_size=6), st.sampled_from([None, 0.5, 1.0, 3.0]))
def test_what_is_fitted_does_not_rise_and_does_not_repeat_too_often(errors, most):
    found = select_runs(runs(a=[errors]), ["a"], most).sort("samples_seen")
    kept = found.filter(role="fitted")
    assert (kept["error"] <= (1 + RISE) * kept["error"].cum_min()).all()
    assert most is None or (kept["repetitions"] <= most).all()
    assert kept.height == found.height or set(found["role"][kept.height :]) == {"left_out"}  # a first part, whole
    if most is None and errors == sorted(errors, reverse=True):
        assert kept.height == found.height
