import numpy as np
import polars as pl
import pytest
from laws_data import POOL_SIZE, POOLS, five_pools, simulated, true_theta

from curation_scaling.errors import InputError
from curation_scaling.laws import GoyalAnchored, GoyalEq3, fit_law
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.law import Array
from curation_scaling.laws.repetition_law import RepetitionLaw


def errors(law: RepetitionLaw, theta: Array, parts: dict[str, tuple[float, float]], samples: list[float]) -> Array:
    q, sizes = (np.array([part[i] for part in parts.values()]) for i in (0, 1))
    design = law.curves([Mixture(tuple(parts), q, sizes).sampled()], np.zeros(len(samples), np.intp), np.array(samples))
    return law.predict(theta, design)[0]


def test_it_starts_at_the_untrained_error_and_never_rises():
    law = GoyalAnchored(untrained=0.999).bind(five_pools())
    found = errors(law, true_theta(law)[None], {"top10": (1.0, POOL_SIZE)}, [1e-3, *np.geomspace(1e4, 1e10, 200)])
    assert found[0] == pytest.approx(0.999, abs=1e-9)
    assert (np.diff(found) <= 0).all()


def test_b_is_the_slope_of_a_first_pass_at_n1():
    law = GoyalAnchored(untrained=0.999).bind(five_pools())
    theta = true_theta(law)[None]
    n = POOL_SIZE * np.array([1 - 1e-4, 1 - 3e-4])
    y = errors(law, theta, {"top10": (1.0, POOL_SIZE)}, list(n))
    slope = np.diff(np.log(y - theta[0, 0]))[0] / np.diff(np.log(n))[0]
    assert slope == pytest.approx(theta[0, law.slope_at(law.pools.index("top10"))], rel=1e-3)


def test_far_above_its_onset_it_is_equation_3():
    anchored = GoyalAnchored().bind(five_pools())
    plain = GoyalEq3(n0=1e4).bind(five_pools())
    theta = true_theta(anchored)
    theta[2] = 12.8e3  # s, the smallest that is allowed: a thousandth of n1
    parts = {"top10": (0.5, POOL_SIZE), "top20": (0.5, POOL_SIZE)}
    samples = [1e9, 4e9]
    ratio = np.diff(np.log(errors(anchored, theta[None], parts, samples) - 0.1))
    other = np.delete(theta, 2)
    assert ratio == pytest.approx(np.diff(np.log(errors(plain, other[None], parts, samples) - 0.1)), rel=2e-3)


def test_an_error_above_that_of_an_untrained_model_is_refused():
    runs = simulated(GoyalAnchored(untrained=0.999)).with_columns(error=pl.lit(0.9995))
    with pytest.raises(InputError, match=r"0\.9995, not below that of an untrained model"):
        fit_law(GoyalAnchored(untrained=0.999), runs, bootstrap=0)


@pytest.mark.parametrize("law", [GoyalEq3, GoyalAnchored], ids=lambda law: law.name)
def test_one_half_life_depends_on_the_time_between_two_sights_alone(law):
    bound = law(one_half_life=True).bind(five_pools())
    theta = true_theta(bound)
    theta[bound.gamma_at] = 0.6
    theta[bound.slope_at(0) : bound.half_life_at(0)] = -0.1
    half = {POOLS[0]: (0.5, POOL_SIZE), POOLS[1]: (0.5, POOL_SIZE)}
    whole = {POOLS[2]: (1.0, 2 * POOL_SIZE)}
    samples = [3e7, 3e8]
    assert errors(bound, theta[None], half, samples) == pytest.approx(
        errors(bound, theta[None], whole, samples), rel=1e-12
    )


def test_pools_of_several_sizes_identify_onset_gamma_and_one_half_life():
    law = GoyalAnchored(untrained=0.999, one_half_life=True)
    sizes = {"top10": 1.0, "top20": 1.0, "top30": 4.0, "top40": 10.0, "random": 1.0}
    frame = five_pools().with_columns(
        unique_samples=pl.col("unique_samples") * pl.col("pool").replace_strict(sizes, return_dtype=pl.Float64)
    )
    bound = law.bind(frame)
    theta = true_theta(bound)
    theta[bound.gamma_at] = 0.7
    theta[bound.half_life_at(0)] = 2.5
    runs = frame.with_columns(error=pl.Series(bound.predict(theta[None], bound.design(frame))[0]))
    fit = fit_law(law, runs, bootstrap=0, fixed={"gamma": None}, loss="log_mse")
    assert fit.theta == pytest.approx(theta, rel=1e-6)
