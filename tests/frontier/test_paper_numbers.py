"""A paper's numbers on a study's own pools, where the truth is known."""

import math

import numpy as np
import polars as pl
import pytest

import known_law
from curation_scaling.artifacts import REPRODUCTION, RUNS
from curation_scaling.errors import InputError
from curation_scaling.frontier.published import compare_published
from curation_scaling.laws.stage import fit_laws
from curation_scaling.store import read

TRUTH = dict(zip(known_law.LAW.names, known_law.THETA[0].tolist(), strict=True))
ROW = {"name": "printed", "law": "goyal_eq3", "source": "made", "parameters": TRUTH}
HERE = {"source": "made"}


def numbers(folder, checks, runs=None, **keys):
    published = {"rows": [ROW], "reproduction": [HERE | check for check in checks]} | keys
    study, layout = known_law.collected(folder, published=published, **({"runs": runs} if runs else {}))
    fit_laws(study, layout)
    compare_published(study, layout)
    return study, layout, read(layout.law("reproduction"), REPRODUCTION, study="known")


def points(of, statistic="rmse", **keys):
    return {"kind": "points", "quantity": statistic, "of": of, "pools": ["top2", "all"], "statistic": statistic} | keys


def test_the_true_row_and_the_fit_to_its_runs_meet_the_mixtures(tmp_path):
    checks = [points("printed"), points("goyal_eq3", gamma=0), points("goyal_eq3", gamma=1)]
    _, _, rows = numbers(tmp_path, checks)
    exact, fitted, wrong = rows["refit"]
    assert exact < 1e-12
    assert fitted < 1e-6 < 1e-3 < wrong


def test_intervals_hold_noisy_mixtures(tmp_path):
    runs = known_law.content()["runs"]
    rng = np.random.default_rng(0)
    for one in runs["points"]:
        one["error"] = [error * math.exp(0.01 * rng.normal()) for error in one["error"]]
    checks = [points("goyal_eq3", name) for name in ("coverage", "interval_width", "interval_score")]
    _, layout, rows = numbers(tmp_path, checks, runs=runs)
    inside, width, score = rows["refit"]
    measured = read(layout.runs, RUNS).filter(pl.col("pool").is_in(["top2", "all"]))
    assert measured.height - 2 <= inside <= measured.height  # at level .95
    assert 0.02 < width / measured["error"].mean() < 0.12
    assert score > width if inside < measured.height else score == pytest.approx(width)


def test_a_hidden_point_counts_from_its_interval(tmp_path):
    hidden = {"pool": "top2", "samples_seen": 64000, "lower": 0.5, "upper": 0.6}
    check = points("printed", hidden=True) | {"pools": ["top2"]}
    _, _, rows = numbers(tmp_path, [check], hidden=[hidden])
    predicted = known_law.truth(["top2"], [64000.0])[0, 0]
    assert rows["refit"][0] == pytest.approx((0.5 - predicted) / (len(known_law.SEEN) + 1) ** 0.5, rel=1e-9)


def test_switch_of_a_row_lies_where_the_curves_cross(tmp_path):
    switch = {"kind": "switch", "quantity": "switch", "from_pool": "good", "to_pool": "all", "published": 1e4}
    _, _, rows = numbers(tmp_path, [switch | {"of": "printed", "tolerance": 1e3}, switch | {"of": "goyal_eq3"}])
    for budget in rows["refit"]:
        good, everything = known_law.truth(["good", "all"], [budget])[:, 0]
        assert good == pytest.approx(everything, rel=1e-6)
    assert rows["lower"].is_null().to_list() == [True, False]


def test_parameters_and_regret_of_the_choice(tmp_path):
    checks = [
        {"kind": "parameter", "fit": "goyal_eq3", "published": {"b[good]": -0.35, "tau[poor]": 9.0}, "tolerance": 1e-3},
        {"kind": "regret", "quantity": "regret", "of": "printed"},
    ]
    _, _, rows = numbers(tmp_path, checks)
    assert rows["agrees"].to_list()[:2] == [True, False]
    assert (rows["refit"][2:] == 0).all()
    assert rows.height > 3


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (points("nobody"), r"published\.reproduction\[0\].*neither a printed row nor one of laws\.names"),
        (points("goyal_eq3", gamma=0.3), r"gamma 0\.3 is not among laws\.gammas"),
        (points("printed", "coverage"), "a printed row has no interval"),
        (points("printed") | {"pools": ["elsewhere"]}, "none of elsewhere was measured"),
        ({"kind": "parameter", "fit": "goyal_eq3", "published": {"c": 1}}, "parameter 'c' is not in laws/fits"),
    ],
)
def test_a_check_of_what_is_not_there(tmp_path, check, sentence):
    with pytest.raises(InputError, match=sentence):
        numbers(tmp_path, [check])


def test_a_row_without_all_parameters(tmp_path):
    short = ROW | {"parameters": {k: v for k, v in TRUTH.items() if k != "tau[good]"}}
    with pytest.raises(InputError, match=r"row 'printed' and law goyal_eq3 do not share the parameter 'tau\[good\]'"):
        numbers(tmp_path, [points("printed")], rows=[short])
