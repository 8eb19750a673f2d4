"""A study is data: its names stay in their place, its formulas are parsed, its files are read and never run."""

from __future__ import annotations

import ast
import hashlib
import io
import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from harness import Workspace, environment, tiny
from test_bad_input import curves, imported, table

import curation_scaling
from curation_scaling.cli import main
from curation_scaling.errors import InputError
from curation_scaling.laws.symbolic import parse
from curation_scaling.pools.filter.expression import parse_condition
from curation_scaling.pools.filter.predicates import predicates
from curation_scaling.ranking.embeddings import read_embeddings
from curation_scaling.ranking.exchange import read_array_scores
from curation_scaling.runs.trainers.command import train_command
from curation_scaling.study import load_study, parse_study
from curation_scaling.study.runs import CommandTrainer
from shard_data import shards_study
from study_data import changed, parsed
from study_data import table as on_table

HOSTILE = [
    *("a b", "a'b", 'a"b', "a;b", "$(touch pwned)", "`touch pwned`", "a\nb", "a\n", "../a", "/a", "..", ".", "-a", ""),
    *("a/b", "a\0b", "{a}", "a*", "~", "é", "a" * 65),
]
SHELL = "a b;$(touch pwned)'\"`touch pwned`&|\n*"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "content",
    [
        lambda n: tiny(study=n),
        lambda n: tiny(pools__unions={n: ["bucket1", "bucket2"]}),
        lambda n: tiny(runs__pools=["bucket1", n]),
        lambda n: imported(points=[]) | {"pools": {"source": {"kind": "declared", "sizes": {n: 10, "b": 10}}}},
    ],
    ids=["study", "union", "trained", "declared"],
)
def test_names_that_become_files_are_plain(name: str, content: Any) -> None:
    with pytest.raises(InputError) as caught:
        parse_study(content(name), "study.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["filters.0.name", "attach.0.scores", "scores", "filters.0.score", "rank_by"])
def test_names_of_a_study_of_shards_are_plain(key: str, tmp_path: Path) -> None:
    """Filters and scores name files and jobs, too."""
    source: dict[str, Any] = {
        "filters": [{"name": "best", "kind": "top", "score": "clip", "share": 0.5}],
        "attach": [{"shards": ["x"], "scores": {"more": "more"}}],
        "rank_by": "clip",
    }
    shards_study(tmp_path, **source)
    for name in HOSTILE:
        value = {name: "clip"} if key.endswith("scores") else name
        with pytest.raises(InputError):
            shards_study(tmp_path, **changed({"scores": {"clip": "clip"}} | source, key, value))


def test_a_command_is_shown_and_its_values_are_single_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = tmp_path / SHELL.replace("/", "")
    hostile.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(hostile))
    script = "import sys, json; a = sys.argv[1:]; print(len(a)); open(a[0], 'w').write('\\n'.join(json.dumps("
    script += "{'samples_seen': n, 'metric': 'loss', 'error': .5 / n}) for n in (1, 2))); open('seen', 'w').write(a[1])"
    (tmp_path / "train.py").write_text(script)
    trainer = CommandTrainer(
        kind="command", metric="loss", command=f"{sys.executable} train.py {{output}} {{manifest}} {{uids}} {{weights}}"
    )
    manifest = hostile / "draw 0.parquet"
    result = train_command(
        trainer, [1, 2], 7, manifest=manifest, uids=hostile / "x.npy", name="a.draw-0.seed-0", sizes={"a": 3}
    )
    assert result.evaluations == ((1, 0.5), (2, 0.25))
    assert (tmp_path / "seen").read_text() == str(manifest)
    shown = capsys.readouterr().err
    assert shown.startswith("a.draw-0.seed-0: ")
    assert "train.py" in shown
    assert not list(tmp_path.rglob("pwned"))


def test_a_command_is_shown_before_it_runs(workspace: Workspace) -> None:
    """It may hang or fail: its line is there already."""
    trainer = CommandTrainer(kind="command", metric="loss", command="sleep 60; touch {output}")
    code = (
        "from pathlib import Path; from curation_scaling.runs.trainers.command import train_command; "
        "from curation_scaling.study.runs import CommandTrainer; "
        f"train_command(CommandTrainer.model_validate({trainer.model_dump()!r}), [1], 1, manifest=Path('m'), "
        "uids=Path('u'), name='run', sizes={'a': 1})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"run: sleep 60; touch /")
    os.killpg(process.pid, 9)
    process.wait()


CODE = [
    *("__import__('os').system('touch pwned')", "open('pwned', 'w')", "(lambda: 1)()", "a.__class__", "f'{a}'"),
    *("exp.__globals__", "a if b else c", "a := 1", "exp(*a)", "exp(x=1)", "'a'", "a[0]", "lambda: 0", "1j", "True"),
    *("a and b", "a < b", "~a", "a // b", "a @ b", "...", "", "\0", "(" * 5000, "-" * 5000 + "1", "9" * 5000),
    *("1e999 * a", "a" + "+a" * 5000, "[x for x in y]", "not " * 5000 + "a > 1", "(" * 400 + "a" + ")" * 400 + " > 1"),
    *("a > " + "9" * 400, "a" + " or a" * 5000, "a in (" + "1, " * 5000 + "1)"),
]


@pytest.mark.parametrize("text", CODE, ids=range(len(CODE)))
def test_formulas_and_conditions_are_parsed_and_never_run(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for read in (parse, parse_condition):
        message = ""
        try:
            read(text)
        except InputError as error:
            message = str(error)
        assert "\n" not in message
        assert len(message) < 1000
    assert not list(tmp_path.iterdir())


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call in the package, with the name that is called."""
    for path in sorted(Path(curation_scaling.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path, node, ast.unparse(node.func)


def test_nothing_evaluates_text_or_loads_pickles() -> None:
    loads = 0
    for path, node, name in calls():
        where = f"{path.name}:{node.lineno}"
        last = name.split(".")[-1]
        assert name not in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load"), where
        assert last not in ("sympify", "parse_expr", "lambdify", "read_pickle", "Unpickler", "allow_pickle"), where
        assert not (
            {"pickle", "joblib", "marshal", "shelve", "cloudpickle", "dill", "numexpr"} & set(name.split("."))
        ), where
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        assert given.get("shell", "False") == "False", where
        if name.startswith("np.") and last in ("load", "write_array", "read_array", "save"):
            assert given.get("allow_pickle") == "False", where
            loads += 1
        if last in ("urlopen", "urlretrieve", "Request"):
            assert path.name == "fashion_mnist.py", where  # the one download: four files of known sha256
    assert loads >= 3


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


def test_pickles_in_data_are_refused(tmp_path: Path) -> None:
    proof = tmp_path / "pwned"
    bomb = np.array([Bomb(proof)], dtype=object)
    np.save(tmp_path / "bomb.npy", bomb, allow_pickle=True)
    np.savez(tmp_path / "bomb.npz", scores=bomb, allow_pickle=True)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(Bomb(proof)))
    (tmp_path / "raw.npz").write_bytes(pickle.dumps(Bomb(proof)))
    np.savez(io.BytesIO(), scores=[1.0])
    for name in ("bomb.npy", "raw.npy"):
        with pytest.raises(InputError):
            read_embeddings(tmp_path / name)
        source = shards_study(tmp_path, filters=[{"name": "listed", "kind": "ids", "file": name}]).pools.source
        with pytest.raises(InputError):
            predicates(source, tmp_path, late=False)  # type: ignore[arg-type]
    for name in ("bomb.npz", "raw.npz"):
        with pytest.raises(InputError):
            read_array_scores(tmp_path / name, {"score": "scores"})
    assert not proof.exists()


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{b}: &{b}\n  <<: [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
BOMBS = {
    "aliases": (ALIASES, "stands for more than"),
    "merges": (MERGES, "stands for more than"),
    "mappings": (ALIASES.replace("[x", "{x").replace("x]", "x: 1}").replace("x, ", "x: 1, "), "stands for more than"),
    "cycle": ("a: &a\n  b: *a\n", "refers to itself"),
    "brackets": ("[" * 500_000, "nests more than"),
    "levels": ("a: " + "{a: " * 3000 + "}" * 3000, "nests more than"),
    "list": ("a:\n" + "- 1\n" * 240_000, "stands for more than"),
    "digits": ("seed: " + "9" * 5000, "cannot be read"),
    "tag": ("a: !!python/object/apply:os.system ['touch pwned']", "could not determine a constructor"),
    "template": ("__use_yte__: true\nstudy: ?__import__('os').system('touch pwned')", "__use_yte__ is unknown"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_a_second(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, words = BOMBS[name]
    Path("study.yaml").write_text(text)
    started = time.process_time()
    with pytest.raises(InputError, match=words) as caught:
        load_study(Path("study.yaml"))
    assert time.process_time() - started < 1
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["study.yaml"]


def test_a_large_study_is_refused_unread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "study.yaml"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"a: 1\n" * 200_000)
    started = time.process_time()
    assert main(["check", str(path)]) == 2
    assert time.process_time() - started < 1
    assert "is larger than 1,000,000 bytes" in capsys.readouterr().err


def test_what_snakemake_hands_over_is_held_to_the_same_extent() -> None:
    """Snakemake reads the file itself; its aliases are shared parts, which only we would walk."""
    bomb: Any = ["x"] * 9
    for _ in range(12):
        bomb = [bomb] * 9
    started = time.process_time()
    with pytest.raises(InputError, match="stands for more than"):
        parse_study({"study": bomb}, "study.yaml")
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", ["x{y}z.csv", "{a,b}.csv"])
def test_braces_in_a_data_file_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    from curation_scaling.study.locate import check_inputs

    curves().write_csv(tmp_path / name)
    study = parse_study(imported(files=[table(tmp_path / name)]), "study.yaml")
    with pytest.raises(InputError, match="has braces, which Snakemake reads as a pattern"):
        check_inputs(study)


@pytest.mark.slow
def test_hostile_files_and_folders_through_the_workflow(tmp_path: Path) -> None:
    """The study outside the repository, in a folder of any name; its input is a link to an absolute path."""
    folder, data = tmp_path / SHELL / "work", tmp_path / SHELL / "data"
    folder.mkdir(parents=True)
    data.mkdir()
    real = data / f"real{SHELL}.csv"
    curves().write_csv(real)
    (data / f"{SHELL}.csv").symlink_to(real)
    workspace = Workspace(folder)
    digest = hashlib.sha256(real.read_bytes()).hexdigest()
    workspace.built(workspace.study(imported(files=[table(data / f"{SHELL}.csv", sha256=digest)])))
    assert (folder / "results/imported/report.html").is_file()
    rng = np.random.default_rng(0)
    shards = data / "shards"
    shards.mkdir()
    for i, name in enumerate([SHELL, "-rf", "[a]*?", "new\nline"]):
        uids = [f"{j:032x}" for j in range(100 * i, 100 * i + 100)]
        pl.DataFrame({"uid": uids, "clip": rng.random(100)}).write_parquet(shards / f"{name}.parquet")
    source = {"kind": "shards", "shards": [str(shards)], "rows": 400, "scores": {"clip": "clip"}}
    study = {"study": "hostile", "title": SHELL, "seed": 1, "pools": {"source": source, "buckets": 2}}
    workspace.built(workspace.study(study, "shards.yaml"))
    assert "400 rows read" in (folder / "results/hostile/answer.txt").read_text()
    assert not [path for path in tmp_path.rglob("*") if path.name == "pwned"]


@pytest.mark.slow
def test_the_check_before_a_study_runs(tmp_path: Path) -> None:
    """Snakemake itself evaluates a template: `make study` checks the file first, in a process that does not."""
    study = tmp_path / "study.yaml"
    study.write_text(BOMBS["template"][0])
    command = [sys.executable, "-m", "curation_scaling", "check", str(study)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"curation-scaling: .*key __use_yte__ is unknown.*\n", done.stderr)
    assert [p.name for p in tmp_path.iterdir()] == ["study.yaml"]


def test_a_command_of_a_study_is_text_like_any_other() -> None:
    """Nothing but the placeholders is replaced: no format fields, no attributes."""
    study = parsed(on_table(command="x {output.__class__} {0} {seed!r} {output}"))
    assert study.runs.trainer.command == "x {output.__class__} {0} {seed!r} {output}"  # type: ignore[union-attr]
