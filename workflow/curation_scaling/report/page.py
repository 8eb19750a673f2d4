"""The page: its frame, and figures with their captions and downloads. Nothing in it loads anything from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template
from typing import NamedTuple

from curation_scaling.report.figure import Figure, javascript
from curation_scaling.report.markup import Markup, element, join, paragraph, script_json, text
from curation_scaling.report.script import SCRIPT
from curation_scaling.report.style import CSS

_NO_CONTENT = Markup("")

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
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><h1>$title</h1>
<p class="quiet">$subtitle</p></header>
<nav aria-label="Sections"><ul>$links</ul></nav>
<main id="main">
$sections
</main>
<footer class="quiet">$footer</footer>
<script>$library</script>
<script>$script</script>
</body>
</html>
""")


class Section(NamedTuple):
    """A part of the page: the name that links use, its heading, its content."""

    name: str
    heading: str
    content: Markup


def render(title: str, subtitle: str, sections: Sequence[Section], footer: str) -> bytes:
    """The whole page; the same sections give the same bytes."""
    parts = [
        element("section", join([element("h2", text(s.heading), id=f"{s.name}-heading"), s.content]), id=s.name,
                aria_labelledby=f"{s.name}-heading")
        for s in sections
    ]  # fmt: skip
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
    )
    return page.encode()


def figures_markup(figures: Sequence[Figure], after: Mapping[str, Markup]) -> Markup:
    """Numbered figures; `after` holds what follows a figure, such as a table of scores."""
    return join(
        join([_figure(figure, number), after.get(figure.name, _NO_CONTENT)]) for number, figure in enumerate(figures, 1)
    )


def _figure(figure: Figure, number: int) -> Markup:
    title = f"Figure {number}. {figure.title}"
    heading = element("h3", text(title))
    if figure.chart is None:
        return element("div", join([heading, paragraph(figure.caption, class_="quiet")]))
    buttons = [
        element("button", text(f"Download {kind}"), type="button", data_save=kind.lower()) for kind in ("SVG", "CSV")
    ]
    parts = [
        heading,
        # One image to a screen reader; its data are a download, and its message is the caption.
        element("div", element("div", "", class_="chart", aria_hidden="true"), role="img", aria_label=title),
        element("figcaption", text(figure.caption)),
        element("div", join(buttons), class_="downloads"),
        script_json(f"spec-{figure.name}", figure.spec),
    ]
    return element("figure", join(parts), id=f"figure-{figure.name}", data_figure=figure.name)
