"""The report's size and speed: python benchmarks/report.py [results/<study> ...]. Prints each beside its target.

Without arguments: a study of 1,000 budgets and 50 pools, whose runs are imported from a CSV of a known law with noise
and go through every stage. With arguments: finished studies, of which only the report is built. Times to answer are of
headless Chromium (playwright and a system Chromium are needed): from the start of loading to the answer of the
chooser to a key that is pressed at once; the floor beside it is the same for a page that holds nothing but Vega.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from playwright.sync_api import Browser, sync_playwright

from curation_scaling.frontier.stage import build_frontier
from curation_scaling.laws.stage import fit_laws
from curation_scaling.layout import Layout
from curation_scaling.report.figure import javascript
from curation_scaling.report.stage import build_report
from curation_scaling.runs.collect import collect_runs
from curation_scaling.study import Study, parse_study

BUCKETS, UNIONS, BUDGETS, SIZE = 10, 40, 1000, 1_000_000
LOADS = 5
_NOTHING = "<!DOCTYPE html><title>nothing</title><input id=budget type=range max=9 value=5><p id=said></p>"
_ANSWERS = "<script>(budget.oninput = () => { said.textContent = budget.value; })();</script>"


def line(what: str, value: str, target: str = "") -> None:
    print(f"{what:<74}{value:>16}   {target}", flush=True)


def large_study(folder: Path) -> Study:
    """Ten buckets of falling quality and forty unions of neighbours, one run each, on a repetition law with noise."""
    buckets = [f"bucket{i + 1:02d}" for i in range(BUCKETS)]
    unions = {
        f"{first + 1:02d}to{first + count:02d}": buckets[first : first + count]
        for count in range(2, BUCKETS + 1)
        for first in range(BUCKETS - count + 1)
    }
    unions = dict(list(unions.items())[:UNIONS])
    rng = np.random.Generator(np.random.PCG64(11))
    seen = np.geomspace(SIZE / 10, 20 * SIZE, 10).round()
    rows = []
    for pool, members in ({b: [b] for b in buckets} | unions).items():
        ranks = np.array([buckets.index(member) for member in members])
        grid = np.geomspace(SIZE / 100, seen[-1], 4000)
        passes = np.floor(grid / (SIZE * len(members)))
        slope = np.mean([(0.35 - 0.02 * r) * 0.5 ** (passes / (3 + 0.4 * r)) for r in ranks], axis=0)
        fall = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(np.log(grid)))])
        error = 0.2 + 0.8 * np.exp(-np.interp(np.log(seen), np.log(grid), fall) + rng.normal(0, 0.004, seen.size))
        rows += [{"pool": pool, "seen": int(n), "loss": float(e)} for n, e in zip(seen, error, strict=True)]
    pl.DataFrame(rows).write_csv(folder / "runs.csv")
    columns = {"pool": "pool", "samples_seen": "seen", "error": "loss"}
    file = {
        "format": "csv", "file": {"path": "runs.csv"}, "columns": columns,
        "pools": {pool: pool for pool in [*buckets, *unions]},
    }  # fmt: skip
    content: dict[str, Any] = {
        "study": "large",
        "title": "1,000 budgets and 50 pools",
        "seed": 1,
        "data_root": str(folder),
        "pools": {"source": {"kind": "declared", "sizes": dict.fromkeys(buckets, SIZE)}, "unions": unions},
        "runs": {"kind": "import", "metric": "loss", "params": 10_000_000, "source": "a known law", "files": [file]},
        "laws": {"names": ["goyal_eq3"], "main": "goyal_eq3", "gammas": [0], "bootstrap": 200},
        "frontier": {"budgets": [round(b) for b in np.geomspace(SIZE, 100 * SIZE, BUDGETS).tolist()]},
    }
    study = parse_study(content, "large")
    assert isinstance(study, Study)
    return study


def finished(folder: Path) -> tuple[Study, Layout]:
    """The large study, through every stage before the report."""
    study, layout = large_study(folder), Layout(folder / "results/large")
    for stage in (collect_runs, fit_laws, build_frontier):
        start = time.perf_counter()
        stage(study, layout)
        line(f"  {stage.__name__}, s", f"{time.perf_counter() - start:.1f}")
    return study, layout


def open_study(root: Path) -> tuple[Study, Layout]:
    study = parse_study(yaml.safe_load((root / "study.yaml").read_text(encoding="utf-8")), str(root))
    assert isinstance(study, Study)
    return study, Layout(root)


def interactive(browser: Browser, page: Path, answered: str) -> tuple[float, float]:
    """Seconds until a key on the chooser changes what `answered` reads, and until nothing is left to draw."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    tab = context.new_page()
    start = time.perf_counter()
    tab.goto(page.as_uri(), wait_until="commit")
    tab.locator("#budget").wait_for()
    tab.locator("#budget").focus()
    before = tab.evaluate(answered)
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function(f"{answered} !== {before!r}")
    first = time.perf_counter() - start
    tab.wait_for_function("!document.querySelector('figure') || document.documentElement.dataset.drawn")
    drawn = time.perf_counter() - start
    context.close()
    return first, drawn


def measure(browser: Browser, study: Study, layout: Layout, most_mb: float) -> None:
    start, before = time.perf_counter(), time.process_time()
    build_report(study, layout)
    built, busy = time.perf_counter() - start, time.process_time() - before
    size = layout.report.stat().st_size / 1e6
    answered = "document.querySelector('#budget-list').value"
    times = [interactive(browser, layout.report, answered) for _ in range(LOADS)]
    floor_page = layout.report.with_name("floor.html")
    floor_page.write_text(f"{_NOTHING}<script>{javascript()}</script>{_ANSWERS}", encoding="utf-8")
    floor = statistics.median(
        interactive(browser, floor_page, "document.querySelector('#said').textContent")[0] for _ in range(LOADS)
    )
    floor_page.unlink()
    first, drawn = (statistics.median(column) for column in zip(*times, strict=True))
    line(f"{study.study}: size of the report, MB", f"{size:.2f}", f"< {most_mb:g}")
    line("  building it with all its figures, s (CPU seconds)", f"{built:.1f} ({busy:.1f})", "< 20")
    line(f"  the chooser answers a key, s (median of {LOADS})", f"{first:.2f}", "< 2")
    line("  the same on a page with Vega alone, s; ratio", f"{floor:.2f}; {first / floor:.1f}x")
    line("  all its figures are drawn, s", f"{drawn:.2f}")


def main() -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("no Chromium on PATH: install it from the system's packages")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium)
        for root in map(Path, sys.argv[1:]):
            measure(browser, *open_study(root.resolve()), most_mb=5)
        if not sys.argv[1:]:
            measure(browser, *finished(Path(folder)), most_mb=15)
        browser.close()


if __name__ == "__main__":
    main()
