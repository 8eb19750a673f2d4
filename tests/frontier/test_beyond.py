"""The frontier's stage on a known law: generated candidates, and the tables past the plain frontier."""

import shutil

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts import FRONTIER
from curation_scaling.artifacts_beyond import ALLOCATION, BEYOND, BREAK_EVEN, GREEDY, NEXT_RUN, OPTIMAL, SCORING
from curation_scaling.errors import InputError
from curation_scaling.frontier.advise import advise
from curation_scaling.frontier.stage import build_frontier
from curation_scaling.laws.columns import Mixture
from curation_scaling.laws.goyal_size import GoyalSize
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study import parse_study
from known_law import SIZES, collected, content

ASKED = {
    "budgets": [4000, 16000, 64000, 256000],
    "mixes": [{"name": "mix", "weights": {"good": 0.8, "poor": 0.2}}],
    "generate": {"prefixes": True, "unions_up_to": 2, "epochs": [2]},
    "scorers": [{"name": "cheap", "samples_per_sample": 0.01}, {"name": "dear", "flops_per_sample": 600}],
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    study, layout = collected(tmp_path_factory.mktemp("beyond"), frontier=ASKED)
    fit_laws(study, layout)
    build_frontier(study, layout)
    return study, layout


def table(finished, schema):
    return read(finished[1].root / f"{schema.name}.parquet", schema, study="known")


def test_every_candidate_stands_in_the_frontier_with_its_parts(finished):
    rows = read(finished[1].frontier, FRONTIER).filter("main")
    whole = rows.filter(~pl.col("pool").str.contains("@"))
    assert set(whole["pool"]) == {*SIZES, "top2", "all", "mix", "good+poor", "fair+poor"}
    mix = whole.filter(pool="mix", budget=16000).row(0, named=True)
    assert [(p["pool"], p["weight"], p["repetitions"]) for p in mix["parts"]] == [
        ("good", 0.8, pytest.approx(12.8)),
        ("poor", 0.2, pytest.approx(1.6)),
    ]
    assert mix["parts"][0]["utility_left"] == pytest.approx(0.35 * 0.5 ** (12 / 2.5), rel=1e-3)
    part = rows.filter(pool="all@2x", budget=4000).row(0, named=True)
    assert (part["unique_samples"], part["repetitions"]) == (2000, 2)
    assert whole.filter(pool="all", budget=4000)["predicted"].item() < part["predicted"]
    assert not part["pareto_unique"]  # top2 has as few samples, and better ones
    assert rows.filter(pool="all@2x", budget=16000).is_empty()


def test_both_pareto_sets_hold_the_best_and_only_one_knows_of_unique_samples(finished):
    rows = read(finished[1].frontier, FRONTIER).filter("main")
    assert (rows.filter("pareto")["pareto_unique"]).all()
    assert rows["pareto_unique"].sum() > rows["pareto"].sum()


def test_a_budget_far_beyond_the_runs_is_flagged_and_said(finished):
    study, layout = finished
    rows = read(layout.frontier, FRONTIER).filter("main", pool="all").sort("budget")
    assert rows["reach"].to_list() == pytest.approx([0.125, 0.5, 2, 8])
    assert rows["far"].to_list() == [False, False, False, True]
    near, far = advise(study, layout, [16000, 512000]).splitlines()
    assert "EXTRAPOLATION: this is 16 times the largest observed compute, more than 4 times" in far
    assert "EXTRAPOLATION" not in near


def test_optimal_weights_lie_between_the_frontier_and_the_bound(finished):
    optimal, bound = table(finished, OPTIMAL).filter("main"), table(finished, GREEDY).filter("main")
    assert set(optimal["method"]) == {"dual"}
    assert (optimal["gain"] >= -1e-12).all()
    assert optimal["gain"].max() > 1e-4
    assert (bound["bound"] <= optimal["predicted"] + 1e-12).all()
    for row in optimal.iter_rows(named=True):
        assert sum(p["weight"] for p in row["weights"]) == pytest.approx(1)
        assert all(p["lower"] - 1e-9 <= p["weight"] <= p["upper"] + 1e-9 for p in row["weights"])
    assert set(table(finished, GREEDY)["gamma"]) == {0.0}


def test_scores_are_paid_from_the_budget(finished):
    rows = table(finished, SCORING)
    dear = rows.filter(scorer="dear", budget=64000)
    assert as_pairs(dear) == {
        name: (0 if name == "all" else 40000, 64000 if name == "all" else 24000) for name in dear["pool"]
    }
    assert not rows.filter(scorer="dear", budget=16000)["scored"].any()  # nothing is left after scoring
    even = {row["scorer"]: row for row in table(finished, BREAK_EVEN).iter_rows(named=True)}
    assert even["cheap"]["starts"] == 4000
    assert even["dear"]["starts"] is None or even["dear"]["starts"] > 40000


def as_pairs(rows):
    return {row["pool"]: (row["cost"], row["samples_seen"]) for row in rows.iter_rows(named=True)}


def test_one_more_run_saves_no_more_than_the_regret(finished):
    rows = table(finished, NEXT_RUN)
    assert (rows["reduction"] >= 0).all()
    assert (rows["reduction"] <= rows["regret"] + 1e-12).all()
    best = rows.filter(rank=1)
    assert best["choice_budget"].to_list() == ASKED["budgets"]
    assert set(rows["pool"]) == {*SIZES, "top2", "all"}


def test_the_same_fits_give_the_same_bytes(finished, tmp_path):
    study, layout = finished
    before = [(layout.root / f"{schema.name}.parquet").read_bytes() for schema in BEYOND]
    build_frontier(study, layout)
    assert before == [(layout.root / f"{schema.name}.parquet").read_bytes() for schema in BEYOND]


def test_pools_that_overlap_are_never_combined(tmp_path):
    pools = content()["pools"] | {"unions": {}}
    pools["source"] = pools["source"] | {"overlapping": ["poor"]}
    points = [p for p in content()["runs"]["points"] if p["pool"] in SIZES]
    study, layout = collected(tmp_path, pools=pools, runs=content()["runs"] | {"points": points}, frontier={
        "budgets": [4000], "generate": {"unions_up_to": 3, "simplex_steps": 2},
    })  # fmt: skip
    fit_laws(study, layout)
    build_frontier(study, layout)
    rows = read(layout.frontier, FRONTIER)
    assert not rows["pool"].str.contains("poor").any()
    weights = read(layout.beyond("optimal"), OPTIMAL)["weights"].to_list()
    assert {part["pool"] for row in weights for part in row} == {"good", "fair"}


def mixed(name, **weights):
    return [{"name": name, "weights": weights}]


@pytest.mark.parametrize(
    ("frontier", "message"),
    [
        ({"mixes": mixed("m", good=0.5, fair=0.4)}, r"frontier.mixes\[0\].weights: they sum to 0.9, not 1"),
        ({"mixes": mixed("m", top2=1.0)}, r"frontier.mixes\[0\].weights: 'top2' is no bucket that can be mixed"),
        ({"mixes": mixed("all", good=1.0)}, r"frontier.mixes\[0\].name: 'all' is a pool of this study"),
        ({"budgets": [0]}, r"key frontier.budgets\[0\] must be above 0"),
        ({"budgets": [-4000]}, r"key frontier.budgets\[0\] must be above 0"),
        ({"candidates": []}, r"key frontier.candidates must have at least 1 entries"),
        ({"generate": {}}, r"key frontier.generate.prefixes: nothing to generate"),
        ({"scorers": [{"name": "s"}]}, r"frontier.scorers\[0\].flops_per_sample: give exactly one"),
        ({"unscored": ["gold"]}, r"frontier.unscored\[0\]: 'gold' is no candidate"),
        ({"params": 10, "flops_per_sample": 3}, r"frontier.flops_per_sample: params says the same"),
    ],
)  # fmt: skip
def test_bad_keys_end_in_one_sentence(frontier, message):
    with pytest.raises(InputError, match=message):
        parse_study(content() | {"frontier": content()["frontier"] | frontier}, "known.yaml")


def test_a_pool_without_a_size_is_refused():
    pools = content()["pools"]
    pools["source"] = {"kind": "declared", "sizes": SIZES | {"good": 0}}
    with pytest.raises(InputError, match=r"key pools.source.sizes.good must be above 0"):
        parse_study(content() | {"pools": pools}, "known.yaml")


def test_budgets_in_tokens_need_the_tokens_of_a_sample(finished, tmp_path):
    layout = finished[1]
    tokens = content()["frontier"] | {"unit": "tokens"}
    with pytest.raises(InputError, match=r"key frontier.tokens_per_sample is missing"):
        build_frontier(parse_study(content() | {"frontier": tokens}, "known.yaml"), layout)
    asked = ASKED | {"unit": "tokens", "tokens_per_sample": 50, "budgets": [50 * b for b in ASKED["budgets"]]}
    again = Layout(tmp_path / "tokens")
    shutil.copytree(layout.root, again.root)
    build_frontier(parse_study(content() | {"frontier": asked}, "known.yaml"), again)
    assert read(again.frontier, FRONTIER)["budget"].unique().sort().to_list() == ASKED["budgets"]


def test_model_size_pool_and_repetition_are_chosen_together(tmp_path):
    """Runs of three model sizes of a known law: the allocation is the least of a fine grid over sizes and pools."""
    law = GoyalSize(pools=tuple(sorted(SIZES)), n0=100.0, params0=400.0)
    theta = np.array([[0.1, 0.9, 0.3, 0.4, 0.0, -0.28, -0.35, -0.20, 8.0, 2.5, 6.0]])
    seen = np.array([500.0, 1000, 2000, 4000, 8000, 16000, 32000])
    rows = [(pool, int(n), int(size)) for pool in SIZES for size in (100, 400, 1600) for n in seen]
    frame = pl.DataFrame(rows, schema=["pool", "samples_seen", "params"], orient="row")
    mixtures = [Mixture((pool,), np.ones(1), np.array([float(size)])) for pool, size in SIZES.items()]
    which = np.array([list(SIZES).index(p) for p in frame["pool"]])
    design = law.sized(mixtures, which, frame["samples_seen"].to_numpy().astype(float), frame["params"].to_numpy())
    frame = frame.with_columns(error=pl.Series(law.predict(theta, design)[0]), run=pl.format("{}-{}", "pool", "params"))
    frame.write_csv(tmp_path / "runs.csv")
    columns = {"pool": "pool", "samples_seen": "samples_seen", "error": "error", "params": "params", "run_id": "run"}
    runs = {"kind": "import", "metric": "error", "source": "made", "files": [
        {"format": "csv", "file": {"path": str(tmp_path / "runs.csv")}, "columns": columns},
    ]}  # fmt: skip
    budgets = [6.0 * 400 * 4000, 6.0 * 400 * 64000]
    study, layout = collected(tmp_path / "results", runs=runs, frontier={"budgets": budgets, "unit": "flops"})
    fit_laws(study, layout)
    build_frontier(study, layout)
    found = read(layout.beyond("allocation"), ALLOCATION)
    assert found.height == 2 * 5
    sizes = np.geomspace(100 / 8, 1600 * 8, 4001)
    for row in found.filter(pl.col("pool").is_in(list(SIZES))).iter_rows(named=True):
        samples = row["flops"] / 6 / sizes
        one = mixtures[list(SIZES).index(row["pool"])]
        at = law.sized([one], np.zeros(sizes.size, dtype=np.intp), samples, sizes)
        errors = np.where(samples >= 100, law.predict(theta, at)[0], np.inf)
        assert row["predicted"] == pytest.approx(errors.min(), rel=1e-4)
        assert row["params"] == pytest.approx(sizes[np.argmin(errors)], rel=0.05)
        assert row["samples_seen"] * row["params"] * 6 == pytest.approx(row["flops"])
    assert found.filter("best").group_by("flops").len()["len"].to_list() == [1, 1]
