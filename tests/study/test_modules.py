"""The code that a stage depends on is found whole: what a function imports late is named by the study's choice."""

import ast
from pathlib import Path

import pytest

from curation_scaling import code
from curation_scaling.study import modules
from curation_scaling.study.modules import stage_modules
from study_data import content, declared, parsed, table

TEXT, PIXELS, TABLE, IMPORTED = parsed(content("config")), parsed(content("smoke")), parsed(table()), parsed(declared())
ALL = (TEXT, PIXELS, TABLE, IMPORTED)


def closure(modules):
    found, waiting = set(), [f"curation_scaling.{m}" for m in modules]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += code._imports(module)
    return found


def late_imports(module):
    """Modules of the package that functions of a module import, besides those that are digested as keys."""
    tree = code._tree(module)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("curation_scaling"):
                    yield node.module
                elif isinstance(node, ast.Import):
                    yield from (a.name for a in node.names if a.name.startswith("curation_scaling"))


@pytest.mark.parametrize(
    "stage", ["samples", "buckets", "union", "pools", "train", "runs", "laws", "frontier", "report"]
)
def test_late_imports_of_a_stage_are_named_by_some_choice(stage):
    studies = [s for s in ALL if not (stage in ("samples", "train") and s is IMPORTED)]
    named = {f"curation_scaling.{m}" for study in studies for m in stage_modules(study, stage)}
    for study in studies:
        for module in closure(stage_modules(study, stage)):
            for late in late_imports(module):
                assert late in named or late.startswith(code.APART), f"{module} imports {late} late"


def test_each_choice_names_its_own_modules():
    assert stage_modules(PIXELS, "samples") == ["pools.samples", "pools.sources.images", "pools.scores.sharpness"]
    assert stage_modules(TEXT, "samples") == ["pools.samples", "pools.sources.docstrings", "pools.scores.ngram"]
    assert stage_modules(TABLE, "samples") == ["pools.samples", "pools.sources.table"]
    assert stage_modules(TEXT, "train") == ["runs.train", "runs.trainers.mlp"]
    assert stage_modules(TABLE, "train") == ["runs.train", "runs.trainers.command"]
    assert stage_modules(IMPORTED, "runs") == ["runs.collect"]


def test_the_stages_of_shards_name_modules_that_exist():
    for stage in [name for name in modules._STAGES if name.startswith("shards-")] + ["pool-report"]:
        assert all(code._file(f"curation_scaling.{module}") for module in stage_modules(TABLE, stage))


def test_all_named_modules_exist():
    for study in ALL[:3]:
        for stage in ("samples", "buckets", "union", "pools", "train", "runs", "laws", "frontier", "report"):
            for module in stage_modules(study, stage):
                assert code._file(f"curation_scaling.{module}") is not None


def test_all_imports_are_of_a_kind_that_the_digest_sees():
    """Absolute, and at the top of a module or in a function: elsewhere it would be missed."""
    for path in Path(code.PACKAGE).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typed = {
            n for t in tree.body if isinstance(t, ast.If) and "TYPE_CHECKING" in ast.dump(t.test) for n in ast.walk(t)
        }
        late = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name}: relative import"
                if (node.module or "").startswith("curation_scaling"):
                    assert node in tree.body or node in late or node in typed, f"{path.name}: hidden import"
