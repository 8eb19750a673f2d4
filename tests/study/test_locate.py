import hashlib

import pytest

from curation_scaling.errors import InputError
from curation_scaling.study.locate import check_inputs, data_files, locate, path_of, trainer_inputs
from curation_scaling.study.plan import describe_plan
from study_data import FILES, content, declared, parsed, table

COLUMNS = {"pool": "pool", "samples_seen": "n", "error": "err"}


def imported(**file):
    study = declared()
    study["runs"]["files"] = [{"format": "csv", "file": {"path": "sub/runs.csv"} | file, "columns": COLUMNS}]
    return study


def test_files_lie_below_data_root_or_where_an_absolute_path_says(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for root, path, expected in (
        (None, "a.csv", "a.csv"),
        ("data", "a.csv", "data/a.csv"),
        ("~/data", "a.csv", f"{tmp_path}/home/data/a.csv"),
        ("data", "/other/a.csv", "/other/a.csv"),
    ):
        study = parsed(imported(path=path), data_root=root)
        (file,) = data_files(study)
        assert str(path_of(study, file)) == expected


def test_a_missing_file_says_where_to_get_it(tmp_path):
    sha = "0" * 64
    study = parsed(imported(url="https://example.org/runs.csv", sha256=sha), data_root=str(tmp_path))
    with pytest.raises(InputError) as caught:
        check_inputs(study)
    assert str(caught.value) == (
        f"{tmp_path}/sub/runs.csv is missing: fetch it from https://example.org/runs.csv (sha256 {sha}), "
        "and let data_root name the folder with sub/runs.csv"
    )


def test_a_missing_absolute_file_speaks_of_no_root(tmp_path):
    study = parsed(imported(path=str(tmp_path / "runs.csv")))
    with pytest.raises(InputError, match=r"runs.csv is missing: put it there$"):
        check_inputs(study)


def test_other_bytes_than_declared_are_refused(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_bytes(b"pool,n,err\n")
    good = hashlib.sha256(path.read_bytes()).hexdigest()
    study = parsed(imported(path=str(path), sha256=good))
    check_inputs(study)
    (file,) = data_files(study)
    assert locate(study, file) == path
    path.write_bytes(b"pool,n,err\nx")
    with pytest.raises(InputError, match=rf"runs.csv has sha256 [0-9a-f]{{64}}, the study wants {good}: fetch the"):
        check_inputs(study)


def test_the_shards_of_a_table_must_be_there(tmp_path):
    with pytest.raises(InputError, match=r"pool.parquet is missing: put it there, and let data_root name the folder"):
        check_inputs(parsed(table(), data_root=str(tmp_path)))


def test_what_a_command_reads_must_be_there(tmp_path):
    shard, script = tmp_path / "pool.parquet", tmp_path / "train.py"
    shard.touch()
    study = parsed(table(shard), runs__trainer__inputs=[str(script)])
    with pytest.raises(InputError, match=r"train.py is missing: put it there or mend key runs.trainer.inputs\[0\]"):
        check_inputs(study)
    script.touch()
    check_inputs(study)
    assert trainer_inputs(study) == [script]


def test_packages_that_are_not_installed_are_named_before_any_job():
    study = parsed(content("config"), pools__source__code=["networkx", "no_such_package"])
    with pytest.raises(InputError, match="no_such_package"):
        check_inputs(study)


def test_plan_counts_trainings_and_jobs(tmp_path):
    lines = describe_plan(parsed(content("smoke"))).splitlines()
    assert lines[0] == "smoke: Blurred digits, ranked by sharpness"
    assert "runs: 18 trainings (3 draws x 1 seeds a pool)" in lines
    assert f"training: {18 * 4800} samples in all" in lines
    assert "jobs: 34" in lines  # samples, 3 buckets, pools, 6 unions, 18 train; runs, laws, frontier, report, all
    assert "runs: imported" in describe_plan(parsed(declared())).splitlines()


def test_plan_of_a_study_with_a_missing_file_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"clip_decile_learning_curves.csv is missing: fetch it from https://github.com/"
    ):
        describe_plan(parsed(content("goyal2024_clip"), data_root=str(tmp_path)))
    assert "goyal2024" in FILES
