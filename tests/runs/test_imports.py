"""Results of trainings done elsewhere: what is read, and what is refused with file and row."""

import hashlib
import json
import math

import polars as pl
import pytest

from curation_scaling.artifacts import RUNS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.runs.collect import collect_runs
from curation_scaling.runs.imports import import_runs
from curation_scaling.store import read
from study_data import FILES, changed, declared, parsed

COLUMNS = {"pool": "pool", "samples_seen": "n", "error": "err"}


def rows(**columns):
    plain = {"pool": ["good", "bad", "good"], "n": [100, 100, 200], "err": [0.5, 0.6, 0.4]}
    return pl.DataFrame(plain | columns)


def study_of(path, **item):
    content = declared()
    content["runs"]["points"] = []
    content["runs"]["files"] = [{"format": path.suffix[1:], "file": {"path": str(path)}, "columns": COLUMNS} | item]
    return parsed(content)


def imported(tmp_path, frame, ending="csv", **item):
    path = tmp_path / f"runs.{ending}"
    if ending == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return import_runs(study_of(path, **item))


def refused(tmp_path, frame, ending="csv", **item):
    with pytest.raises(InputError) as caught:
        imported(tmp_path, frame, ending, **item)
    text = str(caught.value)
    assert "\n" not in text
    assert f"runs.{ending}" in text
    return text


def test_points_stand_in_the_study():
    frame = import_runs(parsed(declared())).sort("pool", "samples_seen")
    assert frame.height == 11
    union = frame.filter(pool="all")
    assert union["weights"][0].to_list() == [
        {"pool": "good", "weight": 0.5, "size": 100},
        {"pool": "bad", "weight": 0.5, "size": 100},
    ]
    assert union["repetitions"].to_list() == [1.0, 2.0, 4.0]
    assert union["unique_samples"].to_list() == [200] * 3
    assert frame["flops"].null_count() == frame["params"].null_count() == 11
    assert frame["run_id"].unique().sort().to_list() == ["all.draw-0.seed-0", "bad.draw-0.seed-0", "good.draw-0.seed-0"]
    assert frame["source"].unique().to_list() == ["a paper"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_are_mapped_and_other_pools_left_out(tmp_path, ending):
    frame = rows(pool=["top 10 %", "rest", "top 10 %"], model=["a", "b", "a"], extra=[math.nan] * 3)
    item = {
        "columns": COLUMNS | {"run_id": "model"},
        "constants": {"metric": "top-1", "seed": 4, "params": 10},
        "pools": {"top 10 %": "good"},
    }
    found = imported(tmp_path, frame, ending, **item)
    assert found["pool"].to_list() == ["good", "good"]
    assert found["run_id"].to_list() == ["a", "a"]
    assert found["error"].to_list() == [0.5, 0.4]
    assert found["metric"].to_list() == ["top-1"] * 2
    assert found["seed"].to_list() == [4, 4]
    assert found["flops"].to_list() == [6.0 * 10 * 100, 6.0 * 10 * 200]


def test_percentages_and_accuracies_become_errors(tmp_path):
    for options, values in (
        ({}, [0.5, 0.25, 0.125]),
        ({"percent": True}, [50.0, 25.0, 12.5]),
        ({"accuracy": True}, [0.5, 0.75, 0.875]),
        ({"percent": True, "accuracy": True}, [50.0, 75.0, 87.5]),
    ):
        assert imported(tmp_path, rows(err=values), **options)["error"].to_list() == [0.5, 0.25, 0.125]


def test_flops_of_a_file_come_before_those_of_the_study(tmp_path):
    content = changed(declared(), "runs.flops_per_sample", 3.0)
    path = tmp_path / "runs.csv"
    rows(flops=[7.0, None, None]).write_csv(path)
    content["runs"]["files"] = [
        {
            "format": "csv",
            "file": {"path": str(path)},
            "columns": COLUMNS | {"flops": "flops"},
            "constants": {"draw": 1},
        }
    ]
    frame = import_runs(parsed(content)).filter(draw=1)
    assert frame["flops"].to_list() == [7.0, 300.0, 600.0]
    by_params = import_runs(parsed(declared(), runs__params=2))
    assert (by_params["flops"] == 12.0 * by_params["samples_seen"]).all()


def test_pools_named_by_numbers(tmp_path):
    content = declared()
    content["pools"] = {"source": {"kind": "declared", "sizes": {"10": 100, "007": 100}}}
    path = tmp_path / "runs.csv"
    path.write_text("pool,n,err\n10,100,0.5\n007,100,0.6\n")
    item = {"format": "csv", "file": {"path": str(path)}, "columns": COLUMNS}
    content["runs"] |= {"points": [], "files": [item]}
    assert import_runs(parsed(content))["pool"].to_list() == ["10", "007"]


@pytest.mark.parametrize(
    ("columns", "item", "expected"),
    [
        ({"err": [0.5, math.nan, 0.4]}, {}, "error is nan in row 1, a number above 0 is needed; mend or drop the row"),
        ({"err": [0.5, None, 0.4]}, {}, "error is empty in row 1, a number above 0 is needed"),
        ({"err": [0.5, 0.6, math.inf]}, {}, "error is inf in row 2, a number above 0 is needed"),
        ({"err": [0.0, 0.6, 0.4]}, {}, "error is 0.0 in row 0, a number above 0 is needed"),
        ({"err": [95.0, 90.0, 80.0]}, {"accuracy": True}, "error is -94.0 in row 0, a number above 0 is needed"),
        ({"n": [100, 0, 200]}, {}, "samples_seen is 0 in row 1, a whole number above 0 is needed"),
        ({"n": [100.5, 100, 200]}, {}, "samples_seen is 100.5 in row 0, a whole number above 0 is needed"),
        ({"n": [100.0, math.nan, 200]}, {}, "samples_seen is nan in row 1, a whole number above 0 is needed"),
        ({"n": [1e30, 100, 200]}, {}, "samples_seen is 1e+30 in row 0, a whole number above 0 is needed"),
        ({"err": ["low", "high", "low"]}, {}, "column 'err' is not numeric, error needs numbers"),
        ({}, {"constants": {"draw": "x"}}, "constants.draw is not numeric, draw needs numbers"),
        ({}, {"constants": {"draw": 2**31}}, "draw is 2147483648 in row 0, a whole number from 0 to 2147483647"),
        ({}, {"constants": {"seed": -1}}, "seed is -1 in row 0, a whole number from 0 to 2147483647 is needed"),
        ({"p": [5, None, -1]}, {"columns": COLUMNS | {"params": "p"}}, "params is -1 in row 2, a whole number above 0"),
        ({"r": ["a", None, "b"]}, {"columns": COLUMNS | {"run_id": "r"}}, "run_id is empty in row 1; mend or drop the"),
        ({"pool": ["good", None, "bad"]}, {}, "pool is empty in row 1; mend or drop the row"),
        (
            {"pool": ["good", "ugly", "bad"]},
            {},
            "'ugly' is no pool of this study; map it with pools to one of good, bad",
        ),
        ({"pool": ["x", "y", "z"]}, {"pools": {"q": "good"}}, "no row belongs to a pool of this study; check pools"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_bad_values_are_named_with_file_key_and_row(tmp_path, ending, columns, item, expected):
    frame = rows(**{k: pl.Series(v, strict=False) for k, v in columns.items()})
    text = refused(tmp_path, frame, ending, **item)
    assert text.startswith(f"{tmp_path}/runs.{ending} (key runs.files[0]): {expected}"), text


def test_a_column_of_lists_is_no_text(tmp_path):
    text = refused(tmp_path, rows(pool=pl.Series([[], [], []])), "parquet")
    assert "column 'pool' holds List(Null), pool needs text or numbers; mend the file" in text


def test_rows_are_those_of_the_file_whatever_is_left_out(tmp_path):
    frame = rows(pool=["left out", "a", "a"], err=[math.nan, 0.5, math.nan])
    assert "error is nan in row 2" in refused(tmp_path, frame, pools={"a": "good"})


def test_a_missing_column_is_named(tmp_path):
    assert "has no column 'err': it has pool, n" in refused(tmp_path, rows().drop("err"))


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "runs.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"runs.parquet is truncated or damaged"):
        import_runs(study_of(tmp_path / "runs.parquet"))


def test_duplicate_runs_are_named(tmp_path):
    text = refused(tmp_path, rows(pool=["good"] * 3, n=[100, 200, 100]))
    assert "run id 'good.draw-0.seed-0' has error at 100 twice; give draws, seeds or run_id apart" in text
    rows().write_csv(tmp_path / "runs.csv")
    item = {"format": "csv", "file": {"path": str(tmp_path / "runs.csv")}, "columns": COLUMNS}
    with pytest.raises(InputError) as caught:
        import_runs(parsed(declared(), runs__files=[item]))
    text = str(caught.value)  # in the file and among the points
    assert f"{tmp_path}/runs.csv (key runs.files[0]) and key runs.points[1]: run id 'bad.draw-0.seed-0'" in text
    again = item | {"constants": {"seed": 1}}
    assert import_runs(parsed(declared(), runs__files=[again])).height == 14


def test_other_bytes_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "runs.csv"
    rows().write_csv(path)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    file = {"path": "runs.csv", "url": "https://example.org/runs.csv", "sha256": sha}
    study = parsed(declared() | {"data_root": str(tmp_path)}, runs__points=[], runs__files=[
        {"format": "csv", "file": file, "columns": COLUMNS}
    ])  # fmt: skip
    assert import_runs(study).height == 3
    path.write_text("pool,n,err\ngood,100,0.1\n")
    with pytest.raises(InputError, match=rf"runs.csv has sha256 [0-9a-f]{{64}}, the study wants {sha}: fetch the file"):
        import_runs(study)
    path.unlink()
    with pytest.raises(InputError, match=rf"is missing: fetch it from https://example.org/runs.csv \(sha256 {sha}\)"):
        import_runs(study)


def evaluation(tmp_path, *lines, **item):
    path = tmp_path / "eval_results.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    content = declared()
    content["runs"]["points"] = []
    content["runs"]["files"] = [
        {"format": "eval_results", "file": {"path": str(path)}, "task": "imagenet1k", "pool": "good"}
        | {"samples_seen": 128e6, "draw": 2}
        | item
    ]
    return import_runs(parsed(content))


IMAGENET = {
    "key": "imagenet1k",
    "dataset": "ImageNet 1k",
    "metrics": {"acc1": 0.297, "acc5": 0.5, "main_metric": 0.297},
}
OTHER = {"key": "vtab/pets", "dataset": "Pets", "metrics": {"main_metric": 0.4}}


def test_eval_results_of_datacomp(tmp_path):
    for task, metric, error in (
        ("imagenet1k", "main_metric", 1 - 0.297),
        ("ImageNet 1k", "acc5", 0.5),
        ("vtab/pets", "main_metric", 0.6),
    ):
        (row,) = evaluation(tmp_path, OTHER, IMAGENET, b"", task=task, metric=metric).to_dicts()
        assert row["error"] == error
        assert row["metric"] == f"{task}_error" + ("" if metric == "main_metric" else f"_{metric}")
        assert (row["samples_seen"], row["draw"], row["schedule"]) == (128_000_000, 2, "final")


@pytest.mark.parametrize(
    ("lines", "item", "expected"),
    [
        ([OTHER], {}, "task 'imagenet1k' occurs 0 times, once is needed; check the task's key"),
        ([IMAGENET, IMAGENET], {}, "task 'imagenet1k' occurs 2 times, once is needed; check the task's key"),
        ([OTHER, b"{half"], {}, "line 2 is not JSON; fetch the file again"),
        ([OTHER, b"\xff\xfe"], {}, "line 2 is not JSON; fetch the file again"),
        ([IMAGENET], {"metric": "f1"}, "line 1 has no accuracy 'f1' between 0 and 1; name another"),
        ([IMAGENET | {"metrics": {"main_metric": 29.7}}], {}, "line 1 has no accuracy 'main_metric' between 0 and 1"),
        ([IMAGENET | {"metrics": {"main_metric": math.nan}}], {}, "line 1 has no accuracy 'main_metric' between 0 and"),
        ([IMAGENET | {"metrics": None}], {}, "line 1 has no accuracy 'main_metric' between 0 and 1; name another"),
        ([IMAGENET | {"metrics": "none"}], {}, "line 1 has no accuracy 'main_metric' between 0 and 1; name another"),
        ([IMAGENET | {"metrics": {"main_metric": 1.0}}], {}, "error is 0.0 in row 0, a number above 0 is needed"),
        ([[1], "x", 5], {}, "task 'imagenet1k' occurs 0 times"),
    ],
)
def test_bad_eval_results(tmp_path, lines, item, expected):
    with pytest.raises(InputError) as caught:
        evaluation(tmp_path, *lines, **item)
    assert str(caught.value).startswith(f"{tmp_path}/eval_results.jsonl (key runs.files[0]): {expected}")


@pytest.mark.parametrize("name", ["goyal2024"])
def test_published_points_of_the_project_are_imported(name, tmp_path):
    from curation_scaling.study import load_study

    study = load_study(FILES[name])
    collect_runs(study, Layout(tmp_path))
    runs = read(Layout(tmp_path).runs, RUNS, study=name)
    assert runs.height == sum(len(p.error) for p in study.runs.points)
    assert set(runs["pool"]) <= set(study.pools.members)
    assert (runs["repetitions"] * runs["unique_samples"] - runs["samples_seen"]).abs().max() < 1e-3
