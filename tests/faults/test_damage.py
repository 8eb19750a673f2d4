"""A damaged artifact is named before use: every input of every job, flipped, cut short, or of another study."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Workspace, tiny
from test_shards_flow import synthetic

from curation_scaling.cli import main


def _flip(path: Path, other: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(path: Path, other: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _swap(path: Path, other: Path) -> None:
    """Another study's file, whole and with its checksum."""
    for name in (path.name, path.name + ".sha256"):
        shutil.copy2(other.with_name(name), path.with_name(name))


# Large files of studies of shards: each page has a checksum, and is verified when it is read.
PAGED = re.compile(r"/pools/(_work/(runs|merged|scored|select|contents)/|[a-z0-9]+/part-)")
DAMAGES: list[Callable[[Path, Path], None]] = [_flip, _cut, _swap]


def jobs(workspace: Workspace, study: Path) -> list[tuple[list[str], list[str]]]:
    """The arguments and the inputs of every job of a finished study, once, as Snakemake sees them."""
    found = {}
    for line in workspace.built(study, "--detailed-summary").splitlines():
        cells = line.split("\t")
        if len(cells) == 8 and cells[5].startswith("python -m curation_scaling"):
            words = shlex.split(cells[5].split(" 2> ")[0])[3:]
            found[tuple(words)] = [name for name in cells[4].split(",") if name.startswith("results/")]
    return [(list(words), inputs) for words, inputs in found.items() if inputs]


def check(
    workspace: Workspace, other: str, study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> int:
    """Damage each input of each job in each way; returns how many times."""
    monkeypatch.chdir(workspace.folder)
    name = "tiny" if "tiny" in study.read_text() else "syn"
    before, tried, unread = workspace.artifacts(name), 0, 0
    for words, inputs in jobs(workspace, study):
        for path in map(Path, inputs):
            twin = Path("results") / other / path.relative_to(f"results/{name}")
            if path.suffix == ".npy" or not path.is_file():
                continue  # an input of commands alone; or a temporary file between two passes
            saved = [(p, p.read_bytes()) for p in (path, path.with_name(path.name + ".sha256"))]
            for damage in DAMAGES:
                damage(path, twin)
                code, text = main(words), capsys.readouterr().err
                for kept, content in saved:
                    kept.write_bytes(content)
                tried += 1
                now = workspace.artifacts(name)
                changed = [file for file in before if now.get(file) != before[file]]
                assert not changed, (changed, path, damage.__name__, words)
                if code == 0 and damage is _flip and PAGED.search(path.as_posix()):
                    unread += 1  # the bit is in what the job does not read
                    continue
                assert code == 2, (words, path, damage.__name__)
                said = [line for line in text.splitlines() if line.startswith("curation-scaling: ")]
                assert len(said) == 1, text
                assert path.name in said[0], (words, path, damage.__name__, text)
                assert "Traceback" not in text
    assert 4 * unread <= tried
    return tried


@pytest.mark.slow
def test_every_input_of_a_trained_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(tmp_path)
    study = workspace.study(tiny(pools__draws=1))
    workspace.built(study)
    workspace.built(workspace.study(tiny(pools__draws=1, study="other"), "other.yaml"))
    tried = check(workspace, "other", study, monkeypatch, capsys)
    print(f"{tried} damaged files")
    assert tried >= 100


@pytest.mark.slow
def test_every_input_of_a_study_of_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(tmp_path)
    study = workspace.study(synthetic(2000))
    workspace.built(study, "--notemp")
    workspace.built(workspace.study(synthetic(2000) | {"study": "other"}, "other.yaml"), "--notemp")
    tried = check(workspace, "other", study, monkeypatch, capsys)
    print(f"{tried} damaged files")
    assert tried >= 100
