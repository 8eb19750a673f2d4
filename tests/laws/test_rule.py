import re

import numpy as np
import polars as pl
import pytest

import known_law
from curation_scaling.artifacts import COMPARISON, DRAWS, FITS, MIXTURES, PREDICTIONS, RUNS
from curation_scaling.errors import InputError
from curation_scaling.laws.rule import spread, under_rules
from curation_scaling.laws.saved import load_fit
from curation_scaling.laws.stage import analyse
from curation_scaling.store import read
from curation_scaling.study import parse_study


def tables(folder, **laws):
    study, layout = known_law.collected(folder, laws=known_law.content()["laws"] | laws)
    found = analyse(study, read(layout.runs, RUNS))
    return study, {schema.name: frame for schema, frame in found}


def test_a_range_of_gamma_spreads_the_draws_of_the_answers_rule_alone():
    values = spread(0.2, 0.8, 40, 5)
    assert np.allclose(np.sort(values), 0.2 + 0.6 * (np.arange(40) + 0.5) / 40)
    assert (values == spread(0.2, 0.8, 40, 5)).all()
    assert (values != spread(0.2, 0.8, 40, 6)).any()


def test_rules_of_a_study(tmp_path):
    study, found = tables(tmp_path, gamma_range=[0, 1])
    fit = load_fit("goyal_eq3", found[FITS.name], found[DRAWS.name])
    known, other = under_rules(study, fit)
    at = fit.law.gamma_at
    assert (known.gamma, other.gamma) == (0.0, 1.0)
    assert np.ptp(known.draws[:, at]) > 0.9
    assert (other.draws[:, at] == 1).all()
    wide, narrow = (
        found[PREDICTIONS.name]
        .filter(role="mixture", gamma=gamma)
        .select((pl.col("upper") - pl.col("lower")).mean())
        .item()
        for gamma in (0.0, 1.0)
    )
    assert wide > 10 * narrow  # there is no noise: only gamma is unknown


def test_a_joint_fit_finds_gamma_from_the_mixtures(tmp_path):
    study, found = tables(tmp_path, joint=True)
    assert (
        found[COMPARISON.name]["fitted_gamma"].to_list() == [np.float64(0)]
        or abs(found[COMPARISON.name]["fitted_gamma"][0]) < 1e-6
    )
    assert found[MIXTURES.name]["fitted"].all()
    assert found[MIXTURES.name]["log_rmse"][0] < 1e-6
    assert len(list(under_rules(study, load_fit("goyal_eq3", found[FITS.name], found[DRAWS.name])))) == 1


def test_pools_of_the_same_quality_share_b(tmp_path):
    _, found = tables(tmp_path, same_quality={"fair": "good"})
    rows = dict(found[FITS.name].select("parameter", "estimate").iter_rows())
    assert rows["b[fair]"] == rows["b[good]"]


def test_a_range_of_onsets_enters_the_draws(tmp_path):
    laws = {"names": ["goyal_anchored"], "main": "goyal_anchored", "onset": 500, "onset_range": [200, 1000]}
    _, found = tables(tmp_path, **laws, bootstrap=40)
    onset = found[DRAWS.name].filter(parameter="s")["value"]
    assert len(onset) == 40
    assert onset.n_unique() == 20
    assert 200 < onset.min() < 250
    assert 900 < onset.max() < 1000
    assert found[FITS.name].filter(parameter="s")["estimate"].item() == 500


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"gamma_range": [0.5, 1]}, "gamma_range: 0.5 to 1 does not hold gamma = 0"),
        ({"onset_range": [5, 9]}, "onset_range: 5 to 9 does not hold onset = None"),
        ({"same_quality": {"good": "top2"}}, "'top2' is no bucket"),
    ],
)
def test_ranges_must_hold_what_they_are_ranges_of(keys, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        parse_study(known_law.content() | {"laws": known_law.content()["laws"] | keys}, "F.yaml")
