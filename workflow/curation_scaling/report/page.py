"""The page: its frame, and figures with their captions and downloads. Nothing in it loads anything from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import Template
from typing import NamedTuple

from curation_scaling.report.figure import Figure, javascript
from curation_scaling.report.markup import Markup, element, join, paragraph, script_json, text
from curation_scaling.report.script import SCRIPT
from curation_scaling.report.style import CSS
from curation_scaling.report.theme import PAPER, SCREEN

# Vega compiles its expressions, hence unsafe-eval; everything else, the network above all, is forbidden.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data: blob:"

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="$policy">
<title>$title</title>
<style>$css</style>
<script>document.documentElement.classList.add("scripted");</script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><h1>$title</h1>
<p class="quiet">$subtitle</p></header>
<nav aria-label="Sections"><ul>$links</ul></nav>
<main id="main" tabindex="-1">
$sections
</main>
<footer class="quiet">$footer</footer>
$theme
<script>$library</script>
<script>$script</script>
</body>
</html>
""")


class Section(NamedTuple):
    """A part of the page: the name that links use, its heading, its content, and a sentence below the heading."""

    name: str
    heading: str
    content: Markup
    lead: str = ""


def render(title: str, subtitle: str, sections: Sequence[Section], footer: str) -> bytes:
    """The whole page; the same sections give the same bytes."""
    parts = [
        element(
            "section",
            join(
                [
                    element("h2", text(s.heading), id=f"{s.name}-heading"),
                    *([paragraph(s.lead, class_="lead")] if s.lead else []),
                    s.content,
                ]
            ),
            id=s.name,
            aria_labelledby=f"{s.name}-heading",
        )
        for s in sections
    ]
    links = join(element("li", element("a", text(s.heading), href=f"#{s.name}")) for s in sections)
    page = _PAGE.substitute(
        policy=_POLICY,
        title=text(title),
        subtitle=text(subtitle),
        css=CSS,
        links=links,
        sections=join(parts),
        footer=text(footer),
        library=javascript().replace("</script", "<\\/script"),
        script=SCRIPT,
        theme=script_json("theme", {"screen": SCREEN, "paper": PAPER}),
    )
    return page.encode()


class Gallery:
    """Gives figures their numbers, in the order in which they are shown."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        """Take in all figures of a page, by name."""
        self._figures = {figure.name: figure for figure in figures}
        self._number = 0

    def has(self, name: str) -> bool:
        """Whether there is something to see in a figure."""
        return self._figures[name].chart is not None

    def show(self, *names: str, even_empty: bool = True) -> Markup:
        """Figures by name; `even_empty` is whether one without data says so or is left out."""
        return join(self._show(self._figures[name]) for name in names if even_empty or self._figures[name].chart)

    def _show(self, figure: Figure) -> Markup:
        if figure.chart is None:
            return element("div", join([element("h3", text(figure.title)), paragraph(figure.caption, class_="quiet")]))
        self._number += 1
        buttons = [
            element(
                "button", text(f"Download {kind}"), type="button", data_save=kind.lower(),
                aria_label=f"Download {kind} of figure {self._number}",
            )
            for kind in ("SVG", "CSV")
        ]  # fmt: skip
        label = f"Figure {self._number}. {figure.title}"
        parts = [
            element("h3", text(figure.title)),
            # One image to a screen reader; its data are a download, and its message is the caption.
            element("div", element("div", "", class_="chart", aria_hidden="true"), role="img", aria_label=label),
            element("figcaption", f"<b>Figure {self._number}.</b> {text(figure.caption)}"),
            element("div", join(buttons), class_="downloads"),
            script_json(f"spec-{figure.name}", figure.spec),
        ]
        return element("figure", join(parts), id=f"figure-{figure.name}", data_figure=figure.name)
