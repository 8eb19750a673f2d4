"""Progress shows, and changes nothing: a bar on a terminal, lines in a log, else silence."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from curation_scaling import progress
from curation_scaling.code import code_digest

SCRIPT = "from curation_scaling.progress import progress\nprint(sum(progress(range(40), 'items counted')))"


def test_nothing_is_said_where_standard_error_is_no_terminal() -> None:
    environment = {k: v for k, v in os.environ.items() if k != progress.VARIABLE}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=True)
    assert (done.stdout, done.stderr) == ("780\n", "")


def test_a_terminal_shows_a_bar() -> None:
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    done = subprocess.run([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=slave, text=True, check=True)
    shown = os.read(master, 65536).decode()
    os.close(slave)
    os.close(master)
    assert done.stdout == "780\n"
    assert "items counted" in shown
    assert "40" in shown


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(progress.VARIABLE, "log")
    clock = iter(range(0, 10_000, 4))  # seconds: four a look
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    assert list(progress.progress(range(9), "ranges cut")) == list(range(9))
    lines = capsys.readouterr().err.splitlines()
    counts = [line.split(",")[0] for line in lines]
    assert counts == ["ranges cut: 3 of 9 (33 %)", "ranges cut: 6 of 9 (67 %)", "ranges cut: 9 of 9 (100 %)"]
    monkeypatch.setattr(progress.time, "monotonic", lambda: 0.0)
    list(progress.progress(range(9), "ranges cut"))
    assert capsys.readouterr().err == ""


def test_a_job_that_is_quick_does_not_load_the_library() -> None:
    script = SCRIPT + "\nimport sys; print('tqdm' in sys.modules)"
    environment = os.environ | {progress.VARIABLE: "log"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "780\nFalse\n"


def test_how_progress_is_shown_runs_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digest("laws.stage")
    path = Path(progress.__file__)
    assert "progress" not in {p.name for p in path.parent.iterdir() if p.is_dir()}
    monkeypatch.setattr("curation_scaling.code.APART", ())
    from curation_scaling import code

    code._imports.cache_clear()
    assert code_digest("laws.stage") != before
    code._imports.cache_clear()
