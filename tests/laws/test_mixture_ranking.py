"""Mixtures ranked by losses of small runs: a known law is found, and tables that do not fit are named."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_rerun import MIXING
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.mixing import predict, rank_mixtures, ranking_rows
from curation_scaling.layout import Layout
from curation_scaling.store import read
from study_data import parsed

DOMAINS = ["books", "code", "web"]
SLOPES = np.array([[-1.0, 0.2, 0.4], [0.5, -2.0, 0.1]])


def mixtures(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(3), rows)


def losses(weights: np.ndarray, size: float = 1.0) -> np.ndarray:
    return size * (2 + np.exp(weights @ SLOPES.T))


def study(folder: Path, **changes: Any) -> dict[str, Any]:
    for name, rows, size in (("small", 40, 1.0), ("large", 30, 0.8)):
        weights = mixtures(rows, rows)
        frame = {"index": range(rows)}
        pl.DataFrame(frame | dict(zip(DOMAINS, weights.T, strict=True))).write_csv(folder / f"{name}-w.csv")
        pl.DataFrame(frame | dict(zip("ab", losses(weights, size).T, strict=True))).write_csv(folder / f"{name}-l.csv")

    def runs(name: str) -> dict[str, Any]:
        return {"name": name, "weights": {"path": f"{name}-w.csv"}, "losses": {"path": f"{name}-l.csv"}}

    targets = [{"name": "code", "losses": ["b"]}, {"name": "both"}]
    mixing = {"fitted": runs("small"), "tests": [runs("large")], "targets": targets, "bootstrap": 50} | changes
    check = {"kind": "mixture_ranking", "test": "large", "target": "both", "method": "mixing_law"}
    check |= {"quantity": "Spearman", "published": 1.0, "tolerance": 1e-9, "source": "the law itself"}
    content = {"study": "mixed", "title": "Mixtures", "seed": 1, "data_root": str(folder)}
    return content | {"mixing": mixing, "reproduction": [check]}


def test_the_law_that_made_the_losses_ranks_without_error(tmp_path):
    weights, others = (pl.DataFrame(mixtures(n, n), schema=DOMAINS) for n in (40, 30))
    found = predict("mixing_law", weights, losses(weights.to_numpy())[:, 1], others)
    assert found == pytest.approx(losses(others.to_numpy())[:, 1], rel=1e-7)
    rerun, layout = parsed(study(tmp_path)), Layout(tmp_path / "results/mixed")
    rank_mixtures(rerun, layout)
    rows = read(layout.law("mixing"), MIXING, study="mixed")
    assert rows.height == 2 * 3
    law = rows.filter(method="mixing_law")
    assert law["spearman"].to_list() == [1.0, 1.0]
    assert law["place"].to_list() == [1, 1]
    assert (rows["regret"] <= rows["random_regret"]).all()
    assert list(ranking_rows(rerun)) == list(ranking_rows(rerun))


def test_linear_losses_are_predicted_by_the_line():
    weights, others = (pl.DataFrame(mixtures(n, n), schema=DOMAINS) for n in (10, 5))
    slopes = np.array([1.0, 2.0, 4.0])
    assert predict("linear", weights, weights.to_numpy() @ slopes, others) == pytest.approx(others.to_numpy() @ slopes)


BROKEN = [
    ("large-w.csv", lambda f: f.rename({"web": "wiki"}), "do not share domain"),
    ("large-w.csv", lambda f: f.with_columns(web=pl.col("web") + 1), "the weights in row 0 sum to 2"),
    ("small-w.csv", lambda f: f.with_columns(index=pl.lit(3)), "names a run twice"),
    ("small-w.csv", lambda f: f.rename({"index": "id"}), "has no column 'index'"),
    ("small-l.csv", lambda f: f.head(20), "do not hold the same runs"),
    ("small-l.csv", lambda f: f.with_columns(b=pl.lit("x")), "numbers are needed"),
    ("large-l.csv", lambda f: f.drop("b"), "have no column 'b'"),
]


@pytest.mark.parametrize(("file", "change", "says"), BROKEN)
def test_tables_that_do_not_fit_are_named(tmp_path, file, change, says):
    rerun = parsed(study(tmp_path))
    change(pl.read_csv(tmp_path / file)).write_csv(tmp_path / file)
    layout = Layout(tmp_path / "results/mixed")
    with pytest.raises(InputError, match=says):
        rank_mixtures(rerun, layout)
    assert not layout.law("mixing").exists()


def test_a_check_needs_the_mixtures(tmp_path):
    content = study(tmp_path)
    del content["mixing"]
    content["rankings"] = [{"name": "x", "file": {"path": "x.csv"}, "metrics": {"a": "a"}, "saw": "all"}]
    with pytest.raises(InputError, match="mixture_ranking needs the key mixing"):
        parsed(content)
