"""Bad input: one sentence that names the file and the key and says how to mend it."""

import datetime
import json
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import study_data
from curation_scaling.errors import InputError
from curation_scaling.layout import Layout
from curation_scaling.study import json_schema, load_study, parse_study
from curation_scaling.study.save import save_study
from study_data import ABSENT, FILES, changed, content, declared, parsed

# Words of the validator and of Python that a user should never read.
JARGON = re.compile(
    r"input should|pydantic|validation|discriminator|\btag\b|NoneType|\bdict\b|\btuple\b|serializ|Error\b|"
    r"string_|_type|Trainer|Source\b|ImportedTable|function-|\[key\]|Extra inputs|valid \w+, but|object at 0x",
)


def sentence(study, where="F.yaml"):
    with pytest.raises(InputError) as caught:
        parse_study(study, where)
    text = str(caught.value)
    assert text.startswith(where), text
    assert "\n" not in text
    assert not JARGON.search(text), text
    return text.removeprefix(where).removeprefix(": ")


@pytest.mark.parametrize("name", FILES)
def test_every_study_of_the_project_parses_and_survives_saving(name, tmp_path):
    study = load_study(FILES[name])
    layout = Layout(tmp_path)
    save_study(study, layout)
    assert load_study(layout.study) == study
    before = layout.study.stat().st_mtime_ns
    save_study(study, layout)
    assert layout.study.stat().st_mtime_ns == before  # the same study is not written again


def test_schema_file_is_the_schema_of_the_code():
    written = (study_data.ROOT / "config/schema.json").read_text(encoding="utf-8")
    assert written == json.dumps(json_schema(), indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        # unknown, missing, wrong type
        ("studdy", "x", "key studdy is unknown; did you mean 'study'?"),
        (
            "pools.source.blur",
            1,
            "key pools.source.blur is unknown beside kind: images; the choices are blur_sigma_max,",
        ),
        ("runs.trainer.hiden", [3], "key runs.trainer.hiden is unknown beside kind: mlp; did you mean 'hidden'?"),
        ("runs.checkpoint", [3], "key runs.checkpoint is unknown beside kind: train; did you mean 'checkpoints'?"),
        ("study", ABSENT, "key study is missing; add it"),
        ("pools", ABSENT, "key pools is missing; add it"),
        ("pools.source.blur_sigma_max", ABSENT, "key pools.source.blur_sigma_max is missing; add it"),
        ("frontier", ABSENT, "key frontier is missing; add it"),
        ("pools", None, "key pools must be a mapping of keys, but it is null"),
        ("pools.source", "table", 'key pools.source must be a mapping of keys, but it is "table"'),
        ("pools.unions", ["top2"], 'key pools.unions must be a mapping of keys, but it is ["top2"]'),
        ("pools.unions.top2", "bucket1", 'key pools.unions.top2 must be a list, but it is "bucket1"'),
        ("pools.buckets", "four", 'key pools.buckets must be a whole number, but it is "four"'),
        ("pools.buckets", 2.5, "key pools.buckets must be a whole number, but it is 2.5"),
        ("pools.buckets", 0, "key pools.buckets must be above 0, but it is 0"),
        ("pools.within_group", "yes", 'key pools.within_group must be true or false, but it is "yes"'),
        ("seed", True, "key seed must be a whole number, but it is true"),
        ("seed", -1, "key seed must be at least 0, but it is -1"),
        ("seed", 2**70, "key seed must be below 9.223372037e+18"),
        ("title", 2024, "key title must be text, but it is 2024; put it in quotes"),
        ("title", datetime.date(2024, 1, 2), "key title is a date: put it in quotes to make it text"),
        ("laws.level", 1.5, "key laws.level must be below 1, but it is 1.5"),
        ("runs.checkpoints", [300], "key runs.checkpoints must have at least 2 entries, but it is [300]"),
        ("runs.checkpoints", [300, "x"], 'key runs.checkpoints[1] must be a whole number, but it is "x"'),
        ("frontier.budgets", 300, "key frontier.budgets must be a list, but it is 300"),
        ("frontier.budgets", [300, float("nan")], "key frontier.budgets[1] must be a finite number, but it is NaN"),
        ("frontier.candidates", [], "key frontier.candidates must have at least 1 entries, but it is []"),
        # a kind or a choice that does not exist
        ("pools.source.kind", "tabel", "key pools.source.kind is 'tabel'; did you mean 'table'?"),
        (
            "pools.source.kind",
            3,
            "key pools.source.kind is '3'; the choices are docstrings, images, table, shards, declared",
        ),
        ("pools.source.kind", ABSENT, "key pools.source.kind is missing; the choices are docstrings, images,"),
        ("runs.trainer.kind", "mpl", "key runs.trainer.kind is 'mpl'; did you mean 'mlp'?"),
        ("runs.trainer.kind", ABSENT, "key runs.trainer.kind is missing; the choices are mlp, command"),
        ("runs.kind", "trian", "key runs.kind is 'trian'; did you mean 'train'?"),
        ("pools.score.kind", "sharpnes", "key pools.score.kind is 'sharpnes'; did you mean 'sharpness'?"),
        ("pools.keep", "best", 'key pools.keep is "best"; the choices are high, low'),
        ("laws.loss", "huber", "key laws.loss is \"huber\"; did you mean 'log_huber'?"),
        # names
        (
            "study",
            "a/b",
            'key study is "a/b"; a name has at most 64 letters, digits, _ and -, the first a letter or digit',
        ),
        ("study", "a.b", 'key study is "a.b"; a name has at most'),
        ("study", "..", 'key study is ".."; a name has at most'),
        ("study", "a\n", 'key study is "a\\n"; a name has at most'),
        ("study", "", 'key study is ""; a name has at most'),
        ("study", "a" * 65, "a name has at most 64 letters"),
        ("pools.unions.a/b", ["bucket2"], 'key pools.unions.a/b is "a/b"; a name has at most 64 letters'),
        # order, membership, once each
        ("runs.checkpoints", [300, 600, 600], "key runs.checkpoints[2] = 600 does not exceed checkpoints[1] = 600"),
        ("frontier.budgets", [300, 900, 600], "key frontier.budgets[2] = 600 does not exceed budgets[1] = 900"),
        ("frontier.budgets", [100, 300], "key frontier.budgets[0] = 100 is below one pool (the smallest holds 300"),
        (
            "pools.unions.top2",
            ["bucket1", "bucket9"],
            "key pools.unions.top2: 'bucket9' is not a bucket; the buckets are",
        ),
        ("pools.unions.top2", ["bucket1", "bucket1"], "key pools.unions.top2: a union names at least one bucket, each"),
        ("pools.unions.top2", [], "key pools.unions.top2: a union names at least one bucket, each once"),
        ("pools.unions.bucket1", ["bucket2"], "key pools.unions.bucket1: the name belongs to a bucket; choose another"),
        (
            "frontier.candidates",
            ["nope"],
            "key frontier.candidates: 'nope' is no pool of this study; these are: bucket1,",
        ),
        ("frontier.candidates", ["all", "all"], "key frontier.candidates[1]: 'all' stands there twice; name it once"),
        ("runs.pools", ["bucket1", "bucket1"], "key runs.pools[1]: 'bucket1' stands there twice; name it once"),
        ("runs.pools", ["bucket1", "nope"], "key runs.pools: 'nope' is no pool of this study"),
        (
            "runs.pools",
            ["top2", "bucket1"],
            "key runs.pools: 'top2' contains 'bucket2', which is not trained alone; add",
        ),
        (
            "runs.pools",
            ["bucket1"],
            "key frontier.candidates: 'bucket2' is not trained alone; add it to runs.pools",
        ),
        ("laws.names", ["goyal_eq3", "goyal_eq3"], "key laws.names[1]: 'goyal_eq3' stands there twice; name it once"),
        (
            "laws",
            {"names": ["released_data"], "main": "goyal_eq3"},
            "key laws.main: 'goyal_eq3' is not among names; add it or choose one of released_data",
        ),
        (
            "laws",
            {"gammas": [0, 1], "gamma": 0.5},
            "key laws.gamma: 0.5 is not among gammas; add it or choose one of 0, 1",
        ),
        # keys that do not go together
        ("pools.edges", [1, 2], "key pools.edges: give exactly one of buckets and edges"),
        ("pools.buckets", ABSENT, "key pools.buckets: give exactly one of buckets and edges"),
        ("pools.score", ABSENT, "key pools.score: say how samples are scored"),
        (
            "pools.sample",
            ABSENT,
            "key pools.draws: several draws need sample.size, else all are the same; give it or set",
        ),
        ("pools.score", {"kind": "ngram_cross_entropy"}, "key pools.score.kind: ngram_cross_entropy reads text, but"),
        ("runs.trainer.inputs", "characters", "key runs.trainer.inputs: images are pixels; use features"),
    ],
)
def test_mistakes_in_a_trained_study(key, value, expected):
    assert expected in sentence(changed(content("smoke"), key, value))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("pools.source.sizes.a/b", 3, 'key pools.source.sizes.a/b is "a/b"; a name has at most'),
        ("pools.source.sizes", {}, "key pools.source.sizes must have at least 1 entries"),
        ("pools.source.sizes.good", "big", 'key pools.source.sizes.good must be a whole number, but it is "big"'),
        ("pools.source.overlapping", ["x"], "key pools.source.overlapping: 'x' is not among source.sizes"),
        ("pools.source.overlapping", ["bad"], "key pools.unions.all: 'bad' overlaps other pools; a union needs disjoi"),
        ("pools.buckets", 4, "key pools.buckets: declared pools are already cut; remove buckets"),
        ("runs.points", [], "key runs.files: nothing to import; give files or points"),
        ("runs.points.0", 5, "key runs.points[0] must be a mapping of keys, but it is 5"),
        ("runs.points.0.pool", "x", "key runs.points[0].pool: 'x' is no pool of this study; these are: good, bad, all"),
        ("runs.points.0.errors", [0.1], "key runs.points[0].errors is unknown; did you mean 'error'?"),
        ("runs.points.0.error", [0.1], "key runs.points[0].error has 1 values for 4 samples_seen; pair them"),
        ("runs.points.1.error.2", "a", 'key runs.points[1].error[2] must be a number, but it is "a"'),
        ("runs.points.1.error.2", float("nan"), "key runs.points[1].error[2] must be a finite number, but it is NaN"),
        ("runs.points.1.error.2", 0, "key runs.points[1].error[2] must be above 0, but it is 0"),
        ("frontier.budgets", [10, 400], "key frontier.budgets[0] = 10 is below one pool (the smallest holds 100"),
        ("runs.kind", "train", "key runs.metric is unknown beside kind: train; the choices are checkpoints, kind"),
        ("runs.files", {"a": 1}, 'key runs.files must be a list, but it is {"a": 1}'),
        ("runs.files", ["x"], 'key runs.files[0] must be a mapping of keys, but it is "x"'),
    ],
)
def test_mistakes_in_declared_pools(key, value, expected):
    assert expected in sentence(changed(declared(), key, value))


FILE = {
    "format": "csv",
    "file": {"path": "runs.csv"},
    "columns": {"pool": "pool", "samples_seen": "n", "error": "err"},
}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("format", "cvs", "key runs.files[0].format is 'cvs'; did you mean 'csv'?"),
        ("format", ABSENT, "key runs.files[0].format is missing; the choices are csv, parquet, eval_results"),
        ("colums", {}, "key runs.files[0].colums is unknown beside format: csv; did you mean 'columns'?"),
        ("columns.errr", "x", "key runs.files[0].columns.errr: no such column can be imported; the choices are draw"),
        ("columns.error", ABSENT, "key runs.files[0].columns.error is missing; name the file's column, or give it in"),
        ("constants", {"error": 1}, "key runs.files[0].constants.error: is among columns too; keep one of the two"),
        ("constants", {"sead": 1}, "key runs.files[0].constants.sead: no such column can be imported"),
        ("constants", {"metric": [1]}, "key runs.files[0].constants.metric must be text, but it is [1]"),
        ("file", ABSENT, "key runs.files[0].file is missing; add it"),
        ("file", "x.csv", 'key runs.files[0].file must be a mapping of keys, but it is "x.csv"'),
        ("file.path", "", 'key runs.files[0].file.path must not be empty, but it is ""'),
        ("file.sha", "x", "key runs.files[0].file.sha is unknown; did you mean 'sha256'?"),
        ("file.sha256", "AB", 'key runs.files[0].file.sha256 is "AB"; a sha256 has 64 lower-case hexadecimal digits'),
        ("pools", {"x": "nope"}, "key runs.files[0].pools.x: 'nope' is no pool of this study"),
        ("pools", {"x": "no/pe"}, 'key runs.files[0].pools.x is "no/pe"; a name has at most'),
        ("percent", "no", 'key runs.files[0].percent must be true or false, but it is "no"'),
    ],
)
def test_mistakes_in_an_imported_file(key, value, expected):
    study = changed(declared(), "runs.files", [FILE])
    assert expected in sentence(changed(study, f"runs.files.0.{key}", value))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("pools.source.scor", "a", "key pools.source.scor is unknown beside kind: table; did you mean 'score'?"),
        ("pools.source.score", ABSENT, "key pools.source.score is missing; add it"),
        ("pools.source.files", [], "key pools.source.files must have at least 1 entries"),
        ("pools.source.files.0.pth", "a", "key pools.source.files[0].pth is unknown; did you mean 'path'?"),
        ("pools.score", {"kind": "sharpness"}, "key pools.score: a table brings its own score, remove score"),
        ("runs.trainer.comand", "a", "key runs.trainer.comand is unknown beside kind: command; did you mean 'command'"),
        ("runs.trainer.command", ABSENT, "key runs.trainer.command is missing; add it"),
        ("runs.trainer.command", "train", "key runs.trainer.command: {output} is missing; it says where"),
        ("runs.trainer.command", "x {outptu}", "key runs.trainer.command: {outptu} is no placeholder; did you mean {o"),
        ("runs.trainer.gpus", -1, "key runs.trainer.gpus must be at least 0, but it is -1"),
        ("runs.trainer.minutes", "1h", 'key runs.trainer.minutes must be a whole number, but it is "1h"'),
        (
            "runs.trainer",
            {"kind": "mlp", "inputs": "features", "metric": "error_rate"},
            "key runs.trainer.kind: mlp needs text or pixels, a table holds neither; use command",
        ),
    ],
)
def test_mistakes_in_a_table_with_a_command(key, value, expected):
    assert expected in sentence(changed(study_data.table(), key, value))


@pytest.mark.parametrize("edges", [[2, 1], [1, 1], [0, 2, 1.5]])
def test_edges_that_do_not_increase(edges):
    study = changed(changed(study_data.table(), "pools.buckets", ABSENT), "pools.edges", edges)
    assert re.search(
        r"key pools.edges\[\d\] = \S+ does not exceed edges\[\d\] = \S+; edges must increase", sentence(study)
    )


def test_imported_runs_need_declared_pools_and_the_other_way_round():
    both = content("smoke")
    assert "key runs.kind: declared pools have no samples" in sentence(
        changed(changed(declared(), "runs", both["runs"]), "frontier.budgets", [400])
    )
    assert "key pools.source.kind: imported runs need declared pools" in sentence(
        changed(both, "runs", declared()["runs"])
    )


def test_braces_of_the_shell_are_no_placeholders():
    command = """for x in ${list}; do awk '{print}' {manifest} > {output}; done; echo {a,b} ${outptu}"""
    assert parsed(study_data.table(command=command)).runs.trainer.command == command


@pytest.mark.parametrize("text", ["128e6", "1.28E8", "+128000000", " 128000000 ", "128000000.0"])
def test_numbers_that_yaml_reads_as_text_are_numbers(text):
    study = parsed(declared(), frontier__budgets=[100, text], pools__source__sizes={"good": text, "bad": 100})
    assert study.frontier.budgets[1] == 128e6
    assert study.pools.source.sizes["good"] == 128_000_000
    assert type(study.pools.source.sizes["good"]) is int


def test_whole_numbers_as_text_keep_every_digit():
    assert parsed(declared(), seed="9007199254740993").seed == 9007199254740993


@pytest.mark.parametrize("text", ["1e400", "nan", "inf", "12k", "1_0", "0x10", "", "1e", "٣"])
def test_text_that_is_no_finite_number_is_refused(text):
    assert "key frontier.budgets[1] must be a " in sentence(changed(declared(), "frontier.budgets", [100, text]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- study: x\n", "holds no keys"),
        ("", "holds no keys"),
        ("just words", "holds no keys"),
        ("study: [1\ntitle: x", "is not YAML (line 2, column 6:"),
        ("study: a\n\ttitle: b", "is not YAML (line 2, column 1: found "),
        ("a: \x00", " characters are not allowed)"),
        ("study: !!python/object:os.system x", "is not YAML (line 1, column 8: could not determine a constructor"),
        ("study: &x\n  y: *x", "the file refers to itself"),
        ("study: x\npools: !!set {a}", "key pools is a set: put it in quotes to make it text"),
        ("2020-01-01: x", "key 2020-01-01 is a date: put it in quotes"),
    ],
)
def test_files_that_are_no_study(text, expected, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    for path, expected in (
        (tmp_path / "absent.yaml", "is missing: name an existing study file"),
        (tmp_path, "cannot be read (Is a directory): name a study file"),
    ):
        with pytest.raises(InputError) as caught:
            load_study(path)
        assert str(caught.value) == f"{path} {expected}"
    (tmp_path / "binary.yaml").write_bytes(b"PAR1\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary.yaml is not text in UTF-8: name a study file"):
        load_study(tmp_path / "binary.yaml")


def _keys(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _keys(inner, (*path, key))


STUDIES = [*(content(name) for name in FILES), study_data.table(), declared()]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["kind", "format", "pool", "x"]), st.text(max_size=3), max_size=2),
)


@given(data=st.data())
@settings(max_examples=150)
def test_any_mistake_is_one_plain_sentence(data):
    study = data.draw(st.sampled_from(STUDIES))
    path = data.draw(st.sampled_from(sorted(_keys(study), key=str)))
    key = ".".join(map(str, path))
    if data.draw(st.booleans()):
        study = changed(study, key, data.draw(JUNK))
    elif isinstance(path[-1], str):
        study = changed(study, key + data.draw(st.sampled_from(["x", "_", "s"])), data.draw(JUNK))
    else:
        study = changed(study, key, ABSENT)
    try:
        parse_study(yaml.safe_load(yaml.safe_dump(study)), "F.yaml")
    except InputError as error:
        text = str(error)
        assert re.match(r"F\.yaml: key [a-z]", text), text
        assert "\n" not in text
        assert "is not valid (" not in text  # a fault without words of its own
        assert not JARGON.search(re.sub(r"but it is .*|is ['\"].*?['\"];", "", text)), text
