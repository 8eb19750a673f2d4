"""The page as a whole: complete, self-contained, safe and always the same."""

import json
import re
import struct
from html import escape
from html.parser import HTMLParser

import pytest
from report_data import HOSTILE, HOSTILE_METRIC

from curation_scaling.errors import InputError
from curation_scaling.layout import FIGURES, Layout
from curation_scaling.report.figures import draw_figures
from curation_scaling.report.results import Results
from curation_scaling.report.stage import build_report
from curation_scaling.store import verify
from curation_scaling.study import Study
from curation_scaling.study.figures import figures_of

# One model size, no scorer, no choice in doubt: the figures of these have nothing to show.
EMPTY = ("scoring", "next_run", "allocation")
SHOWN = [name for name in (*FIGURES, "scores", "outcomes") if name not in EMPTY]


class Page(HTMLParser):
    """Elements with their attributes, the text outside scripts and styles, and the JSON inside scripts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.specs, self.styles = "", {}, ""
        self._script: dict[str, str | None] | None = None
        self._style = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._script = dict(attrs) if tag == "script" else None
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._script, self._style = None, False

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            if self._script.get("type") == "application/json":
                self.specs[self._script["id"]] = json.loads(data)
        elif self._style:
            self.styles += data
        else:
            self.text += data

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def built(trained: tuple[Study, Layout]) -> tuple[Layout, str, dict[str, bytes]]:
    study, layout = trained
    layout.partial_report.write_text("of an earlier attempt")
    build_report(study, layout)
    outputs = [layout.report, layout.answer, *layout.drawn(figures_of(study))]
    return layout, layout.report.read_text(encoding="utf-8"), {p.name: p.read_bytes() for p in outputs}


@pytest.fixture(scope="module")
def page(built: tuple[Layout, str, dict[str, bytes]]) -> Page:
    return Page(built[1])


def test_nothing_is_loaded(page: Page) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "srcset", "data", "action", "poster", "background"):
            assert name not in attributes, (tag, attributes)
        if "href" in attributes:
            assert (attributes["href"] or "").startswith("#"), (tag, attributes)
    assert not page.having("link")
    assert "url(" not in page.styles
    assert "@import" not in page.styles
    policy = next(a["content"] for a in page.having("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in (policy or "")
    for spec in page.specs.values():
        assert '"url"' not in json.dumps(spec)


def test_a_hostile_study_stays_text(built: tuple[Layout, str, dict[str, bytes]], page: Page) -> None:
    source = built[1]
    assert "<script>alert" not in source
    assert HOSTILE_METRIC not in source
    assert "loss\\u003c/script>" in source
    assert escape(HOSTILE) in source
    assert not page.having("img")
    assert len(page.having("script")) == len(page.specs) + 3


def test_the_answer_and_every_part_are_there(built: tuple[Layout, str, dict[str, bytes]], page: Page) -> None:
    layout, source, _ = built
    assert escape(layout.answer.read_text(encoding="utf-8")) in source
    assert "With 400 samples (2.4e6 FLOPs)" in page.text
    for budget in ("100 samples (6e5 FLOPs)", "400 samples (2.4e6 FLOPs)", "1.6k samples (9.6e6 FLOPs)"):
        assert budget in page.text
    for words in ("Parameters of goyal_eq3", "tau[bucket1]", "empty text", "Score edges", "frontier.parquet", "0.1.0"):
        assert words in page.text
    assert f"{verify(layout.frontier)[:16]}" in page.text
    assert [a["data-figure"] for a in page.having("figure")] == SHOWN
    parts = ["answer", "frontier", "curves", "mixtures", "trust", "beyond", "pools", "provenance"]
    assert [a.get("id") for a in page.having("section")] == parts
    numbers = [int(n) for n in re.findall(r"<b>Figure (\d+)\.</b>", source)]
    assert numbers == list(range(1, len(SHOWN) + 1))


def test_it_can_be_read_without_seeing_or_pointing(page: Page) -> None:
    names = {tag for tag, _ in page.elements}
    assert {"main", "nav", "header", "footer", "h1", "h2", "h3", "figcaption", "caption"} <= names
    assert page.having("html")[0]["lang"] == "en"
    slider = next(a for a in page.having("input") if a["type"] == "range")
    assert slider["id"] in {a.get("for") for a in page.having("label")}
    images = [a for _, a in page.elements if a.get("role") == "img"]
    assert len(images) == len(SHOWN)
    assert all(a["aria-label"] for a in images)
    assert all(a["scope"] in ("col", "row") for a in page.having("th"))
    identities = [a["id"] for _, a in page.elements if "id" in a]
    assert len(identities) == len(set(identities))


def test_figures_are_files_for_paper(built: tuple[Layout, str, dict[str, bytes]]) -> None:
    layout, _, files = built
    assert {path.stem for path in (layout.root / "figures").glob("*.svg")} == {*FIGURES, "scores", "outcomes"}
    for name in SHOWN:
        svg, png = files[f"{name}.svg"], files[f"{name}.png"]
        assert svg.startswith(b"<svg")
        assert b"undefined" not in svg
        assert b"NaN" not in svg
        per_metre = struct.unpack(">II", png[png.index(b"pHYs") + 4 :][:8])
        assert per_metre == (11811, 11811)  # 300 dots an inch
        assert verify(layout.figure(name, "png"))


def test_the_same_artifacts_give_the_same_bytes(
    built: tuple[Layout, str, dict[str, bytes]], trained: tuple[Study, Layout], trained_results: Results
) -> None:
    _, _, first = built
    study, layout = trained
    build_report(study, layout)
    assert {name: (layout.root / name).read_bytes() for name in ("report.html", "answer.txt")} == {
        name: first[name] for name in ("report.html", "answer.txt")
    }
    for path in layout.drawn(figures_of(study)):
        assert path.read_bytes() == first[path.name], path.name
    assert [figure.name for figure in draw_figures(trained_results)] == figures_of(study)


def test_a_report_replaces_the_partial_one(built: tuple[Layout, str, dict[str, bytes]]) -> None:
    assert not built[0].partial_report.exists()


def test_a_missing_artifact_is_named(trained: tuple[Study, Layout], tmp_path: object) -> None:
    study, _ = trained
    with pytest.raises(InputError, match=r"runs\.parquet"):
        build_report(study, Layout(tmp_path))  # type: ignore[arg-type]
