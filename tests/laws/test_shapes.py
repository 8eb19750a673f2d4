"""Curves that rise: told by their shape, and refused for laws that can only fall."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import PREDICTIONS
from curation_scaling.errors import InputError
from curation_scaling.laws import BrokenPower, Power
from curation_scaling.laws.shapes import curve_shapes, refuse_odd_curves, shape_of
from curation_scaling.laws.stage import fit_laws
from curation_scaling.store import read
from known_law import SEEN, collected, content

CURVES = {
    "falling": [[0.5, 0.4, 0.3], [0.5, 0.4, 0.403], [0.5, 0.45]],
    "flat": [[0.5], [0.5, 0.502, 0.499]],
    "rising": [[0.3, 0.4, 0.5], [0.3, 0.299, 0.4], [0.3, 0.31]],
    "u_shaped": [[0.5, 0.3, 0.4], [0.5, 0.4, 0.6], [0.5, 0.2, 0.25, 0.22]],
    "hump": [[0.4, 0.5, 0.3], [0.5, 0.3, 0.4, 0.2], [0.3, 0.5, 0.301]],
}


@pytest.mark.parametrize(("name", "curve"), [(name, curve) for name, curves in CURVES.items() for curve in curves])
def test_the_shape_of_a_curve(name, curve):
    found = shape_of(np.array(curve))
    assert found.name == name
    changes = [b / a - 1 for i, a in enumerate(curve) for b in curve[i + 1 :]]
    assert found.rise == pytest.approx(max([0.0, *changes]))


def test_what_noise_makes_is_no_shape():
    u = np.array([0.5, 0.3, 0.33])
    assert shape_of(u, np.full(3, 0.005)).name == "u_shaped"
    assert shape_of(u, np.full(3, 0.05)).name == "falling"
    rng = np.random.default_rng(0)
    flat = [shape_of(0.5 * np.exp(0.05 * rng.standard_normal(7)), np.full(7, 0.05)).name for _ in range(1000)]
    assert flat.count("flat") >= 980  # one in a hundred is the stated share


def frame(**curves):
    rows = [(pool, 100 * 2**i, e) for pool, errors in curves.items() for i, e in enumerate(errors)]
    return pl.DataFrame(rows, schema=["pool", "samples_seen", "error"], orient="row")


def test_laws_that_only_fall_refuse_what_rises():
    runs = frame(good=[0.5, 0.4, 0.3], u=[0.5, 0.3, 0.36])
    says = (
        r"pool 'u': its mean error falls and then rises \(U-shaped\), by 20.0% from 200 to 400 samples seen, which law"
    )
    with pytest.raises(InputError, match=says):
        refuse_odd_curves(Power(), runs)
    refuse_odd_curves(BrokenPower(), runs)
    refuse_odd_curves(Power(), runs, shapes=("rising",))
    refuse_odd_curves(Power(), runs.filter(pool="good"))
    assert curve_shapes(runs)["least_at"].to_list() == [400, 200]
    with pytest.raises(InputError, match=r"pool 'a' \(and 1 more\): its mean error rises from its first evaluation on"):
        refuse_odd_curves(Power(), frame(a=[0.3, 0.4], b=[0.1, 0.2, 0.3]))


def with_curve(pool, change):
    """The known law's study, with one pool's errors changed."""
    made = content()
    points = made["runs"]["points"]
    at = next(i for i, item in enumerate(points) if item["pool"] == pool)
    points[at] = points[at] | {"error": change(points[at]["error"])}
    return made["runs"]


def upturned(errors):
    return [*errors[:4], *(errors[3] * (1 + 0.2 * i) for i in range(1, len(errors) - 3))]


def test_a_u_shape_is_left_out_or_refused_as_the_study_says(tmp_path):
    runs = with_curve("good", upturned)
    study, layout = collected(tmp_path / "out", runs=runs)
    fit_laws(study, layout)
    roles = read(layout.law("predictions"), PREDICTIONS).filter(gamma=0.0, pool="good").sort("samples_seen")["role"]
    assert roles.to_list() == ["fitted"] * 4 + ["left_out"] * (len(SEEN) - 4)
    strict = content()["laws"] | {"odd_curves": "refuse"}
    study, layout = collected(tmp_path / "refused", runs=runs, laws=strict)
    with pytest.raises(InputError, match=r"pool 'good': its mean error falls and then rises \(U-shaped\)"):
        fit_laws(study, layout)
    assert not layout.law("fits").exists()
    study, layout = collected(tmp_path / "capped", runs=runs, laws=strict | {"max_repetitions": 4})
    fit_laws(study, layout)  # what the cap leaves falls


def test_a_pool_that_only_rises_is_refused_always(tmp_path):
    study, layout = collected(tmp_path, runs=with_curve("poor", lambda errors: errors[::-1]))
    with pytest.raises(InputError, match="pool 'poor': its mean error rises from its first evaluation on"):
        fit_laws(study, layout)
