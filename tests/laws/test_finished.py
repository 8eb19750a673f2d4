"""Checkpoints taken for finished runs: what of the annealing they miss, and an effect that is known is found."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.laws.finished import correction, finished, missed, missed_by
from curation_scaling.laws.fit import Fit, fit_law
from curation_scaling.study.annealing import Annealing

COSINE = Annealing(schedule="cosine", ends_at=3.2e6, warm_up=6.4e4, batch=640)


def areas(steps: int, warm: int, momentum: float) -> list[float]:
    """S2 of a cosine, step by step as it is defined."""
    rates = [(1 + np.cos(np.pi * max(i - warm, 0) / (steps - warm))) / 2 for i in range(1, steps + 1)]
    momenta, found, last = 0.0, [], rates[0]
    for rate in rates:
        momenta = momentum * momenta + (last - rate)
        found.append((found[-1] if found else 0.0) + momenta)
        last = rate
    return found


def test_what_is_missed_follows_the_definition():
    whole = areas(5000, 100, 0.999)
    for seen in (6.4e5, 1.6e6, 2.56e6):
        step = int(seen / 640)
        expected = (areas(step, 100, 0.999)[-1] - whole[step - 1]) * 0.001
        assert missed(COSINE, [seen])[0] == pytest.approx(expected, rel=1e-9)


def test_a_finished_run_misses_nothing_and_one_midway_most():
    share = missed(COSINE, [3.2e6, 3.0e6, 1.2e6, 640])
    assert share[0] == 0
    assert 0 < share[1] < 0.1
    assert 0.4 < share[2] < 1
    assert share[3] == 0  # nothing to anneal yet


def test_nothing_is_seen_after_the_end():
    with pytest.raises(InputError, match="after the schedule's end"):
        missed(COSINE, [3.3e6])


@pytest.mark.parametrize(
    ("change", "says"), [({"batch": 3_000_000}, "steps to the end"), ({"warm_up": 4e6}, "warm_up")]
)
def test_a_schedule_without_steps_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        Annealing.model_validate({"ends_at": 3.2e6, "batch": 640} | change)


def power(runs: pl.DataFrame) -> Fit:
    return fit_law("saturating_power", runs, loss="log_mse", bootstrap=0)


@pytest.mark.parametrize("effect", [0.0, 0.04])
def test_a_known_effect_is_found_within_its_interval(effect):
    samples = np.geomspace(6.4e4, 3.2e6, 40).round()
    rng = np.random.default_rng(3)
    clean = 0.2 + 30 * samples**-0.35
    noise = np.exp(0.002 * rng.standard_normal(40) + effect * missed(COSINE, samples))
    runs = pl.DataFrame({"samples_seen": samples, "error": clean * noise, "run_id": "one"})
    found = correction(COSINE, runs, power, 0.95, 20)
    assert found.lower <= effect <= found.upper
    assert found.upper - found.lower < 0.02
    assert np.quantile(found.draws, [0.1, 0.9]) == pytest.approx(np.clip([found.effect] * 2, 0, 1), abs=0.01)
    assert found.of(runs)["error"].to_numpy() == pytest.approx(clean, rel=0.02)
    assert found.as_is >= power(found.of(runs)).objective * (1 - 1e-9)


def test_a_declared_effect_is_taken_as_it_is():
    runs = pl.DataFrame({"samples_seen": [6.4e5, 1.6e6, 3.2e6], "error": [0.5, 0.4, 0.3]})
    declared = COSINE.model_copy(update={"effect": 0.1})
    found = correction(declared, runs, lambda frame: fit_law("power", frame, loss="log_mse", bootstrap=0), 0.95, 5)
    assert (found.effect, found.lower, found.draws.tolist()) == (0.1, None, [0.1] * 5)
    shares = missed(COSINE, runs["samples_seen"])
    assert found.of(runs)["error"].to_list() == pytest.approx([0.5, 0.4, 0.3] * np.exp(-0.1 * shares))
    assert finished(runs, missed_by(runs, COSINE), 0.0).equals(runs)
