"""Every law in the registry: its Jacobian, and its recovery of a truth without noise."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.laws import LAWS, BrokenPower, Law, fit_law, law_named

# One true parameter vector a law, near the published values.
TRUTH: dict[str, dict[str, float]] = {
    "power": {"a": 5.0, "b": -0.3},
    "saturating_power": {"a": 8.0, "b": -0.35, "d": 0.1},
    "shifted_power": {"A": 9.0, "B": 2e5, "alpha": 0.4, "E": 0.12},
    "m1": {"beta": 5.0, "c": -0.3},
    "m2": {"beta": 8.0, "c": -0.35, "eps_inf": 0.1},
    "m3": {"beta": 5.0, "gamma": 1e-8, "c": 0.3},
    "m4": {"beta": 300.0, "c": -0.5, "eps_inf": 0.1, "span": 0.85, "alpha": 0.7},
    "broken_power": {"a": 0.05, "b": 2.0, "c0": 0.1, "c1": 0.4, "d1": 2e6, "f1": 0.3},
    "three_regions": {"g": 0.7, "s": 3e5, "b": -0.5, "d": 0.1, "f": 0.5},
    "chinchilla": {"E": 1.8172, "A": 477.8, "alpha": 0.3473, "B": 2143.4, "beta": 0.3672},
    "chinchilla_tied": {"E": 1.87, "A": 520.8, "alpha": 0.3527, "B": 1487.7, "beta": 0.3527},
    "kaplan": {"N_c": 8.8e13, "D_c": 5.4e13, "alpha_N": 0.076, "alpha_D": 0.095},
    "data_constrained": {
        "E": 1.8691, "A": 520.82, "alpha": 0.3527, "B": 1487.7, "beta": 0.36, "R_D": 15.39, "R_N": 5.31,
    },
    "over_training": {"E": 1.5, "a": 150.0, "b": 300.0, "eta": 0.11},
    "loss_to_error": {"eps": 0.85, "k": 2.1, "gamma": 0.7},
    "shifted_compute": {"A": 60.0, "B": 1e17, "alpha": 0.11, "E": 0.1},
    "quality_aware": {"E": 1.5, "A": 400.0, "alpha": 0.34, "B": 410.0, "beta": 0.28, "gamma": 0.4},
    "pruned_power": {"a": 8.0, "b": -0.35, "d": 0.1},
    "pruned_exponential": {"a": 0.5, "s": 3e7, "d": 0.1},
    "downstream_log": {"ln_A": -3.0, "alpha": 0.6, "beta": 1.4},
    "mixture_exponential": {"c": 1.5, "k": 1.0, "t[news]": -0.8, "t[web]": 0.2, "t[wiki]": -0.3},
    "effective_fraction": {"E": 1.5, "A": 400.0, "alpha": 0.34, "B": 410.0, "beta": 0.28, "gamma": 0.1},
    "domain_size": {"alpha": 0.4, "L_inf": 1.2, "beta[0.1]": 900.0, "beta[0.4]": 500.0, "beta[1]": 300.0},
    "fraction_transfer": {"c1": 0.4, "c2": 0.5, "c3": 1.5},
    "annealing": {"L0": 2.6, "A": 0.5, "alpha": 0.5, "C": 0.4},
    "groups_power": {"a": 2.0, "alpha": 0.6, "d": 0.1},
    "per_group_power": {"a": 2.0, "gamma": 0.9, "d": 0.1},
    "groups_joint": {"a": 1.0, "alpha": 0.4, "b": 3.0, "gamma": 0.9, "d": 0.5},
    "model_size": {"N_c": 8.8e13, "alpha_N": 0.076},
    "batch_steps": {"S_min": 5e3, "E_min": 4e6},
    "critical_batch": {"B_star": 2.1e8, "alpha_B": 0.21},
    "kaplan_steps": {"N_c": 8.8e13, "alpha_N": 0.076, "S_c": 2.1e3, "alpha_S": 0.76},
}  # fmt: skip
LAWS_OF_COLUMNS = [name for name in LAWS if name in TRUTH]


def grid(shares: list[float] | None = None) -> pl.DataFrame:
    rng = np.random.Generator(np.random.PCG64(7))
    params, tokens = (m.ravel() for m in np.meshgrid(np.geomspace(4e7, 1e10, 6), np.geomspace(1e9, 3e11, 8)))
    rows = params.size
    weights = rng.dirichlet(np.ones(3), size=rows)
    return pl.DataFrame(
        {
            "params": params,
            "tokens": tokens,
            "samples_seen": np.geomspace(3e4, 1e9, rows),
            "unique_samples": tokens / rng.choice([1.0, 2.0, 7.0, 30.0], rows),
            "flops": np.geomspace(1e16, 1e22, rows),
            "quality": rng.choice([0.3, 0.6, 1.0], rows),
            "fraction": rng.choice([0.1, 0.3, 0.6], rows),
            "share": np.resize(shares or [0.1, 0.4, 1.0], rows),
            "loss": np.linspace(1.8, 4.5, rows),
            "groups": rng.choice([1.0, 2.0, 4.0, 16.0, 64.0], rows),
            "per_group": rng.choice([1.0, 2.0, 8.0, 32.0], rows),
            "steps": rng.choice([1e3, 3e3, 1e4, 1e5], rows),
            "batch_size": rng.choice([64.0, 256.0, 1024.0, 4096.0], rows),
            "lr_area": np.geomspace(0.5, 30, rows),
            "lr_annealing": np.abs(np.sin(np.arange(rows))) * 0.2,
            "weights": [
                [{"pool": p, "weight": float(q), "size": 1e6} for p, q in zip(("news", "web", "wiki"), w, strict=True)]
                for w in weights
            ],
        }
    )


def runs_for(name: str) -> pl.DataFrame:
    frame = grid()
    if name == "fraction_transfer":
        frame = grid([0.02, 0.1, 0.3, 0.6, 0.9])
    if name.startswith("pruned"):
        frame = frame.with_columns(unique_samples=pl.Series(np.geomspace(1e6, 3e8, frame.height)))
    return frame


def truth_of(law: Law) -> np.ndarray:
    return np.array([TRUTH[law.name][name] for name in law.names])


def test_every_law_is_tested():
    repetition = {"goyal_eq3", "goyal_anchored", "goyal_size", "released_utility", "released_data"}  # tested apart
    assert set(LAWS) == set(TRUTH) | repetition
    for law in LAWS.values():
        assert law.source
        assert law.formula
        assert law.__doc__


@pytest.mark.parametrize("name", LAWS_OF_COLUMNS)
def test_jacobian_agrees_with_differences(name):
    frame = runs_for(name)
    law = law_named(name).bind(frame)
    design = law.design(frame)
    rng = np.random.Generator(np.random.PCG64(1))
    theta = truth_of(law) * np.exp(0.05 * rng.standard_normal((4, len(law.names))))
    value, jacobian = law.evaluate(theta, design)
    assert np.isfinite(value).all()
    assert np.allclose(law.predict(theta, design), value, rtol=1e-13)
    for i, parameter in enumerate(law.names):
        step = np.zeros_like(theta)
        step[:, i] = 2e-5 * np.abs(theta[:, i])
        width = 2 * step[:, i, None]
        coarse = (law.predict(theta + step, design) - law.predict(theta - step, design)) / width
        fine = (law.predict(theta + step / 2, design) - law.predict(theta - step / 2, design)) / (width / 2)
        difference = (4 * fine - coarse) / 3  # Richardson
        scale = np.abs(jacobian[:, i]).max()
        smooth = np.abs(coarse - fine) < 1e-4 * scale  # away from the kink of data_constrained
        assert smooth.mean() > 0.9
        assert np.abs(difference - jacobian[:, i])[smooth].max() < 1e-7 * scale, parameter


@pytest.mark.parametrize("name", LAWS_OF_COLUMNS)
def test_zero_noise_recovers_the_truth(name):
    frame = runs_for(name)
    law = law_named(name).bind(frame)
    truth = truth_of(law)
    runs = frame.with_columns(error=pl.Series(law.predict(truth[None], law.design(frame))[0]))
    fit = fit_law(name, runs, bootstrap=0)
    assert fit.objective < 1e-16
    assert np.abs(fit.theta / truth - 1).max() < 1e-5, dict(zip(law.names, fit.theta, strict=True))


def test_two_breaks():
    law = BrokenPower(breaks=2)
    frame = pl.DataFrame({"samples_seen": np.geomspace(1e3, 1e9, 60)})
    truth = np.array([0.02, 1.5, 0.05, 0.3, -0.2, 1e5, 1e7, 0.2, 0.2])
    runs = frame.with_columns(error=pl.Series(law.predict(truth[None], law.design(frame))[0]))
    fit = fit_law(law, runs, bootstrap=0)
    assert fit.objective < 1e-12
