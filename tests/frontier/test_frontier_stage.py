"""The stage of the frontier, on runs of a known law without noise."""

import shutil

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq

from curation_scaling.artifacts import FRONTIER, RUNS, SWITCHES
from curation_scaling.errors import InputError
from curation_scaling.frontier.answer import answer
from curation_scaling.frontier.budgets import budget_axis
from curation_scaling.frontier.stage import build_frontier, pool_sizes
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study import parse_study
from known_law import SEEN, SIZES, UNIONS, as_dict, collected, content, parts, truth

POOLS = [*SIZES, *UNIONS]
BUDGETS = [2000.0, 8000.0, 32000.0, 128000.0]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    study, layout = collected(tmp_path_factory.mktemp("frontier"))
    fit_laws(study, layout)
    build_frontier(study, layout)
    return study, layout


@pytest.fixture
def rebuilt(known, tmp_path):
    """Build the frontier anew on the same fits, from a study whose `frontier` part says something else."""

    def rebuild(laws=None, **frontier):
        layout = Layout(tmp_path / "again")
        shutil.copytree(known[1].root, layout.root)
        for path in (layout.frontier, layout.switches):
            path.unlink()
        parts = {"laws": content()["laws"] | (laws or {}), "frontier": {"budgets": BUDGETS} | frontier}
        build_frontier(parse_study(content() | parts, "known.yaml"), layout)
        return layout

    return rebuild


@pytest.fixture(scope="module")
def frontier(known):
    return read(known[1].frontier, FRONTIER, study="known")


def test_predictions_are_those_of_the_law(frontier):
    rows = frontier.filter(gamma=0.0)
    assert rows.height == len(POOLS) * len(BUDGETS)
    for i, pool in enumerate(POOLS):
        mine = rows.filter(pool=pool).sort("budget")
        assert mine["budget"].to_list() == BUDGETS
        assert mine["predicted"].to_numpy() == pytest.approx(truth(POOLS, BUDGETS)[i], rel=1e-4)
        assert mine["unique_samples"].unique().to_list() == [sum(parts(pool).values())]
        assert mine["repetitions"].to_list() == [b / sum(parts(pool).values()) for b in BUDGETS]
        assert mine["flops"].to_list() == [60 * b for b in BUDGETS]
    assert frontier.filter("main")["gamma"].unique().to_list() == [0.0]


def test_the_columns_of_each_budget_hold_together(frontier):
    for _, at in frontier.group_by("law", "gamma", "budget"):
        assert at["probability_best"].sum() == pytest.approx(1)
        assert (at["expected_regret"] >= 0).all()
        assert at.filter("best")["predicted"].to_list() == [at["predicted"].min()]
        assert at["expected_regret"].min() == pytest.approx(
            at.filter("best")["expected_regret"].item(), abs=5e-3
        )  # the best pool of the estimate is about the best of the draws
        assert (at["lower"] <= at["upper"]).all()


def test_what_was_measured_stands_beside_the_prediction(frontier):
    rows = frontier.filter(gamma=0.0)
    seen = rows.filter(pl.col("budget") <= max(SEEN))
    assert (seen["measured"] / seen["predicted"] - 1).abs().max() < 1e-4
    assert (seen["measured_best"] == seen["best"]).all()
    beyond = rows.filter(pl.col("budget") > max(SEEN))
    assert beyond["measured"].null_count() == beyond["measured_best"].null_count() == len(POOLS)
    assert beyond["extrapolated"].all()
    most = max(SEEN) / min(SIZES.values())
    for row in seen.iter_rows(named=True):
        assert row["extrapolated"] == (row["repetitions"] > most)


def test_more_repetitions_than_any_fitted_run_are_extrapolated(rebuilt):
    found = read(rebuilt(laws={"max_repetitions": 8}, budgets=[8000, 16000]).frontier, FRONTIER)
    at = found.filter(gamma=0.0, budget=16000)  # the fitted runs go to 16000 samples of poor, and to 8 repetitions
    assert as_dict(at, "pool", "extrapolated") == {pool: pool in ("good", "fair") for pool in POOLS}
    assert not found.filter(budget=8000)["extrapolated"].any()


def test_switches_are_where_the_true_curves_cross(known):
    _, layout = known
    found = read(layout.switches, SWITCHES, study="known").filter(gamma=0.0).sort("order")
    grid = np.geomspace(BUDGETS[0], BUDGETS[-1], 2000)
    best = np.argmin(truth(POOLS, grid), axis=0)
    expected = []
    for at in np.flatnonzero(np.diff(best)):
        pair = [POOLS[best[at]], POOLS[best[at + 1]]]
        gain = lambda n, pair=pair: float(np.diff(truth(pair, [n]), axis=0).item())  # noqa: E731
        expected.append((*pair, brentq(gain, grid[at], grid[at + 1], rtol=1e-12)))
    assert expected  # this law has switches
    assert list(zip(found["from_pool"], found["to_pool"], strict=True)) == [e[:2] for e in expected]
    assert found["budget"].to_list() == pytest.approx([e[2] for e in expected], rel=1e-3)
    assert found["flops"].to_list() == pytest.approx([60 * b for b in found["budget"]])
    assert found["share"].is_between(0, 1).all()


def test_budgets_in_flops_give_the_same_answer(rebuilt, frontier):
    layout = rebuilt(budgets=[60 * b for b in BUDGETS], unit="flops")
    found = read(layout.frontier, FRONTIER, study="known")
    assert found["budget"].to_numpy() == pytest.approx(frontier["budget"].to_numpy())
    assert found["pool"].to_list() == frontier["pool"].to_list()
    assert found["measured"].to_list() == frontier["measured"].to_list()


def test_flops_that_nobody_knows_are_refused(tmp_path):
    runs = {k: v for k, v in content()["runs"].items() if k != "params"}
    study, layout = collected(tmp_path, runs=runs, frontier={"budgets": [1e6], "unit": "flops"})
    with pytest.raises(InputError, match=r"key frontier.unit: budgets in flops need runs with one known cost a sample"):
        budget_axis(study, read(layout.runs, RUNS))
    mixed = read(layout.runs, RUNS).with_columns(
        flops=pl.col("samples_seen") * pl.when(pl.col("pool") == "good").then(2.0).otherwise(3.0)
    )
    with pytest.raises(InputError, match=r"key frontier.unit: budgets in flops need runs with one known cost a sample"):
        budget_axis(study, mixed)


def test_a_budget_below_one_pool_is_refused(rebuilt, tmp_path):
    """Where sizes are known only after the draws, or budgets are FLOPs."""
    with pytest.raises(
        InputError, match=r"key frontier.budgets\[0\] is 500 samples, below one pool \(the smallest holds"
    ):
        rebuilt(budgets=[60 * 500, 60 * 8000], unit="flops")
    assert not Layout(tmp_path / "again").frontier.exists()
    assert not Layout(tmp_path / "again").switches.exists()


def test_a_candidate_without_runs_of_its_parts_is_refused(tmp_path):
    runs = content()["runs"]
    fewer = runs | {"points": [p for p in runs["points"] if p["pool"] != "fair"]}
    study, layout = collected(tmp_path, runs=fewer)
    with pytest.raises(
        InputError, match=r"key frontier.candidates: 'fair' contains 'fair', which has no run alone; add"
    ):
        pool_sizes(study, read(layout.runs, RUNS))


def test_only_candidates_are_compared(rebuilt):
    layout = rebuilt(candidates=["all", "good"])
    assert read(layout.frontier, FRONTIER)["pool"].unique().sort().to_list() == ["all", "good"]


def test_the_same_fits_give_the_same_bytes(known, rebuilt):
    _, layout = known
    again = rebuilt()
    for a, b in ((layout.frontier, again.frontier), (layout.switches, again.switches)):
        assert a.read_bytes() == b.read_bytes()


def test_the_answer_names_pool_repetitions_and_error(known, frontier):
    study, layout = known
    mixtures = pl.read_parquet(layout.law("mixtures"))
    text = answer(study, frontier, read(layout.switches, SWITCHES), mixtures, "error")
    rows = frontier.filter(gamma=0.0)
    for budget, words in zip(BUDGETS, ("2k", "8k", "32k", "128k"), strict=True):
        best = rows.filter(budget=budget).sort("predicted").row(0, named=True)
        (line,) = [x for x in text.splitlines() if x.startswith(f"- {words} samples")]
        assert f"keep {best['pool']}" in line
        assert f"expect error {best['predicted']:.4g}" in line
        assert ("Measured: " in line) == (budget <= max(SEEN))
        assert ("extrapolates" in line) == best["extrapolated"]
    assert "nan" not in text.lower()
    assert "None" not in text
