"""The recipe: constants that made trainings are found again, curves are solved, and what lacks a step is said."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curation_scaling.artifacts_trainings import LEVELS, RECIPE, TRAJECTORIES
from curation_scaling.errors import InputError
from curation_scaling.laws.recipe.curve import critical_batch, least_steps, solve_loss
from curation_scaling.laws.recipe.simulate import simulate
from curation_scaling.laws.recipe.stage import follow_recipe, interval
from curation_scaling.laws.recipe.steps import find
from curation_scaling.laws.reproduction.points import build_points
from curation_scaling.laws.reproduction.stage import compare_numbers
from curation_scaling.layout import Layout
from curation_scaling.report.charts.recipe import recipe_figures
from curation_scaling.report.recipe import recipe_section, recipe_words
from curation_scaling.store import read
from curation_scaling.study.recipe import Simulation
from study_data import changed, content, parsed

KAPLAN = {"N_c": 8.8e13, "alpha_N": 0.076, "S_c": 2.1e3, "alpha_S": 0.76, "B_star": 2.1e8, "alpha_B": 0.21}


def quiet(scale: int = 1) -> pl.DataFrame:
    """The study's own trainings, nearly without noise, in batches `scale` times as large."""
    simulation = content("su2024")["simulation"]
    for one in simulation["sets"]:
        one |= {key: [int(float(v)) for v in one[key]] for key in ("params", "batch_size", "steps")}
        one["batch_size"] = [scale * b for b in one["batch_size"]]
        one["steps"] = sorted({*one["steps"], *np.geomspace(300, max(one["steps"]), 60).astype(int).tolist()})
    return simulate(Simulation.model_validate(simulation | {"noise": 1e-9, "draws": 1}), 1)


def test_a_solved_loss_meets_the_law() -> None:
    params, batch, steps = np.array([1e6, 1e9, 1e9]), np.array([1e4, 1e6, 1e7]), np.array([10.0, 1e4, 1e6])
    loss = solve_loss(KAPLAN, params, batch, steps)
    needed = least_steps(KAPLAN, loss, batch, steps)
    assert loss == pytest.approx((8.8e13 / params) ** 0.076 + (2.1e3 / needed) ** 0.76, rel=1e-12)
    assert needed == pytest.approx(steps / (1 + critical_batch(KAPLAN, loss) / batch))
    s_min, e_min = needed, needed * critical_batch(KAPLAN, loss)
    assert (steps / s_min - 1) * (steps * batch / e_min - 1) == pytest.approx(1)


def test_without_noise_the_constants_are_found() -> None:
    points = quiet().filter(~pl.col("held_out"))
    found = find(points, levels=12, burn_in=0)
    for name, value in KAPLAN.items():
        room = 0.02 if name.startswith("alpha") else 0.1  # curves are read between checkpoints
        assert found.constants[name] == pytest.approx(value, rel=room), name
        assert found.joint[name] == pytest.approx(value, rel=room), name
    held = quiet().filter("held_out")
    where = [held[name].to_numpy() for name in ("params", "batch_size", "steps")]
    assert np.abs(np.log(solve_loss(found.joint, *where) / held["error"].to_numpy())).max() < 0.005


def test_intervals_are_the_jackknife_over_draws() -> None:
    values = np.array([1.0, 2.0, 4.0])  # of three draws; the mean without each
    without = np.array([[np.delete(values, i).mean()] for i in range(3)])
    lower, upper = interval(np.array([values.mean()]), without, 0.95)
    room = 4.302652729911275 * values.std(ddof=1) / np.sqrt(3)
    assert (lower[0], upper[0]) == pytest.approx((values.mean() - room, values.mean() + room))
    assert np.isnan(interval(np.ones(2), np.empty((0, 2)), 0.95)).all()


def test_the_stage_agrees_with_the_constants_of_its_simulation(tmp_path: Path) -> None:
    study = content("su2024")
    rerun, layout = parsed(study), Layout(tmp_path / "results/su2024")
    build_points(rerun, layout)
    follow_recipe(rerun, layout)
    paths = {"recipe_levels": LEVELS, "recipe": RECIPE, "recipe_trajectories": TRAJECTORIES}
    tables = {name: read(layout.law(name), schema, study="su2024") for name, schema in paths.items()}
    rows = compare_numbers(rerun, {}, tables)
    assert rows["agrees"].drop_nulls().to_list() == [True] * 10
    assert rows.filter(pl.col("published").is_null())["refit"].max() < 0.003  # type: ignore[operator]
    before = {name: layout.law(name).read_bytes() for name in paths}
    follow_recipe(rerun, layout)
    assert before == {name: layout.law(name).read_bytes() for name in paths}
    assert "33B parameters, batch 2.1M" in recipe_section(tables["recipe"], tables["recipe_trajectories"])
    assert len(recipe_words(tables["recipe_trajectories"])) == 2
    figures = recipe_figures(*tables.values())
    assert [figure.name for figure in figures] == [name for name in rerun.figures if name.startswith("recipe")]
    assert all("</svg>" in figure.svg() for figure in figures)


@pytest.mark.parametrize("keep", [1e6, 10e6])
def test_one_size_is_too_few(keep: float) -> None:
    with pytest.raises(InputError, match=r"^recipe, step 1 \(model sizes\): law model_size has 2 free parameters"):
        find(quiet().filter(params=keep), levels=12, burn_in=0)


def test_batch_sizes_must_show_both_ends() -> None:
    points = quiet().filter(~pl.col("held_out"))
    two = points.filter(pl.col("batch_size").is_in([524288.0, 1048576.0]))
    with pytest.raises(InputError, match="one model size at 3 batch sizes or more, the trainings have 2 at most"):
        find(two, levels=12, burn_in=0)
    huge = quiet(10_000).filter(~pl.col("held_out"))  # no batch size is near the critical one
    with pytest.raises(InputError, match="0 of 12 levels of the loss show a critical batch size, 3 are needed"):
        find(huge, levels=12, burn_in=0)
    late = points.filter((pl.col("batch_size") < 2e6) | (pl.col("steps") < 500))
    with pytest.raises(InputError, match="the batch sizes reach no loss in common"):
        find(late.filter((pl.col("batch_size") > 2e6) | (pl.col("steps") > 5000)), levels=12, burn_in=0)
    with pytest.raises(InputError, match=r"^key recipe.burn_in: no evaluation comes after 1000000000 steps"):
        find(points, levels=12, burn_in=10**9)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("recipe.table", "runs", "recipe.table: 'runs' is no table; these are: simulation"),
        ("recipe", None, "reproduction[0].kind: recipe needs the key recipe; give it"),
        ("simulation.sets.0.steps", [10, 10], "simulation.sets[0].steps[1] = 10 does not exceed steps[0] = 10"),
        ("reproduction.0.published", {"N": 1}, "reproduction[0].published.N"),
        ("simulation", None, "tables: nothing to do again; give tables, rankings, theory, mixing, selectors,"),
    ],
)
def test_faults_are_one_sentence(key: str, value: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(changed(content("su2024"), key, value))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_without_batch_sizes_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"N": [1e6, 2e6], "s": [10, 20], "loss": [3.0, 2.0]}).write_csv(tmp_path / "runs.csv")
    study = content("su2024") | {"simulation": None, "data_root": str(tmp_path)}
    columns = {"params": "N", "steps": "s", "samples_seen": "s", "error": "loss"}
    study["tables"] = [{"name": "runs", "files": [{"path": "runs.csv"}], "columns": columns}]
    study["recipe"]["table"] = "runs"
    rerun, layout = parsed(study), Layout(tmp_path / "results/su2024")
    build_points(rerun, layout)
    with pytest.raises(InputError, match=r"^key recipe.table: table 'runs' gives no batch_size of every row"):
        follow_recipe(rerun, layout)
    assert not layout.law("recipe").exists()


def test_runs_of_a_file_are_followed_alike(tmp_path: Path) -> None:
    runs = quiet().with_columns(seen=pl.col("steps") * pl.col("batch_size"))
    runs.rename({"params": "N", "batch_size": "B", "steps": "S", "error": "loss"}).write_csv(tmp_path / "runs.csv")
    columns = {"params": "N", "batch_size": "B", "steps": "S", "samples_seen": "seen", "error": "loss", "draw": "draw"}
    table = {"name": "mine", "files": [{"path": "runs.csv"}], "columns": columns}
    study = content("su2024") | {"simulation": None, "data_root": str(tmp_path), "recipe": {"table": "mine"}}
    study["tables"] = [table | {"fitted": {"column": "N", "at_most": 60e6}}]
    rerun, layout = parsed(study), Layout(tmp_path / "results/su2024")
    build_points(rerun, layout)
    follow_recipe(rerun, layout)
    constants = read(layout.law("recipe"), RECIPE, study="su2024").filter(step="joint")
    assert constants["known"].null_count() == constants["lower"].null_count() == 6  # one draw has no interval
    found = find(quiet().filter(~pl.col("held_out")), levels=12, burn_in=0)
    assert dict(constants["constant", "estimate"].iter_rows()) == pytest.approx(found.joint)
    curves = read(layout.law("recipe_trajectories"), TRAJECTORIES, study="su2024")
    assert curves.filter(role="held_out")["params"].unique().sort().to_list() == [1e9, 33e9]
