"""The page in a real browser, from disk, without a network."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("playwright.sync_api", reason="needs playwright, of the dev extra")

from browser import axe, chromium, findings, opened
from playwright.sync_api import Browser, Locator, Page

from curation_scaling.layout import Layout
from curation_scaling.report.stage import build_report
from curation_scaling.study import Study

RESULTS = Path(__file__).parents[2] / "results"
# Studies, with the figures that they alone have.
FINISHED = {"docstrings": ("pruning_curves", "rank_correlation", "kept_overlap", "class_skew"), "smoke": ()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def source(request: pytest.FixtureRequest) -> str:
    """axe-core, kept where pytest keeps what the next run can use."""
    assert request.config.cache
    return axe(request.config.cache.mkdir("axe"))


@pytest.fixture(scope="module")
def report(trained: tuple[Study, Layout]) -> Path:
    build_report(*trained)
    return trained[1].report


@pytest.fixture(scope="module")
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """Opened once; what is left on the console is looked at when all tests are done."""
    with opened(browser, report) as page:
        yield page


def test_every_figure_is_drawn(page: Page) -> None:
    figures = page.locator("figure[data-figure]").count()
    assert figures > 10
    assert page.locator("figure[data-figure] .chart svg").count() == figures
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    for mark in ("undefined", "NaN", "[object Object]"):
        assert mark not in page.locator("body").inner_text()


def test_the_chooser_changes_the_answer(page: Page) -> None:
    slider, shown, verdict = page.locator("#budget"), page.locator("#chosen"), page.locator("#verdict")
    assert slider.input_value() == "1"
    assert shown.inner_text() == "With 400 samples (2.4e6 FLOPs)"
    before = verdict.inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown.inner_text() == "With 1.6k samples (9.6e6 FLOPs)"
    assert verdict.inner_text() != before
    assert "This extrapolates" in page.locator("#rest").inner_text()
    assert slider.get_attribute("aria-valuetext") == "1.6k samples (9.6e6 FLOPs)"
    page.locator("#budget-list").select_option("0")
    assert slider.input_value() == "0"
    assert shown.inner_text() == "With 100 samples (6e5 FLOPs)"
    assert "<img" not in page.locator("#rest").inner_html()


def test_figures_are_saved_as_svg_and_csv(page: Page) -> None:
    figure = page.locator("#figure-frontier")
    with page.expect_download() as svg:
        figure.get_by_role("button", name="SVG").click()
    with page.expect_download() as table:
        figure.get_by_role("button", name="CSV").click()
    assert svg.value.suggested_filename == "frontier.svg"
    drawn = Path(svg.value.path()).read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert "currentColor" not in drawn.replace('stroke="currentColor"', "")  # letters and axes are black on white
    assert table.value.suggested_filename == "frontier.csv"
    rows = list(csv.DictReader(io.StringIO(Path(table.value.path()).read_text(encoding="utf-8"))))
    assert {"pool", "samples_seen", "predicted", "lower", "upper"} <= set(rows[0])
    assert {row["pool"] for row in rows} == {"bucket1", "bucket2", "all"}


def test_the_keyboard_reaches_what_can_be_used(page: Page) -> None:
    page.locator("body").click(position={"x": 2, "y": 2})
    page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"A", "budget", "budget-list", "SUMMARY", "BUTTON"} <= reached


def test_nothing_serious_for_those_who_cannot_see(page: Page, source: str) -> None:
    assert findings(page, source) == []


def levels(element: Locator, which: str) -> list[float]:
    """Red, green and blue of a colour of an element, 0 to 255."""
    found: list[float] = element.evaluate(f"e => getComputedStyle(e).{which}.match(/[\\d.]+/g).slice(0, 3).map(Number)")
    return found


def test_the_dark_page(browser: Browser, report: Path, source: str) -> None:
    with opened(browser, report, scheme="dark") as page:
        assert max(levels(page.locator("body"), "backgroundColor")) < 60
        assert min(levels(page.locator("#figure-frontier .chart"), "color")) > 150  # what its currentColor is
        assert findings(page, source) == []


def test_the_page_on_a_phone(browser: Browser, report: Path) -> None:
    with opened(browser, report, width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        sizes = "(svgs) => svgs.map((s) => [s.getBoundingClientRect().width, Number(s.getAttribute('width'))])"
        charts = page.locator(".chart svg").evaluate_all(sizes)
        assert len(charts) > 10
        for shown, drawn in charts:
            assert 150 < shown <= 390
            assert shown / drawn > 0.8  # letters are hardly smaller than they are drawn for
        tall = "(rows) => Math.max(...rows.map((row) => row.getBoundingClientRect().height))"
        assert page.locator("tbody tr").evaluate_all(tall) < 150  # no column is squeezed to a word a line
        page.locator("main").evaluate("(main) => main.append(document.createElement('p'))")
        page.locator("main > p").evaluate("(p) => { p.textContent = 'folder/'.repeat(40) + '0'.repeat(64); }")
        assert page.evaluate("document.documentElement.scrollWidth") == 390  # long paths and digests break


def test_the_page_on_paper(browser: Browser, report: Path, tmp_path: Path) -> None:
    with opened(browser, report, scheme="dark") as page:
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert not page.locator(".downloads").first.is_visible()
        assert min(levels(page.locator("body"), "backgroundColor")) == 255
        assert page.pdf(path=tmp_path / "report.pdf").startswith(b"%PDF")


@pytest.mark.parametrize("name", FINISHED)
def test_a_finished_study(browser: Browser, source: str, name: str) -> None:
    path = RESULTS / name / "report.html"
    if not path.is_file():
        pytest.skip(f"needs the study {name}, finished: make study STUDY={name}")
    assert path.stat().st_size < 5_000_000
    with opened(browser, path) as page:
        before = page.locator("#chosen").inner_text(), page.locator("#verdict").inner_text()
        page.locator("#budget").focus()
        page.keyboard.press("Home")
        assert (page.locator("#chosen").inner_text(), page.locator("#verdict").inner_text()) != before
        for figure in ("frontier", "learning_curves", "scores", "profiles", *FINISHED[name]):
            assert page.locator(f"#figure-{figure} svg").count() == 1
        for kind in ("SVG", "CSV"):
            with page.expect_download() as saved:
                page.locator("#figure-frontier").get_by_role("button", name=kind).click()
            assert saved.value.suggested_filename == f"frontier.{kind.lower()}"
        assert findings(page, source) == []
    with opened(browser, path, scheme="dark", width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert findings(page, source) == []
