"""Ways of choosing data that cost compute: known curves are found again, and tables that do not fit are named."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_rerun import SELECTOR_BUDGETS, SELECTOR_RATIOS, SELECTORS
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.selectors import judge_selectors
from curation_scaling.laws.selection_cost import Curve, ratio_needed, scores_at
from curation_scaling.layout import Layout
from curation_scaling.store import read
from study_data import parsed

SHARES = np.array([0.025, 0.05, 0.1, 0.25, 0.5, 1.0])
PRICE = 0.5  # of choosing, in trainings of the small model on everything


def score(method: str, share: np.ndarray) -> np.ndarray:
    """Random data climb slowly to 60, chosen ones fast."""
    return 60 - 20 * np.exp(-share * {"random": 1.0, "dear": 30.0}[method])


def runs() -> pl.DataFrame:
    rows = []
    for model, everything in (("1B", 1e18), ("10B", 1e19)):
        for method in ("random", "dear"):
            cost = PRICE * 1e18 if method == "dear" else 0.0
            for share, value in zip(SHARES, score(method, SHARES), strict=True):
                rows.append(("quiz", model, method, 100 * share, share * everything + cost, value))
    return pl.DataFrame(rows, schema=["task", "model", "method", "share", "flops", "score"], orient="row")


def study(folder: Path, table: pl.DataFrame) -> dict[str, Any]:
    table.write_csv(folder / "runs.csv")
    models = [{"name": "1B", "params": 1e9}, {"name": "10B", "params": 1e10}]
    part = {"file": {"path": "runs.csv"}, "free": "random", "scorer": 1e9, "models": models, "bootstrap": 40}
    checks = [{"kind": "selection_ratio", "method": "dear", "quantity": "size", "source": "the curves"}]
    content = {"study": "chosen", "title": "Chosen data", "seed": 1, "data_root": str(folder)}
    return content | {"selectors": part, "reproduction": checks}


def test_known_curves_and_costs_are_found(tmp_path):
    rerun, layout = parsed(study(tmp_path, runs())), Layout(tmp_path / "results/chosen")
    judge_selectors(rerun, layout)
    methods = read(layout.law("selectors"), SELECTORS, study="chosen")
    assert methods["cost_share"].to_list() == pytest.approx([PRICE, 0, PRICE / 10, 0])
    assert methods["start"].to_list() == pytest.approx([40.0] * 4, abs=1e-4)
    assert methods["plateau"].to_list() == pytest.approx([60.0] * 4, abs=1e-4)
    assert methods["rate"].to_list() == pytest.approx([30.0, 1.0, 30.0, 1.0], rel=1e-4)
    assert methods["start_known"].all()
    budgets = read(layout.law("selector_budgets"), SELECTOR_BUDGETS, study="chosen")
    for budget, method, share, predicted in budgets.select("budget_flops", "method", "share", "predicted").iter_rows():
        assert predicted == pytest.approx(float(score(method, np.array(share))), abs=1e-3), budget
    one = pl.col("best").sum().over("task", "model", "budget_flops")
    assert (budgets.select(one).to_series() == 1).all()


def brute_ratio(method_cost: float) -> float:
    """The least model size at which the chosen data are best at some budget, by trying all budgets at each size."""
    shares = np.linspace(SHARES[0], 1, 2000)
    for size in np.geomspace(0.5, 100, 2000):
        budget = shares + method_cost / size
        rival = np.where(budget >= SHARES[0], score("random", np.minimum(budget, 1)), -np.inf)
        if ((score("dear", shares) > rival) & (budget <= 1)).any():
            return float(size)
    return float("inf")


def test_the_size_that_repays_a_choice(tmp_path):
    rerun, layout = parsed(study(tmp_path, runs())), Layout(tmp_path / "results/chosen")
    judge_selectors(rerun, layout)
    ratios = read(layout.law("selector_ratios"), SELECTOR_RATIOS, study="chosen")
    assert ratios["method"].unique().to_list() == ["dear"]
    expected = brute_ratio(PRICE)
    assert 0.5 < expected < 10
    assert ratios["ratio"].to_list() == pytest.approx([expected] * 3, rel=0.04)  # the sizes looked at are 3.4 % apart


def test_a_choice_that_is_never_repaid():
    worse = Curve("dear", 0.5, np.array([[40.0, 59.0, 1.0]]), 0.0, ())
    plain = Curve("random", 0.0, np.array([[40.0, 60.0, 1.0]]), 0.0, ())
    assert ratio_needed([plain, worse], "dear", 1.0, 0.025).tolist() == [np.inf]
    at = scores_at([plain, worse], np.array([0.01, 0.4, 0.6, 2.0]), 0.025)
    assert np.isneginf(at[0, 0, 0])
    assert np.isneginf(at[1, 0, :2]).all()
    assert at[1, 0, 2] == pytest.approx(59 - 19 * np.exp(-0.1))
    assert at[0, 0, 3] == pytest.approx(60 - 20 * np.exp(-1))  # there is no more than everything


BROKEN = [
    (lambda t: t.drop("flops"), "has no column 'flops'"),
    (lambda t: t.with_columns(score=pl.lit("high")), "not numbers"),
    (lambda t: t.with_columns(share=pl.col("share") * 2), "at most 100 percent"),
    (lambda t: pl.concat([t, t.head(1)]), "twice"),
    (lambda t: t.with_columns(model=pl.col("model").str.replace("10B", "3B")), "has the model '3B' too"),
    (lambda t: t.filter((pl.col("method") != "dear") | (pl.col("share") < 6)), "dear has 2 runs"),
    (lambda t: t.filter(pl.col("method") == "dear"), "no run of 'random'"),
    (lambda t: t.filter(pl.col("share") < 100), "no run on 100 percent"),
]


@pytest.mark.parametrize(("change", "says"), BROKEN)
def test_tables_that_do_not_fit_are_named(tmp_path, change, says):
    rerun, layout = parsed(study(tmp_path, change(runs()))), Layout(tmp_path / "results/chosen")
    with pytest.raises(InputError, match=says):
        judge_selectors(rerun, layout)
    assert not layout.law("selectors").exists()


def test_a_check_needs_the_runs(tmp_path):
    content = study(tmp_path, runs())
    del content["selectors"]
    content["rankings"] = [{"name": "x", "file": {"path": "x.csv"}, "metrics": {"a": "a"}, "saw": "all"}]
    with pytest.raises(InputError, match="selection_ratio needs the key selectors"):
        parsed(content)
