"""The stage of the laws, on runs of a known law without noise."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import DRAWS, FITS, MIXTURES, PREDICTIONS, UTILITY
from curation_scaling.errors import InputError
from curation_scaling.laws.stage import fit_laws
from curation_scaling.store import read
from curation_scaling.study import parse_study
from known_law import LAW, SEEN, SIZES, THETA, UNIONS, as_dict, collected, content

ARTIFACTS = ("fits", "draws", "predictions", "mixtures", "holdout", "diagnostics")


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    study, layout = collected(tmp_path_factory.mktemp("known"))
    fit_laws(study, layout)
    return study, layout


def test_the_law_is_found_again(known):
    study, layout = known
    fits = read(layout.law("fits"), FITS, study="known")
    found = as_dict(fits, "parameter", "estimate")
    assert found.pop("n0") == 100
    for name, value in zip(LAW.names, THETA[0], strict=True):
        assert found.pop(name) == pytest.approx(value, rel=1e-5, abs=1e-9), name
    assert not found
    assert read(layout.law("draws"), DRAWS, study="known")["replicate"].n_unique() == study.laws.bootstrap


def test_mixtures_are_predicted_from_single_pools_alone(known):
    _, layout = known
    predictions = read(layout.law("predictions"), PREDICTIONS, study="known")
    assert predictions.height == 2 * (len(SIZES) + len(UNIONS)) * len(SEEN)
    assert set(predictions.filter(role="mixture")["pool"]) == set(UNIONS)
    assert set(predictions.filter(role="fitted")["pool"]) == set(SIZES)
    right = predictions.filter(gamma=0.0)
    assert right["residual"].abs().max() < 1e-6
    assert (right["lower"] <= right["upper"]).all()
    wrong = predictions.filter(gamma=1.0)
    assert wrong.filter(role="mixture")["residual"].abs().max() > 1e-3  # the other rule is another law
    assert wrong.filter(role="fitted")["residual"].abs().max() < 1e-6  # but says the same of single pools


def test_scores_of_the_rules(known):
    _, layout = known
    mixtures = read(layout.law("mixtures"), MIXTURES, study="known")
    right, wrong = (mixtures.filter(gamma=gamma).row(0, named=True) for gamma in (0.0, 1.0))
    assert right["points"] == wrong["points"] == len(UNIONS) * len(SEEN)
    assert right["log_rmse"] < 1e-6 < 1e-3 < wrong["log_rmse"]
    assert right["budgets"] == right["winners_matched"] == len(SEEN)
    assert right["worst_regret"] == 0
    assert as_dict(mixtures, "gamma", "main") == {0.0: True, 1.0: False}


def test_utilities_halve_by_repetition(known):
    _, layout = known
    utility = read(layout.utility, UTILITY, study="known")
    assert utility["repetition"].max() == max(SEEN) // min(SIZES.values()) - 1
    for i, pool in enumerate(LAW.pools):
        rows = utility.filter(pool=pool).sort("repetition")
        slope, tau = -THETA[0, LAW.slope_at(i)], THETA[0, LAW.half_life_at(i)]
        assert rows["utility"].to_numpy() == pytest.approx(
            slope * 0.5 ** (rows["repetition"].to_numpy() / tau), rel=1e-4
        )
        assert (rows["lower"] <= rows["upper"]).all()


def test_the_same_runs_give_the_same_bytes(known, tmp_path):
    _, layout = known
    study, again = collected(tmp_path)
    fit_laws(study, again)
    for name in ARTIFACTS:
        assert again.law(name).read_bytes() == layout.law(name).read_bytes()
    assert again.utility.read_bytes() == layout.utility.read_bytes()


def test_a_law_is_fitted_by_itself(known, tmp_path):
    """Another name in the list leaves the first's estimate and draws."""
    study, layout = collected(tmp_path, laws=content()["laws"] | {"names": ["released_utility", "goyal_eq3"]})
    fit_laws(study, layout)
    for schema, name in ((FITS, "fits"), (DRAWS, "draws")):
        both = read(layout.law(name), schema)
        assert both["law"].unique().sort().to_list() == ["goyal_eq3", "released_utility"]
        assert both.filter(law="goyal_eq3").equals(read(known[1].law(name), schema))


def test_repetitions_beyond_the_limit_are_predicted_but_not_fitted(tmp_path):
    study, layout = collected(tmp_path, laws=content()["laws"] | {"max_repetitions": 8})
    fit_laws(study, layout)
    rows = read(layout.law("predictions"), PREDICTIONS).filter(gamma=0.0)
    assert as_dict(rows.filter(pool="good"), "samples_seen", "role") == {
        n: "fitted" if n <= 8000 else "left_out" for n in SEEN
    }
    assert rows["predicted"].is_finite().all()


def test_nothing_to_fit_is_one_sentence(tmp_path):
    study, layout = collected(tmp_path, laws=content()["laws"] | {"max_repetitions": 0.01})
    with pytest.raises(
        InputError, match=r"no run on a single pool can be fitted: train single pools, or raise laws.max"
    ):
        fit_laws(study, layout)
    assert not layout.law("fits").exists()


def test_runs_of_another_study_are_refused(known):
    _, layout = known
    other = parse_study(content() | {"study": "other"}, "other.yaml")
    with pytest.raises(InputError, match="belongs to the study 'known', not to 'other'"):
        fit_laws(other, layout)


def test_n0_above_the_smallest_pool_is_one_sentence(tmp_path):
    study, layout = collected(tmp_path, laws=content()["laws"] | {"n0": 1500})
    with pytest.raises(
        InputError, match=r"n0 is 1500 samples, but must be above 0 and at most the smallest pool's 1000"
    ):
        fit_laws(study, layout)


def test_inputs_of_the_artifacts_are_recorded(known):
    import pyarrow.parquet as pq

    _, layout = known
    inputs = {pq.read_schema(layout.law(name)).metadata[b"inputs"] for name in ARTIFACTS}
    assert len(inputs) == 1
    assert np.unique(pl.read_parquet(layout.law("fits"))["law"]).tolist() == ["goyal_eq3"]
