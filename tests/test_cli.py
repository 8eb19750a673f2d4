import json
import subprocess
import sys

import pytest
import yaml

from curation_scaling.cli import main
from curation_scaling.layout import Layout
from curation_scaling.study import json_schema
from curation_scaling.study.keys import stage_digest
from curation_scaling.study.save import save_study
from study_data import FILES, content, declared, parsed


def failing(capsys, *arguments):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("curation-scaling: ")
    assert err.count("\n") == 1
    return err.removeprefix("curation-scaling: ").rstrip()


@pytest.fixture
def results(tmp_path):
    layout = Layout(tmp_path / "smoke")
    save_study(parsed(content("smoke")), layout)
    return layout


def test_schema_is_printed_as_it_stands_in_the_project(capsys):
    assert main(["schema"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out) == json_schema()
    assert out == (FILES["config"].parent / "schema.json").read_text()


def test_check_prints_the_plan(capsys):
    assert main(["check", str(FILES["smoke"])]) == 0
    assert capsys.readouterr().out.startswith("smoke: Blurred digits, ranked by sharpness\n")


def test_bad_input_is_one_sentence_and_code_2(tmp_path, capsys):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(content("smoke") | {"studdy": 1}))
    assert failing(capsys, "check", str(path)) == f"{path}: key studdy is unknown; did you mean 'study'?"
    assert failing(capsys, "answer", str(tmp_path)).endswith(
        "answer.txt is missing: run the workflow for this study first"
    )
    assert failing(capsys, "laws", str(tmp_path / "none")).endswith(
        "study.yaml is missing: name an existing study file"
    )


def test_answer_is_printed_with_the_path_of_the_report(results, capsys):
    results.answer.write_text("keep it\n")
    assert main(["answer", str(results.root)]) == 0
    assert capsys.readouterr().out == f"keep it\nReport: {results.report}\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("train --pool nope --draw 0 --seed 0", "--pool nope is not in study smoke: the choices are bucket1, bucket2"),
        ("train --pool all --draw 3 --seed 0", "--draw 3 is not in study smoke: the choices are 0, 1, 2"),
        ("train --pool all --draw -1 --seed 0", "--draw -1 is not in study smoke: the choices are 0, 1, 2"),
        ("train --pool all --draw 0 --seed 1", "--seed 1 is not in study smoke: the choices are 0"),
        ("union --pool bucket1 --draw 0", "--pool bucket1 is not in study smoke: the choices are top2, all"),
        ("buckets --draw 9", "--draw 9 is not in study smoke: the choices are 0, 1, 2"),
    ],
)
def test_jobs_that_are_not_of_the_study_are_refused(results, capsys, arguments, expected):
    stage, *rest = arguments.split()
    assert failing(capsys, stage, str(results.root), *rest).startswith(expected)


def test_imported_runs_are_not_trained(tmp_path, capsys):
    save_study(parsed(declared()), Layout(tmp_path))
    assert failing(capsys, *f"train {tmp_path} --pool all --draw 0 --seed 0".split()) == (
        "study declared imports its runs: there is nothing to train"
    )


def test_a_study_that_changed_under_a_running_workflow_is_refused(results, capsys):
    arguments = ["buckets", str(results.root), "--draw", "0", "--settings"]
    assert failing(capsys, *arguments, "0123456789abcdef") == (
        f"{results.study} changed since this workflow started: start it again"
    )
    settings = stage_digest(parsed(content("smoke")), "buckets", draw=0)
    assert failing(capsys, *arguments, settings).endswith("if it exists and run again")  # now the samples are missing


def test_stages_run_from_the_command_line(tmp_path, capsys):
    layout = Layout(tmp_path)
    save_study(parsed(declared(), laws={"names": ["goyal_eq3"], "main": "goyal_eq3", "bootstrap": 5}), layout)
    for stage in ("runs", "laws", "frontier"):
        assert main([stage, str(tmp_path)]) == 0
    assert layout.frontier.is_file()


def test_the_command_line_starts_without_heavy_imports():
    """The threads of polars and BLAS are set before they load, and `check` answers at once."""
    code = "import sys, curation_scaling.cli; print(sorted({'polars', 'numpy', 'scipy', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
