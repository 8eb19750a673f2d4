"""A rerun's file: its faults in one sentence, its digests, and its tables as points."""

import hashlib
import json
from typing import Any

import polars as pl
import pytest

from curation_scaling.artifacts_rerun import POINTS
from curation_scaling.errors import InputError
from curation_scaling.laws.reproduction.points import build_points, pareto, read_points
from curation_scaling.layout import Layout
from curation_scaling.store import read
from curation_scaling.study import Rerun, Study, parse_study
from curation_scaling.study.locate import check_inputs, files_at
from curation_scaling.study.plan import describe_plan
from curation_scaling.study.rerun_keys import RERUN_STAGES, rerun_digest
from study_data import ABSENT, changed, content

RERUNS = ("besiroglu2024", "muennighoff2023", "cherti2023", "gadre2024", "alabdulmohsin2022")
ROWS = pl.DataFrame(
    {
        "model": ["a", "b", "c", "d", "e", "e"],
        "set": ["small", "small", "large", "large", "other", "other"],
        "N": [1e6, 2e6, 4e6, 8e6, 9e6, 9e6],
        "FLOP": [6e13, 2.4e14, 9.6e14, 3.84e15, 6e15, 6e15],
        "accuracy": [0.3, 0.4, 0.35, 0.6, 0.9, 0.9],
    }
)


@pytest.fixture
def rerun(tmp_path: Any) -> dict[str, Any]:
    """A rerun of a table of six rows."""
    ROWS.write_csv(tmp_path / "runs.csv")
    return {
        "study": "tiny",
        "title": "A rerun",
        "seed": 1,
        "data_root": str(tmp_path),
        "tables": [
            {
                "name": "runs",
                "files": [{"path": "runs.csv"}],
                "columns": {"params": "N", "flops": "FLOP", "group": "set"},
                "run": ["set", "model"],
                "distinct": True,
                "lookups": [{"to": "unique_samples", "column": "set", "values": {"small": 5e6, "large": 5e7}}],
                "derived": {"samples_seen": "flops / (6 * params)", "error": "1 - accuracy"},
                "where": [{"column": "set", "among": ["small", "large"]}],
                "fitted": {"column": "params", "at_most": 4e6},
            }
        ],
        "fits": [{"name": "line", "table": "runs", "laws": ["power"]}],
        "reproduction": [{"kind": "parameter", "fit": "line", "published": {"b": -0.1}, "source": "a paper"}],
    }


def parsed(content: dict[str, Any], **values: Any) -> Rerun:
    for key, value in values.items():
        content = changed(content, key.replace("__", "."), value)
    study = parse_study(content, "F.yaml")
    assert isinstance(study, Rerun)
    return study


def points(rerun: Rerun) -> pl.DataFrame:
    return read_points(rerun, rerun.tables[0])


@pytest.mark.parametrize("name", RERUNS)
def test_the_key_reproduction_makes_a_rerun(name: str) -> None:
    assert isinstance(parse_study(content(name), name), Rerun)
    assert isinstance(parse_study(content("smoke"), "smoke"), Study)


@pytest.mark.parametrize("name", RERUNS)
def test_without_data_the_public_source_is_named_in_one_sentence(name: str, tmp_path: Any) -> None:
    study = parsed(content(name), data_root=str(tmp_path))
    with pytest.raises(InputError) as caught:
        check_inputs(study)
    text = str(caught.value)
    assert f"{study.tables[0].files[0].path} is missing: fetch it from https://github.com/" in text
    assert f"(sha256 {study.tables[0].files[0].sha256})" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("tables.0.colums", {}, "key tables[0].colums is unknown; did you mean 'columns'?"),
        ("tables.0.columns.loss", "x", "key tables[0].columns.loss: laws read no such column; the choices are params,"),
        ("tables.0.derived", {}, "key tables[0].columns.samples_seen is missing; name the file's column, or derive it"),
        ("tables.0.fitted.lowest", 2, "key tables[0].fitted.column: give exactly one of among, a range"),
        ("fits.0.table", "x", "key fits[0].table: 'x' is no table; these are: runs"),
        ("fits.0.laws", ["power", "power"], "key fits[0].laws[1]: 'power' stands there twice; name it once"),
        ("reproduction.0.fit", "x", "key reproduction[0].fit: 'x' is no fit; these are: line"),
        ("reproduction.0.kind", "x", "key reproduction[0].kind is 'x'; the choices are objective,"),
        ("reproduction.0.source", ABSENT, "key reproduction[0].source is missing; add it"),
        ("fits.0.each_run", True, "key reproduction[0].fit: parameter needs one fit to all rows, unset each_run"),
        ("fits.0.combine", True, "key fits[0].combine: weights are pooled over runs that are fitted one by one"),
        (
            "reproduction.0",
            {"kind": "objective", "fit": "line", "quantity": "q", "published": 1, "source": "s"},
            "key reproduction[0].tolerance is missing; say how large a difference still agrees",
        ),
    ],
)
def test_faults_are_one_sentence(rerun: dict[str, Any], key: str, value: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_study(changed(rerun, key, value), "F.yaml")
    assert str(caught.value).startswith(f"F.yaml: {expected}")


def test_laws_are_checked_before_any_job(rerun: dict[str, Any]) -> None:
    check_inputs(parsed(rerun))
    with pytest.raises(InputError, match=r"^key fits\[0\].laws: law 'powr' is unknown: choose one of power"):
        check_inputs(parsed(rerun, fits__0__laws=["powr"]))
    with pytest.raises(InputError, match=r"^key fits\[0\].fixed.x: law power has no such parameter; it has "):
        check_inputs(parsed(rerun, fits__0__fixed={"x": 1}))


def test_the_plan_lists_tables_fits_and_checks(rerun: dict[str, Any]) -> None:
    lines = describe_plan(parsed(rerun)).splitlines()
    assert lines[1:] == ["tables: runs", "fits: line", "checks: 1", "jobs: 4"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("data_root", "elsewhere", set()),
        ("title", "Other words", {"reproduction-report"}),
        ("tables.0.files.0.path", "b.csv", {"reproduction-report"}),
        ("tables.0.files.0.sha256", "0" * 64, {"points", "reproduction-report"}),
        ("tables.0.where", [], {"points", "reproduction-report"}),
        ("seed", 2, {"reproduction", "reproduction-report"}),
        ("fits.0.loss", "mse", {"reproduction", "reproduction-report"}),
        ("reproduction.0.published", {"b": -0.2}, {"reproduction", "reproduction-report"}),
    ],
)
def test_a_changed_key_moves_the_digests_that_depend_on_it(
    rerun: dict[str, Any], key: str, value: Any, expected: set[str]
) -> None:
    before, after = parsed(rerun), parsed(changed(rerun, key, value))
    assert {stage for stage in RERUN_STAGES if rerun_digest(before, stage) != rerun_digest(after, stage)} == expected


def test_a_table_is_renamed_looked_up_derived_filtered_and_split(rerun: dict[str, Any], tmp_path: Any) -> None:
    study, layout = parsed(rerun), Layout(tmp_path / "results")
    build_points(study, layout)
    rows = read(layout.points, POINTS, study="tiny")
    assert rows["run_id"].to_list() == ["small / a", "small / b", "large / c", "large / d"]
    assert rows["role"].to_list() == ["fitted", "fitted", "fitted", "held_out"]
    assert rows["samples_seen"].to_list() == pytest.approx([1e7, 2e7, 4e7, 8e7])
    assert rows["error"].to_list() == pytest.approx([0.7, 0.6, 0.65, 0.4])
    assert rows["unique_samples"].to_list() == [5e6, 5e6, 5e7, 5e7]


def test_lowest_and_frontier(rerun: dict[str, Any]) -> None:
    few = points(parsed(rerun, tables__0__where=[{"column": "error", "lowest": 1}], tables__0__lookups=[]))
    assert few["run_id"].to_list() == ["other / e"]
    best = points(parsed(rerun, tables__0__frontier="flops"))
    assert best["run_id"].to_list() == ["small / a", "small / b", "large / d"]  # c is worse than b


def test_the_frontier_keeps_the_better_of_two_at_the_same_compute() -> None:
    frame = pl.DataFrame({"flops": [1.0, 1.0, 2.0, 3.0], "error": [0.5, 0.4, 0.4, 0.3]})
    assert pareto(frame, "flops").rows() == [(1.0, 0.4), (3.0, 0.3)]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("derived.error", "1 - model", "formula '1 - model' of 'error' reads 'model', which holds no numbers"),
        ("derived.error", "1 - accurcy", "has no column 'accurcy'"),
        ("derived.error", "__import__('os')", "only numbers, names"),
        ("where", [], "column 'unique_samples', row 4 is None, but must be finite and above 0"),
        ("where", [{"column": "set", "among": ["huge"]}], "table 'runs': no row is left; mend its where"),
        ("where", [{"column": "set", "at_least": 1}], "column 'set' holds no numbers: filter it with among"),
    ],
)
def test_a_table_that_cannot_be_read_ends_in_one_sentence(
    rerun: dict[str, Any], key: str, value: Any, expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        points(parsed(changed(rerun, f"tables.0.{key}", value)))
    assert expected in str(caught.value)


@pytest.fixture
def records(rerun: dict[str, Any], tmp_path: Any) -> dict[str, Any]:
    """The same rerun of a folder of JSON files, one a model."""
    (tmp_path / "models").mkdir()
    for row in ROWS.head(4).iter_rows(named=True):
        made = {
            "of": {"N": row["N"], "FLOP": row["FLOP"]},
            "set": row["set"],
            "results": [{}, {"loss": row["accuracy"]}],
        }
        (tmp_path / f"models/{row['model']}.json").write_text(json.dumps({"name": row["model"], **made}))
    table = {
        "name": "runs",
        "files": [{"path": "models"}],
        "columns": {"params": "of.N", "flops": "of.FLOP", "error": "results.1.loss"},
        "run": ["set", "name"],
        "derived": {"samples_seen": "flops / (6 * params)"},
    }
    return rerun | {"tables": [table]}


def test_a_folder_of_json_files_is_a_table(records: dict[str, Any]) -> None:
    rows = points(parsed(records))
    assert rows["run_id"].to_list() == ["small / a", "small / b", "large / c", "large / d"]
    assert rows["error"].to_list() == [0.3, 0.4, 0.35, 0.6]
    assert rows["samples_seen"].to_list() == pytest.approx([1e7, 2e7, 4e7, 8e7])


def test_a_folder_is_known_by_the_bytes_and_names_of_its_files(records: dict[str, Any], tmp_path: Any) -> None:
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files_at(tmp_path / "models")]
    sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    study = parsed(records, tables__0__files__0__sha256=sha256)
    check_inputs(study)
    (tmp_path / "models/a.json").write_text("{}")
    with pytest.raises(InputError, match=r"models has sha256 [0-9a-f]{64}, the study wants .*: fetch the file again"):
        check_inputs(study)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("results.2.loss", None, "a.json has no column 'results.2.loss': '2' is not there"),
        (
            "results.1",
            None,
            "a.json: column 'results.1' is not a single value; name one inside it, such as results.1.0",
        ),
        ("results.1.loss", "[", "a.json is no JSON file: fetch it again"),
    ],
)
def test_a_folder_that_cannot_be_read_ends_in_one_sentence(
    records: dict[str, Any], tmp_path: Any, name: str, text: str | None, expected: str
) -> None:
    if text is not None:
        (tmp_path / "models/a.json").write_text(text)
    with pytest.raises(InputError) as caught:
        points(parsed(records, tables__0__columns__error=name))
    assert str(caught.value).endswith(expected)


def test_an_empty_folder_holds_no_table(records: dict[str, Any], tmp_path: Any) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no .json file: fetch the folder again"):
        points(parsed(records, tables__0__files__0__path="empty"))
