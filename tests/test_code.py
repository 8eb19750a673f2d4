"""What changes the digest of a stage's code, and what does not: on a copy of the package."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from curation_scaling import code

STAGES = {
    "train": ("runs.train", "runs.trainers.command"),
    "buckets": ("pools.cut",),
    "frontier": ("frontier.stage",),
}
SCRIPT = f"from curation_scaling.code import code_digest\nfor m in {tuple(STAGES.values())!r}: print(code_digest(*m))"


def copied(source: Path, folder: Path) -> Path:
    return shutil.copytree(source, folder / "curation_scaling", ignore=shutil.ignore_patterns("__pycache__"))


def digests(package: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=package.parent, capture_output=True, text=True, check=True
    )
    return dict(zip(STAGES, done.stdout.split(), strict=True))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A copy of the package that nobody edits, and its digests."""
    package = copied(code.PACKAGE, tmp_path_factory.mktemp("original"))
    return package, digests(package)


@pytest.fixture
def package(original, tmp_path):
    return copied(original[0], tmp_path)


@pytest.fixture
def before(original):
    return original[1]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def moved(package, before):
    after = digests(package)
    return {stage for stage in STAGES if after[stage] != before[stage]}


def test_a_copy_elsewhere_has_the_same_digests(package, before):
    assert moved(package, before) == set()


def test_comments_docstrings_and_formatting_do_not_count(package, before):
    edit(package / "pools/buckets.py", '"""Cut scored samples', '"""Other words about scored samples')
    edit(package / "pools/buckets.py", "    best_first = keep", "    # a comment\n\n    best_first   =   keep")
    edit(package / "runs/trainers/training.py", '    """Error on the test set', '    """Other words\n\n    ')
    edit(package / "artifacts.py", "class Column:", "class Column:\n    # a comment\n")
    edit(package / "store.py", '"""The recorded sha256', '"""Words about the recorded sha256')
    assert moved(package, before) == set()


def test_text_below_a_field_is_a_docstring_too(package, before):
    edit(
        package / "artifacts.py",
        "    nullable: bool = False\n",
        '    nullable: bool = False\n    """Null may occur."""\n',
    )
    assert moved(package, before) == set()


@pytest.mark.parametrize(
    ("module", "old", "new", "expected"),
    [
        ("pools/buckets.py", 'keep == "high"', 'keep == "low"', {"buckets"}),
        ("pools/cut.py", "pl.lit(draw, pl.Int32)", "pl.lit(draw + 1, pl.Int32)", {"buckets"}),
        ("runs/record.py", "size / total", "size / (total + 1)", {"train"}),
        ("runs/trainers/command.py", "6.0 * params", "2.0 * params", {"train"}),
        ("frontier/switches.py", "GRID = 400", "GRID = 200", {"frontier"}),
        ("laws/goyal.py", "RELEASED_UNIT = 1e5", "RELEASED_UNIT = 1e6", {"frontier"}),
        # imported by all
        ("store.py", "compression_level=3", "compression_level=4", set(STAGES)),
        # imported late, by a choice that was not made; and code that acts through keys or paths alone
        ("runs/trainers/mlp.py", "TEST_ROWS = 8192", "TEST_ROWS = 4096", set()),
        ("pools/scores/ngram.py", "import", "import sys\nimport", set()),
        ("study/plan.py", '"pools: ', '"all pools: ', set()),
        ("layout.py", '"pools/samples.parquet"', '"pools/all.parquet"', set()),
        ("cli.py", "return 2", "return 3", set()),
    ],
)
def test_a_real_change_runs_what_depends_on_it_again(package, before, module, old, new, expected):
    edit(package / module, old, new)
    assert moved(package, before) == expected


def test_packages_count_by_their_own_code(package, before):
    with (package / "pools/__init__.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert moved(package, before) == {"train", "buckets"}  # they import modules below pools


def test_an_unknown_module_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match=r"curation_scaling.pools.nothing is no module of this package"):
        code.code_digest("pools.nothing")


def test_digest_does_not_depend_on_the_order_of_modules():
    assert code.code_digest("pools.cut", "runs.train") == code.code_digest("runs.train", "pools.cut")
