"""The user's own training command: real processes, hostile names, and every way to end badly."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.artifacts import POOL, RUNS
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.pools.cut import build_buckets
from curation_scaling.pools.samples import build_samples
from curation_scaling.pools.unions import build_union
from curation_scaling.runs.collect import collect_runs
from curation_scaling.runs.identity import run_identities
from curation_scaling.runs.train import train_run
from curation_scaling.runs.trainers.command import fill, train_command
from curation_scaling.runs.trainers.training import Evaluation
from curation_scaling.store import read
from curation_scaling.study.runs import PLACEHOLDERS, CommandTrainer
from study_data import parsed, scored_table, table

PYTHON = shlex.quote(sys.executable)
SCRIPT = Path(__file__).with_name("fit_line.py")
TRAIN = f"{PYTHON} {shlex.quote(str(SCRIPT))} {{manifest}} {{weights}} {{checkpoints}} {{seed}} {{output}}"


def study_in(folder, command=TRAIN, **keys):
    folder.mkdir(parents=True, exist_ok=True)
    scored_table(40).write_parquet(folder / "pool.parquet")
    return parsed(table(folder / "pool.parquet", command), **keys)


def build_pools(study, layout):
    build_samples(study, layout)
    build_buckets(study, layout, 0)
    build_union(study, layout, "all", 0)


def test_the_command_has_the_threads_of_its_processors(tmp_path):
    line = '{"samples_seen": %s, "metric": "loss", "error": %s}'
    command = f"printf '{line}\\n' 10 $OMP_NUM_THREADS 20 $POLARS_MAX_THREADS > {{output}}"
    trainer = CommandTrainer(kind="command", command=command, metric="loss", cpus=3)
    files = {"manifest": tmp_path / "pool.parquet", "uids": tmp_path / "pool.npy"}
    training = train_command(trainer, [10, 20], 0, **files, name="run", sizes={"a": 1})
    assert training.evaluations == (Evaluation(10, 3.0), Evaluation(20, 3.0))


def test_a_real_script_trains_every_pool(tmp_path):
    study = study_in(tmp_path)
    layout = Layout(tmp_path / "results")
    build_pools(study, layout)
    for identity in run_identities(study):
        train_run(study, layout, *identity)
    collect_runs(study, layout)
    runs = read(layout.runs, RUNS, study="tiny")
    assert runs.height == 3 * 3
    assert runs["metric"].unique().to_list() == ["loss"]  # the script writes another one, too
    assert (runs["flops"] == 12.0 * runs["samples_seen"]).all()
    assert runs["params"].null_count() == runs.height
    mean = runs.group_by("samples_seen").agg(pl.mean("error")).sort("samples_seen")["error"]
    assert mean[0] > 2 * mean[2]  # it really learns
    whole = runs.filter(pool="all")
    assert whole["weights"][0].to_list() == [
        {"pool": f"bucket{k}", "weight": size / whole["unique_samples"][0], "size": size}
        for k, size in ((k, runs.filter(pool=f"bucket{k}")["unique_samples"][0]) for k in (1, 2))
    ]
    assert len(set(runs.filter(samples_seen=400)["error"])) == 3


def test_the_same_run_has_the_same_bytes_and_a_seed_more_leaves_it(tmp_path):
    layouts = [Layout(tmp_path / name / "results") for name in ("a", "b")]
    for layout, seeds in zip(layouts, (1, 3), strict=True):
        study = study_in(tmp_path / "data", runs__seeds=seeds)
        build_pools(study, layout)
        train_run(study, layout, "bucket2", 0, 0)
    assert layouts[0].run("bucket2", 0, 0).read_bytes() == layouts[1].run("bucket2", 0, 0).read_bytes()


def test_the_bytes_of_what_the_command_reads_belong_to_the_run(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.read_text())
    command = TRAIN.replace(str(SCRIPT), str(script))
    study = study_in(tmp_path, command, runs__trainer__inputs=[str(script)])
    layout = Layout(tmp_path / "results")
    build_pools(study, layout)
    train_run(study, layout, "bucket1", 0, 0)
    before = layout.run("bucket1", 0, 0).read_bytes()
    script.write_text(SCRIPT.read_text() + "# another version\n")
    train_run(study, layout, "bucket1", 0, 0)
    assert layout.run("bucket1", 0, 0).read_bytes() != before
    script.unlink()
    with pytest.raises(InputError, match=r"script.py is missing: put it there or mend key runs.trainer.inputs\[0\]"):
        train_run(study, layout, "bucket1", 0, 0)


@pytest.mark.parametrize("ending", ["parquet", "npy"])
def test_damaged_uids_are_found_before_the_training(tmp_path, ending):
    study = study_in(tmp_path, f"touch {shlex.quote(str(tmp_path / 'started'))}; {TRAIN}")
    layout = Layout(tmp_path / "results")
    build_pools(study, layout)
    path = layout.pool("all", 0).with_suffix(f".{ending}")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=rf"draw-0.{ending} is not what was written"):
        train_run(study, layout, "all", 0, 0)
    assert not (tmp_path / "started").exists()


def test_folders_with_hostile_names_are_quoted(tmp_path):
    folder = tmp_path / "a 'b' \"c\" $(touch owned) ; & {seed} ü"
    study = study_in(folder)
    layout = Layout(folder / "results")
    build_pools(study, layout)
    train_run(study, layout, "all", 0, 0)
    assert read(layout.run("all", 0, 0), RUNS).height == 3
    assert not list(tmp_path.rglob("owned"))
    assert not Path("owned").exists()


@given(values=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=8, max_size=8))
def test_every_value_is_one_word_for_the_shell(values):
    filled = fill(
        "printf '%s\\0' " + " ".join(f"{{{name}}}" for name in PLACEHOLDERS),
        dict(zip(PLACEHOLDERS, values, strict=True)),
    )
    assert shlex.split(filled)[2:] == values


def test_the_shell_itself_sees_the_values():
    values = dict.fromkeys(PLACEHOLDERS, "") | {
        "manifest": "a'b\n$HOME `x` \\",
        "weights": '[{"w": 1}]',
        "seed": "{uids}",
    }
    filled = fill("printf '%s|' {manifest} {weights} {params} {seed} ${HOME:+x} {a,b}", values)
    done = subprocess.run(["bash", "-c", filled], capture_output=True, text=True, check=True)
    assert done.stdout == 'a\'b\n$HOME `x` \\|[{"w": 1}]||{uids}|x|a|b|'


def run(tmp_path, *lines, command=None, **keys):
    """Train by a command that writes these lines to {output}."""
    source = tmp_path / "lines"
    source.write_bytes(b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines))
    trainer = CommandTrainer(
        kind="command", command=command or f"cat {shlex.quote(str(source))} > {{output}}", metric="loss", **keys
    )
    return train_command(
        trainer,
        [100, 200],
        5,
        manifest=Layout(tmp_path).pool("p", 0),
        uids=Layout(tmp_path).subset("p", 0),
        name="p.draw-0.seed-1",
        sizes={"p": 10},
    )


def line(seen, error=0.5, **more):
    return {"samples_seen": seen, "metric": "loss", "error": error} | more


def test_lines_become_evaluations_in_the_order_of_the_checkpoints(tmp_path):
    result = run(tmp_path, line(200, 0.25), b"", line(150), {**line(100, 9), "metric": "other"}, line(100, 1), params=3)
    assert result.evaluations == (Evaluation(100, 1), Evaluation(200, 0.25))
    assert (result.params, result.flops_per_sample) == (3, 18.0)
    told = run(tmp_path, line(100, params=7), line(200, params=7, flops=1000))
    assert (told.params, told.flops_per_sample) == (7, 5.0)
    assert run(tmp_path, line(100), line(200))[1:3] == (None, None)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(100)], "the training command wrote no loss at samples_seen 200"),
        ([], "the training command wrote no loss at samples_seen 100"),
        ([line(100), line(200), line(100)], "line 3 of the training command's output repeats samples_seen 100 of loss"),
        ([b"loss 0.5"], "line 1 of the training command's output is not JSON; write one object a line"),
        ([line(100), b"\xff\xfe"], "line 2 of the training command's output is not JSON; write one object a line"),
        ([[1]], "line 1 of the training command's output is no JSON object; write samples_seen, metric, error"),
        ([{"metric": "loss", "error": 1}], "line 1 of the training command's output has no 'samples_seen'; write"),
        ([{"samples_seen": 1, "error": 1}], "line 1 of the training command's output has no 'metric'; write"),
        ([line(100, float("nan"))], "output has the error NaN; a finite number above 0 is needed"),
        ([line(100, float("inf"))], "output has the error Infinity; a finite number above 0 is needed"),
        ([line(100, 0)], "output has the error 0; a finite number above 0 is needed"),
        ([line(100, "0.5")], 'output has the error "0.5"; a finite number above 0 is needed'),
        ([line(100, None)], "output has the error null; a finite number above 0 is needed"),
        ([line(100, True)], "output has the error true; a finite number above 0 is needed"),
        ([line(100.0)], "output has the samples_seen 100.0; a whole number above 0 is needed"),
        ([line(0)], "output has the samples_seen 0; a whole number above 0 is needed"),
        ([line(100, params=1.5)], "output has the params 1.5; a whole number above 0 is needed"),
        ([line(100, flops="many")], 'output has the flops "many"; a finite number above 0 is needed'),
        ([line(100) | {"metric": 5}], "output has the metric 5; text is needed"),
    ],
)
def test_bad_output_is_one_sentence(tmp_path, lines, expected):
    with pytest.raises(InputError) as caught:
        run(tmp_path, *lines)
    text = str(caught.value)
    assert text.startswith("run p.draw-0.seed-1: ")
    assert expected in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo {output} > /dev/null; exit 3", "the training command ended with exit code 3; its output is above"),
        ("no_such_program_at_all {output}", "the training command ended with exit code 127; its output is above"),
        ("false | cat > {output}", "the training command ended with exit code 1; its output is above"),
        ("kill -9 $$ {output}", "the training command ended with exit code -9; its output is above"),
        ("true {output}", "the training command did not write {output}; let it write JSON lines there"),
        ("mkdir {output}", "the training command did not write {output}; let it write JSON lines there"),
    ],
)
def test_commands_that_fail_are_one_sentence(tmp_path, command, expected):
    with pytest.raises(InputError) as caught:
        run(tmp_path, command=command)
    assert str(caught.value) == f"run p.draw-0.seed-1: {expected}"


def test_a_failed_run_leaves_no_file(tmp_path):
    study = study_in(tmp_path, "false {output}")
    layout = Layout(tmp_path / "results")
    build_pools(study, layout)
    with pytest.raises(InputError, match="exit code 1"):
        train_run(study, layout, "bucket1", 0, 0)
    assert not layout.run("bucket1", 0, 0).parent.exists()


def test_uids_and_params_reach_the_command(tmp_path):
    command = f"cp {{uids}} {shlex.quote(str(tmp_path))}/copy.npy; {TRAIN} {{params}}"
    study = study_in(tmp_path, command, runs__trainer__params=2)
    layout = Layout(tmp_path / "results")
    build_pools(study, layout)
    train_run(study, layout, "bucket1", 0, 0)
    manifest = read(layout.pool("bucket1", 0), POOL)
    assert np.load(tmp_path / "copy.npy").tolist() == manifest.select("uid_hi", "uid_lo").rows()
    assert read(layout.run("bucket1", 0, 0), RUNS)["params"].to_list() == [2, 2, 2]


def test_a_subset_file_of_another_draw_is_refused(tmp_path):
    study = study_in(tmp_path, TRAIN)
    layout = Layout(tmp_path / "results")
    build_pools(study, layout)
    for name in ("draw-0.npy", "draw-0.npy.sha256"):
        shutil.copy(layout.subset("bucket2", 0).with_name(name), layout.subset("bucket1", 0).with_name(name))
    with pytest.raises(InputError, match=r"bucket1/draw-0.npy does not hold the uids of its pool's manifest"):
        train_run(study, layout, "bucket1", 0, 0)
