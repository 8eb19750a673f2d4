"""Groups against samples of each: a known joint law is found, wins its rollouts, and gives the right verdict."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_trainings import BALANCE, CELLS, DIVERSITY
from curation_scaling.errors import InputError
from curation_scaling.laws.diversity.stage import compare_diversity
from curation_scaling.laws.groups import GroupsJoint, balance
from curation_scaling.laws.reproduction.points import build_points
from curation_scaling.laws.reproduction.stage import compare_numbers
from curation_scaling.layout import Layout
from curation_scaling.report.charts.diversity import diversity_figures
from curation_scaling.report.diversity import diversity_section, diversity_words
from curation_scaling.store import read
from study_data import changed, parsed

TRUTH = np.array([[1.0, 0.3, 3.0, 0.9, 0.2]])  # a, alpha, b, gamma, d
ARTIFACTS = {"diversity": DIVERSITY, "diversity_cells": CELLS, "diversity_balance": BALANCE}


def error(groups: np.ndarray, per_group: np.ndarray, theta: np.ndarray = TRUTH) -> np.ndarray:
    return GroupsJoint().predict(theta, {"groups": groups, "per_group": per_group})[0]


def write_runs(folder: Path, **changes: Any) -> None:
    rng = np.random.default_rng(7)
    groups, each, draw = (
        m.ravel().astype(float) for m in np.meshgrid(2.0 ** np.arange(7), 2.0 ** np.arange(6), [0, 1, 2])
    )
    noise = np.exp(0.003 * rng.standard_normal(groups.size))
    frame = pl.DataFrame({"groups": groups, "each": each, "draw": draw, "error": error(groups, each) * noise})
    frame = frame.with_columns(total=pl.col("groups") * pl.col("each"), run=pl.int_range(pl.len()))
    frame.with_columns(**changes).write_csv(folder / "runs.csv")


def study(folder: Path) -> dict[str, Any]:
    columns = {"groups": "groups", "per_group": "each", "draw": "draw", "unique_samples": "total", "error": "error"}
    table = {"name": "runs", "files": [{"path": "runs.csv"}], "columns": columns | {"samples_seen": "total"}}
    checks = [{"kind": "diversity_balance", "quantity": "samples a group", "source": "the law itself"}]
    checks += [
        {"kind": "diversity_rollout", "law": law, "axis": axis, "quantity": f"{law}, {axis}", "source": "not published"}
        for law in ("groups_joint", "groups_power", "pruned_power")
        for axis in ("samples", "groups", "per_group")
    ]
    checks[0] |= {"published": float(balance(TRUTH)[0]), "tolerance": 0.5}
    return {
        "study": "diverse",
        "title": "Groups",
        "seed": 1,
        "data_root": str(folder),
        "tables": [table | {"run": ["run"]}],
        "diversity": {"table": "runs", "budgets": [16, 64], "bootstrap": 100},
        "reproduction": checks,
    }


def test_the_balance_is_where_a_budget_buys_most() -> None:
    each = np.geomspace(1e-2, 1e3, 200_001)
    for budget in (10.0, 1e6):
        best = each[error(budget / each, each).argmin()]
        assert balance(TRUTH)[0] == pytest.approx(best, rel=1e-3)
    always = np.array([[1.0, 0.9, 3.0, 0.3, 0.2]])
    assert balance(always)[0] == 0
    assert (np.diff(error(1e6 / each, each, always)) > 0).all()  # the fewer of each, the better


def test_a_known_joint_law_gives_the_verdict(tmp_path: Path) -> None:
    write_runs(tmp_path)
    rerun, layout = parsed(study(tmp_path)), Layout(tmp_path / "results/diverse")
    build_points(rerun, layout)
    compare_diversity(rerun, layout)
    tables = {name: read(layout.law(name), schema, study="diverse") for name, schema in ARTIFACTS.items()}
    cells = tables["diversity_cells"]
    assert cells.height == 7 * 6
    asked = cells.drop_nulls("measured_best")
    assert asked["budget"].unique().sort().to_list() == [16, 64]
    for budget in (16, 64):
        best = asked.filter("predicted_best", budget=budget)
        ways = asked.filter(budget=budget)
        truth = error(ways["groups"].to_numpy().astype(float), ways["per_group"].to_numpy().astype(float))
        assert best["groups"].to_list() == [ways["groups"][int(truth.argmin())]]
        assert ways["probability_best"].sum() == pytest.approx(1)
    row = tables["diversity_balance"].row(0, named=True)
    assert row["lower"] < balance(TRUTH)[0] < row["upper"]
    laws = tables["diversity"]
    for axis in ("samples", "groups"):
        assert laws.filter(axis=axis).sort("rmse")["law"][0] == "groups_joint"
    assert laws.filter(law="groups_joint")["rmse"].max() < 0.05  # type: ignore[operator]
    rows = compare_numbers(rerun, {}, tables)
    assert rows["agrees"].to_list() == [True] + [None] * 9
    words = diversity_words(*tables.values())
    assert words[0].startswith("16 samples: best measured ")
    assert "best spent on" in words[2]
    assert "groups_joint" in diversity_section(*tables.values())
    figures = diversity_figures(cells)
    assert [figure.name for figure in figures] == [name for name in rerun.figures if name.startswith("diversity")]
    assert all("</svg>" in figure.svg() for figure in figures)


BROKEN: list[tuple[str, Any, dict[str, Any], str]] = [
    ("seed", 1, {"each": pl.lit(1.0)}, "table 'runs' has groups of one sample alone, so that groups and samples are"),
    ("diversity.budgets", [64, 77], {}, r"key diversity.budgets\[1\]: 77 samples were measured in 0 ways, two are"),
    ("diversity.laws", ["groups_joint", "groups_pow"], {}, r"key diversity.laws\[1\]: law 'groups_pow' is unknown"),
    ("tables.0.columns.per_group", None, {}, "table 'runs' gives no per_group of every row; name its column"),
]


@pytest.mark.parametrize(("key", "value", "change", "says"), BROKEN)
def test_what_cannot_be_compared_is_said(
    tmp_path: Path, key: str, value: Any, change: dict[str, Any], says: str
) -> None:
    write_runs(tmp_path, **change)
    content = study(tmp_path)
    if value is None:
        del content["tables"][0]["columns"]["per_group"]
    else:
        content = changed(content, key, value)
    rerun, layout = parsed(content), Layout(tmp_path / "results/diverse")
    build_points(rerun, layout)
    with pytest.raises(InputError, match=says):
        compare_diversity(rerun, layout)
    assert not layout.law("diversity").exists()


def test_faults_are_one_sentence(tmp_path: Path) -> None:
    for key, value, says in (
        ("diversity.laws", ["groups_power"], "diversity.laws: groups_joint is missing"),
        ("diversity.table", "x", "diversity.table: 'x' is no table; these are: runs"),
        ("diversity", None, "reproduction[0].kind: diversity_balance needs the key diversity; give it"),
    ):
        with pytest.raises(InputError) as caught:
            parsed(changed(study(tmp_path), key, value))
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)
