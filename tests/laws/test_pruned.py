"""Laws of pruned pools: local exponents, the joint law, and the tables made of runs of a known truth."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.frontier.pruning import budget_frontier, envelope, envelope_errors, errors_by_draw, exponents
from curation_scaling.laws import fit_law
from curation_scaling.laws.pruned import (
    fit_pruned,
    joint_law,
    last_evaluations,
    local_exponents,
    pruned_runs,
    pruning_curves,
)
from curation_scaling.study.pruning import Pruning, cells_of

PRUNING = Pruning.model_validate_json("""{
  "task": {"kind": "images", "dataset": "digits"}, "metrics": ["el2n"],
  "sets": [{"metric": "el2n", "keep": "hard", "fractions": [0.8, 0.5]}],
  "sizes": [100, 300, 1000, 3000, 10000, 30000], "draws": 4, "checkpoints": [30000, 60000, 120000], "bootstrap": 40
}""")
TURN, Q, B = 1000.0, 0.15, 0.4


def truth(size: float, fraction: float, metric: str) -> float:
    """The joint law without a floor; random has no turn."""
    quality = fraction ** (Q * np.log(size / TURN)) if metric == "el2n" else 1.0
    return float(0.2 * (size * fraction / 1000) ** -B * quality)


def runs(noise: float = 0.01) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for size in PRUNING.sizes:
        for draw in range(PRUNING.draws):
            luck = 1 + noise * rng.normal()  # of the draw: shared by all cells
            for cell in cells_of(PRUNING, size):
                for n, more in ((30000, 1.3), (60000, 1.1), (120000, 1.0)):
                    error = truth(size, cell.fraction, cell.metric) * more * luck * (1 + 0.1 * noise * rng.normal())
                    kept = round(size * cell.fraction)
                    rows.append(
                        {"study": "s", "run_id": f"{cell.pool}.{draw}", "pool": cell.pool, "unique_samples": kept}
                        | {"weights": [{"pool": cell.pool, "weight": 1.0, "size": kept}], "samples_seen": n}
                        | {"unit": "samples", "repetitions": n / kept, "params": 10, "flops": 60.0 * n}
                        | {"metric": "error_rate", "error": error, "draw": draw, "seed": 0, "schedule": "constant"}
                        | {"source": "trained"}
                    )
    return pl.DataFrame(rows)


CELLS = pruned_runs(PRUNING, runs())


def test_cells_of_a_study():
    cells = cells_of(PRUNING, 1000)
    assert [cell.pool for cell in cells] == [
        "all-100-n1000", "random-hard-80-n1000", "random-hard-50-n1000", "el2n-hard-80-n1000", "el2n-hard-50-n1000",
    ]  # fmt: skip


def test_curves_pair_by_draw():
    curves = pruning_curves(CELLS)
    row = curves.filter(initial=30000, label="el2n-hard", fraction=0.5).row(0, named=True)
    gain = truth(30000, 0.5, "el2n") - truth(30000, 0.5, "random")
    assert row["against_random"] == pytest.approx(gain, abs=4 * row["against_random_se"])
    assert row["against_random_se"] < 0.5 * row["se"]  # the draws' luck cancels
    assert (row["kept"], row["draws"], row["samples_seen"]) == (15000, 4, 120000)


def test_hard_overtakes_random_where_the_truth_says():
    fits = fit_pruned(PRUNING, CELLS, seed=0)
    joint = fits.filter(label="el2n-hard", law="pruned_joint")
    found = dict(joint.select("parameter", "estimate").iter_rows())
    assert found["q"] == pytest.approx(Q, abs=0.02)
    assert found["M"] == pytest.approx(TURN, rel=0.15)
    assert found["b"] == pytest.approx(B, abs=0.02)
    power = fits.filter(label="random-hard", fraction=0.5, axis="kept", law="power", parameter="b")["estimate"]
    assert power.item() == pytest.approx(-B, abs=0.01)
    chosen = fits.filter("chosen").select("label", "fraction", "axis", "law").unique()
    assert chosen.height == 1 + 4 * 2 + 2  # all; two sets at two fractions along two axes; two joint laws
    assert set(fits["law"]) == {
        "power", "saturating_power", "shifted_power", "pruned_exponential", "three_regions", "pruned_joint",
    }  # fmt: skip


def test_the_joint_law_without_noise():
    size, fraction = (m.ravel() for m in np.meshgrid([100.0, 1e3, 1e4, 1e5], [1.0, 0.8, 0.5, 0.3]))
    error = 0.2 * (size * fraction / 1000) ** -0.4 * fraction ** (0.15 * np.log(size / 1000)) + 0.02
    frame = pl.DataFrame({"initial": size, "fraction": fraction, "kept": size * fraction, "error": error})
    fit = fit_law(joint_law(1e5), frame, loss="log_mse", bootstrap=0)
    assert dict(zip(fit.law.names, fit.theta, strict=True)) == pytest.approx(
        {"a": 0.2, "b": 0.4, "q": 0.15, "M": 1000, "d": 0.02}, rel=1e-3
    )


def test_faster_than_a_power_law_and_where_it_ends():
    sizes = np.array([1.0, 2, 4, 8, 16, 32])
    slopes = np.array([0.3, 0.3, 0.6, 0.9, 0.4])
    curve = np.exp(-np.concatenate([[0], np.cumsum(slopes * np.log(2))]))
    rng = np.random.default_rng(1)
    errors = curve * np.exp(0.01 * rng.normal(size=(6, 6)))
    rows = local_exponents("x", None, "initial", list(sizes), errors, 0.95)
    assert [row["exponent"] for row in rows] == pytest.approx(slopes, abs=0.05)
    assert [row["faster"] for row in rows] == [None, False, True, True, False]
    assert all(row["lower"] < slope < row["upper"] for row, slope in zip(rows, slopes, strict=True))


def test_envelope_and_exponents():
    found = envelope(PRUNING, CELLS, seed=0)
    assert found.filter("best")["initial"].to_list() == PRUNING.sizes
    small, large = found.filter("best", initial=100), found.filter("best", initial=30000)
    assert small["label"].item() == "all"
    assert large["label"].item() == "el2n-hard"
    assert found.group_by("initial").agg(pl.sum("probability_best"))["probability_best"].to_list() == pytest.approx(
        [1] * 6
    )
    pareto = found.filter("pareto").sort("kept")
    assert (pareto["error"].diff().drop_nulls() < 0).all()
    cells, errors = errors_by_draw(last_evaluations(CELLS), PRUNING.draws)
    assert envelope_errors(cells, errors).shape == (4, 6)
    rows = exponents(PRUNING, CELLS).filter(label="random-hard", fraction=0.5, axis="kept")
    assert rows["exponent"].to_list() == pytest.approx([B] * 5, abs=0.03)


def test_prune_or_repeat():
    frontier, switches = budget_frontier(PRUNING, CELLS, seed=0)
    assert set(frontier["pool"]) == {cell.pool for cell in cells_of(PRUNING, 30000)}
    best = frontier.filter("best", budget=120000.0)
    assert best["pool"].str.starts_with("el2n-hard").all()
    at = frontier.filter(pool="el2n-hard-50-n30000", budget=60000.0).row(0, named=True)
    assert at["measured"] == pytest.approx(at["predicted"], rel=0.05)
    assert at["repetitions"] == 4.0
    assert switches.height == frontier.filter("best").sort("budget")["pool"].rle_id().max()
