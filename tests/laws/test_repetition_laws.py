import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws_data import HALF_LIVES, POOL_SIZE, POOLS, SLOPES, VARIANTS, five_pools, label, simulated, true_theta

from curation_scaling.errors import InputError
from curation_scaling.laws import GoyalEq3, ReleasedData, ReleasedUtility, fit_law, pool_utility, pool_utility_draws
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.repetition_law import RepetitionLaw


def mixture(law: RepetitionLaw, parts: dict[str, tuple[float, float]], samples: list[float]):
    found = Mixture(tuple(parts), np.array([q for q, _ in parts.values()]), np.array([n for _, n in parts.values()]))
    return law.curves([found.sampled()], np.zeros(len(samples), dtype=np.intp), np.array(samples))


def bound(law: RepetitionLaw) -> RepetitionLaw:
    return law.bind(five_pools())


@pytest.mark.parametrize("law", VARIANTS, ids=label)
@pytest.mark.parametrize("loss", ["log_huber", "log_mse", "mse"])
def test_zero_noise_recovers_every_parameter(law, loss):
    fit = fit_law(law, simulated(law), loss=loss, bootstrap=0)
    truth = true_theta(fit.law)
    moving = [i for i, name in enumerate(fit.law.names) if name != "gamma"]
    assert np.abs(fit.theta / np.where(truth == 0, 1, truth) - 1)[moving].max() < 1e-8


@pytest.mark.parametrize("law", VARIANTS, ids=label)
def test_jacobian_on_mixtures_of_unequal_pools_agrees_with_differences(law):
    law = bound(law)
    design = mixture(
        law, {"top10": (0.2, POOL_SIZE), "top30": (0.3, 2 * POOL_SIZE), "random": (0.5, 3 * POOL_SIZE)}, [3e6, 7e7, 4e8]
    )
    theta = true_theta(law)[None]
    value, jacobian = law.evaluate(theta, design)
    assert np.allclose(value, law.predict(theta, design), rtol=1e-14)
    for i in range(theta.size):
        step = np.zeros_like(theta)
        step[0, i] = 1e-5 * max(abs(theta[0, i]), 0.1)
        difference = (law.predict(theta + step, design) - law.predict(theta - step, design)) / (2 * step[0, i])
        assert np.allclose(difference, jacobian[:, i], rtol=1e-6, atol=1e-9), law.names[i]


def test_without_repetition_decay_the_law_is_the_plain_power_law():
    law = bound(GoyalEq3())
    theta = true_theta(law)
    theta[law.half_life_at(0) :] = np.inf  # delta = 1
    design = law.design(five_pools())
    assert law.n0 is not None
    frame = five_pools()
    slope = np.array([SLOPES[POOLS.index(pool)] for pool in frame["pool"]])
    plain = 0.1 + 0.9 * (frame["samples_seen"].to_numpy() / law.n0) ** slope
    assert np.allclose(law.predict(theta[None], design)[0], plain, rtol=1e-13)


def test_closed_form_of_the_paper_for_one_pool():
    law = bound(GoyalEq3())
    theta = true_theta(law)
    n = 3.4 * POOL_SIZE
    ends = np.array([POOL_SIZE, 2 * POOL_SIZE, 3 * POOL_SIZE, n])
    slopes = SLOPES[0] * 0.5 ** (np.arange(4) / HALF_LIVES[0])
    assert law.n0 is not None
    ratios = ends / np.array([law.n0, *ends[:-1]])
    expected = 0.1 + 0.9 * np.prod(ratios**slopes)
    design = mixture(law, {"top10": (1.0, POOL_SIZE)}, [n])
    assert law.predict(theta[None], design)[0, 0] == pytest.approx(expected, rel=1e-14)


def test_released_utility_as_the_code_writes_it():
    law = bound(ReleasedUtility())
    theta = true_theta(law)
    ends = np.arange(1, 11) * POOL_SIZE
    y = (0.025 * ends[0] / 1e5) ** SLOPES[1] + 0.1
    for j in range(1, 10):
        y *= (ends[j] / ends[j - 1]) ** (SLOPES[1] * 0.5 ** (j / HALF_LIVES[1]))
    design = mixture(law, {"top20": (1.0, POOL_SIZE)}, [ends[-1]])
    assert law.predict(theta[None], design)[0, 0] == pytest.approx(y, rel=1e-13)


def test_released_data_mixture_as_the_code_writes_it():
    law = bound(ReleasedData())
    theta = true_theta(law)
    b, tau = np.array(SLOPES[:2]), 2 * np.array(HALF_LIVES[:2])
    ends = np.arange(1, 6) * 2 * POOL_SIZE
    data, y = 0.0, 1.0
    for j, n in enumerate(ends):
        delta = 0.5 ** (j / tau)
        grown = data + (n - (ends[j - 1] if j else 0)) * delta.mean()
        exponent = (b * delta).sum() / delta.sum()
        y *= (0.022 * grown / 1e5 if j == 0 else grown / data) ** exponent
        data = grown
    design = mixture(law, {"top10": (0.5, POOL_SIZE), "top20": (0.5, POOL_SIZE)}, [float(ends[-1])])
    assert law.predict(theta[None], design)[0, 0] == pytest.approx(y + 0.1, rel=1e-13)


def test_released_variants_reproduce_their_stored_losses():
    # The released utility row on the points of Figure 4: mean over pools of the summed squared error, 2.42e-5.
    points = [
        (0.8405, 0.7720, 0.7410, 0.7225, 0.7142),
        (0.8875, 0.8298, 0.7977, 0.7846, 0.7743),
        (0.9276, 0.8875, 0.8635, 0.8540, 0.8502),
        (0.9600, 0.9402, 0.9280, 0.9250, 0.9202),
        (0.8986, 0.8461, 0.8172, 0.8082, 0.8028),
    ]
    law = bound(ReleasedUtility())
    predicted = law.predict(true_theta(law)[None], law.design(five_pools()))[0].reshape(5, 5)
    assert ((predicted - np.array(points)) ** 2).sum(axis=1).mean() == pytest.approx(2.42e-5, abs=1e-7)


def test_a_printed_row_is_evaluated_as_it_stands():
    runs = simulated(ReleasedUtility(), 0.002)
    law = bound(ReleasedUtility())
    fit = fit_law(ReleasedUtility(), runs, fixed=dict(zip(law.names, true_theta(law), strict=True)), bootstrap=30)
    assert (fit.theta == true_theta(law)).all()
    assert set(fit.parameters["method"]) == {"fixed"}
    mean, run = (fit.predict(runs, kind=kind) for kind in ("mean", "run"))
    assert (mean["lower"] == mean["upper"]).all()
    assert (run["lower"] < run["upper"]).all()
    assert "0 free parameter(s)" in fit.report()


@given(first=st.floats(0.05, 0.95), samples=st.floats(2e6, 1e9), gamma=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_two_parts_of_one_pool_predict_the_whole(first, samples, gamma):
    law = bound(GoyalEq3(n0=1e4))
    theta = true_theta(law)
    theta[law.gamma_at] = gamma
    for i, share in ((0, first), (1, 1 - first)):
        theta[law.slope_at(i)] = SLOPES[0]
        theta[law.half_life_at(i)] = HALF_LIVES[0] * share**gamma
    theta[law.slope_at(2)], theta[law.half_life_at(2)] = SLOPES[0], HALF_LIVES[0]
    names = law.pools
    parts = {names[0]: (first, first * POOL_SIZE), names[1]: (1 - first, (1 - first) * POOL_SIZE)}
    split = law.predict(theta[None], mixture(law, parts, [samples]))
    whole = law.predict(theta[None], mixture(law, {names[2]: (1.0, POOL_SIZE)}, [samples]))
    assert split[0, 0] == pytest.approx(whole[0, 0], rel=1e-11)


@given(order=st.permutations([0, 1, 2]))
@settings(max_examples=6, deadline=None)
def test_order_of_pools_does_not_matter(order):
    parts = [("top10", (0.5, POOL_SIZE)), ("top20", (0.3, POOL_SIZE)), ("top30", (0.2, POOL_SIZE))]
    for law in VARIANTS:
        law = bound(law)
        first = law.predict(true_theta(law)[None], mixture(law, dict(parts), [2e8]))
        other = law.predict(true_theta(law)[None], mixture(law, dict(parts[i] for i in order), [2e8]))
        assert first[0, 0] == other[0, 0]


@given(st.lists(st.floats(1e6, 2e9), min_size=2, max_size=20, unique=True))
@settings(max_examples=30, deadline=None)
def test_error_falls_with_samples(samples):
    for law in VARIANTS:
        law = bound(law)
        design = mixture(law, {"top10": (0.6, POOL_SIZE), "top40": (0.4, 2 * POOL_SIZE)}, sorted(samples))
        predicted = law.predict(true_theta(law)[None], design)[0]
        assert (np.diff(predicted) <= 1e-15).all()


def test_equal_parameters_make_the_variants_a_plain_pool():
    # Two pools with equal b and no decay are one pool, whatever their weights.
    for law in VARIANTS:
        law = bound(law)
        theta = true_theta(law)
        theta[law.slope_at(0) : law.half_life_at(0)] = -0.1
        theta[law.half_life_at(0) :] = np.inf
        one = law.predict(theta[None], mixture(law, {"top10": (1.0, POOL_SIZE)}, [3e8]))
        two = law.predict(theta[None], mixture(law, {"top10": (0.3, POOL_SIZE), "top20": (0.7, POOL_SIZE)}, [3e8]))
        if law.name != "released_utility":  # there d is multiplied by what follows n_1, and n_1 differs
            assert two[0, 0] == pytest.approx(one[0, 0], rel=1e-12)


def test_amplitude_per_pool_is_free_of_n0():
    runs = simulated(GoyalEq3(), noise=0.002, seed=3)
    fits = [
        fit_law(GoyalEq3(n0=n0, pool_amplitudes=True), runs, loss="log_mse", bootstrap=0, fixed={"d": 0.1})
        for n0 in (1e5, 1e7)
    ]
    assert fits[0].objective == pytest.approx(fits[1].objective, rel=1e-8)
    names = fits[0].law.names
    for pool in POOLS:
        a = [fit.theta[names.index(f"a[{pool}]")] for fit in fits]
        b = fits[0].theta[names.index(f"b[{pool}]")]
        assert a[1] == pytest.approx(a[0] * 100**b, rel=1e-5)


def test_gamma_is_fitted_when_there_are_mixture_runs():
    law = bound(GoyalEq3())
    theta = true_theta(law)
    theta[law.gamma_at] = 0.7
    single = [[{"pool": pool, "weight": 1.0, "size": POOL_SIZE}] for pool in POOLS]
    mixed = [[{"pool": pool, "weight": 0.25, "size": POOL_SIZE} for pool in POOLS[:4]]]
    rows = [(parts, n) for parts in single + mixed for n in (2.56e7, 5.12e7, 1.28e8, 2.56e8, 6.4e8)]
    runs = pl.DataFrame({"weights": [p for p, _ in rows], "samples_seen": [n for _, n in rows]})
    runs = runs.with_columns(error=pl.Series(law.predict(theta[None], law.design(runs))[0]))
    fit = fit_law("goyal_eq3", runs, bootstrap=0, fixed={"gamma": None})
    assert fit.theta[fit.law.names.index("gamma")] == pytest.approx(0.7, abs=1e-7)


def test_mixtures_are_predicted_from_bucket_runs_with_another_gamma():
    runs = simulated(GoyalEq3(), noise=0.002, seed=1)
    fit = fit_law("goyal_eq3", runs, bootstrap=40, seed=1)
    ask = pl.DataFrame(
        {
            "weights": [[{"pool": p, "weight": 0.5, "size": POOL_SIZE} for p in POOLS[:2]]] * 2,
            "samples_seen": [1.28e8, 6.4e8],
        }
    )
    plain = fit.predict(ask)
    slower = fit.predict(ask, fixed={"gamma": 1.0})
    assert (slower["predicted"] < plain["predicted"]).all()
    assert (plain["lower"] < plain["predicted"]).all()
    assert fit.predict_draws(ask, fixed={"gamma": 1.0}).shape == (40, 2)
    run = fit.predict(ask, kind="run")
    assert ((run["upper"] - run["lower"]) > (plain["upper"] - plain["lower"])).all()


def test_utility_halves_every_half_life():
    runs = simulated(GoyalEq3())
    fit = fit_law("goyal_eq3", runs, bootstrap=20, loss="log_mse")
    table = pool_utility(fit, [0.0, HALF_LIVES[0]]).filter(pl.col("pool") == "top10")
    assert table["utility"].to_list() == pytest.approx([SLOPES[0], SLOPES[0] / 2], rel=1e-7)
    assert pool_utility_draws(fit, "top10", [0, 1, 2]).shape == (20, 3)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([("top10", 0.5, POOL_SIZE), ("top20", 0.4, POOL_SIZE)], "sum to 0.9, not 1"),
        ([("top10", 0.5, POOL_SIZE), ("top10", 0.5, POOL_SIZE)], "names a pool twice"),
        ([("top10", 0.5, POOL_SIZE), ("top20", 0.5, 0.0)], "size 0"),
        ([("top10", 0.5, POOL_SIZE), ("random", 0.5, POOL_SIZE)], "share samples"),
        ([("top10", 1.5, POOL_SIZE), ("top20", -0.5, POOL_SIZE)], "negative or missing weight"),
        ([("unseen", 1.0, POOL_SIZE)], "no parameters"),
        ([("top10", 1.0, 1e5)], "smaller than the fit"),
        ([], "is empty"),
    ],
)
def test_mixtures_that_cannot_be_sampled_are_refused(parts, sentence):
    law = bound(GoyalEq3(overlaps=(("random", "top10"),)))
    kind = pl.List(pl.Struct({"pool": pl.String, "weight": pl.Float64, "size": pl.Float64}))
    rows = [[{"pool": p, "weight": q, "size": n} for p, q, n in parts]]
    frame = pl.DataFrame({"weights": pl.Series(rows, dtype=kind), "samples_seen": [1e8]})
    with pytest.raises(InputError, match=sentence):
        law.design(frame)


def test_a_pool_that_was_never_repeated_needs_its_half_life_fixed():
    runs = simulated(GoyalEq3())
    runs = runs.with_columns(unique_samples=pl.when(pl.col("pool") == "top10").then(2e8).otherwise(POOL_SIZE))
    with pytest.raises(InputError, match=r"tau\[top10\].*fix it"):
        fit_law("goyal_eq3", runs, bootstrap=0)
    fit = fit_law("goyal_eq3", runs, bootstrap=0, fixed={"tau[top10]": "tau[top20]"})
    assert fit.parameters.filter(parameter="tau[top10]")["method"][0] == "tied to tau[top20]"
