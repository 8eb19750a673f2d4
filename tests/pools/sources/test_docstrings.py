import sys
from pathlib import Path

import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.pools.sources.docstrings import docstrings, read_docstrings, undocumented
from curation_scaling.pools.sources.installed import python_files, versions

MODULE = '''"""Of the module."""
import os


class Thing:
    """Of the class.

        Indented.
    Not indented.
    """

    def act(self):
        r"""Of the \\method."""
        return "no docstring"


async def go():
    "Of the coroutine."
'''
SMALL = {"seed": 1, "chunk": 200, "pool_chunks": 60, "reference_characters": 4000, "test_characters": 2000}


def test_docstrings_of_modules_classes_and_functions() -> None:
    assert sorted(docstrings(MODULE)) == [
        "Of the \\method.",
        "Of the class.\n\n    Indented.\nNot indented.",
        "Of the coroutine.",
        "Of the module.",
    ]


def test_code_without_its_docstrings() -> None:
    (code,) = undocumented(MODULE)
    assert "Of the" not in code
    assert code.startswith("import os\n\nclass Thing:")
    assert code.count("\n\n\n") == 0
    assert 'return "no docstring"' in code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package `wares` that must not be imported."""
    folder = tmp_path / "wares"
    (folder / "tests").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    record = tmp_path / "wares-1.5.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: wares\nVersion: 1.5\n")
    (record / "top_level.txt").write_text("wares\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def _write(path: Path, docs: list[str]) -> None:
    path.write_text("\n".join(f"def f{i}():\n    '''{doc}'''\n" for i, doc in enumerate(docs)))


def test_chunks_are_counted_and_foreign_files_left_out(package: Path) -> None:
    _write(package / "a.py", ["A" * 25, "B" * 9])  # 2 chunks, the second a duplicate, and a rest of 5; a rest of 9
    _write(package / "b.py", ["C" * 10, "A" * 10])  # one chunk; a duplicate
    _write(package / "tests" / "c.py", ["D" * 10])
    (package / "broken.py").write_text("def :")
    kinds = {"target": ["wares"], "other": ["wares"], "code": ["wares"]}
    with pytest.raises(InputError, match="1 chunks of 10 characters short"):
        read_docstrings(**kinds, seed=0, chunk=10, pool_chunks=9, reference_characters=20, test_characters=10)
    source = read_docstrings(
        target=["wares"], other=["wares"], code=["requests"], seed=0, chunk=10, pool_chunks=9,
        reference_characters=10, test_characters=10,
    )  # fmt: skip
    assert set(source.frame.filter(group="target")["text"]) == {"A" * 10, "C" * 10}
    assert source.frame.filter(group="other").is_empty()  # the same docstrings again: all duplicates
    assert source.counts["read"] == sum(n for reason, n in source.counts.items() if reason != "read")
    assert source.counts["file not Python"] == 2
    assert source.provenance["wares"] == "1.5"
    assert "wares" not in sys.modules


def test_a_package_without_a_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loose").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="loose has no version"):
        versions(["loose", "networkx"])


def test_roles_split_whole_docstrings(package: Path) -> None:
    docs = ["".join(f"{i:03d}-{j}....." for j in range(3)) for i in range(40)]  # three different chunks each
    _write(package / "a.py", docs)
    source = read_docstrings(
        target=["wares"], other=["requests"], code=["requests"], seed=0, chunk=10, pool_chunks=5,
        reference_characters=300, test_characters=150,
    )  # fmt: skip
    frame = source.frame.filter(group="target").with_columns(doc=pl.col("text").str.slice(0, 3))
    assert frame.group_by("doc").agg(pl.col("role").n_unique())["role"].to_list() == [1] * 40
    assert dict(frame["role"].value_counts().iter_rows()) == {"test": 15, "reference": 30, "pool": 75}


def test_installed_packages_give_a_source() -> None:
    source = read_docstrings(target=["networkx"], other=["requests"], code=["requests"], **SMALL)
    frame = source.frame
    assert frame.columns == ["uid_hi", "uid_lo", "group", "role", "size", "text"]
    assert (frame["text"].str.len_chars() == 200).all()
    assert (frame["size"] == 200).all()
    assert frame["text"].is_unique().all()
    assert frame.equals(frame.sort("uid_hi", "uid_lo"))
    assert frame.filter(role="reference").height == 20
    assert frame.filter(role="test").height == 10
    assert set(frame.filter(pl.col("role") != "pool")["group"]) == {"target"}
    assert min(frame.filter(role="pool")["group"].value_counts()["count"]) >= 60
    assert source.counts["read"] == sum(n for reason, n in source.counts.items() if reason != "read")
    assert source.counts["kept"] == frame.height
    assert source.provenance == versions(["networkx", "requests"])
    assert read_docstrings(target=["networkx"], other=["requests"], code=["requests"], **SMALL).frame.equals(frame)


def test_files_come_in_an_order_of_the_seed() -> None:
    one, again, two = (list(python_files(["requests", "networkx"], seed)) for seed in (1, 1, 2))
    assert one == again != two
    assert set(one) == set(two)


@pytest.mark.parametrize("name", ["no_such_package_here", "not a name", "os.path", "abc"])
def test_an_absent_package_is_named(name: str) -> None:
    with pytest.raises(InputError, match=name):
        list(python_files([name], 0))
