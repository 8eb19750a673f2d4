"""The page's style sheet. It is Python, so that the workflow sees when it changes and builds the report again."""

CSS = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f4f6f8; --ink: #1a1f24; --quiet: #56616b; --line: #cfd6dc; --accent: #00588c;
  --warn: #fff4d6; --warn-line: #b07900;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181c; --panel: #1d2329; --ink: #e8ecef; --quiet: #a7b1ba; --line: #3a444d; --accent: #6cc0f5;
    --warn: #35290c; --warn-line: #d9a32b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, Roboto, Arial, sans-serif; }
header, nav, main, footer { max-width: 66rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, ul { margin: .5rem 0; max-width: 46rem; }
ul { padding-left: 1.25rem; }
a { color: var(--accent); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--page); padding: .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet, figcaption { color: var(--quiet); font-size: .925rem; }
.chooser { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
.chooser label { font-weight: 600; }
.chooser input { flex: 1 1 14rem; max-width: 30rem; height: 2rem; accent-color: var(--accent); }
.chooser output { min-width: 15rem; font-variant-numeric: tabular-nums; }
.choice { background: var(--panel); border-radius: .5rem; padding: .25rem 1rem 1rem; margin: .75rem 0; }
.scripted .choice:not(.chosen) { display: none; }
html:not(.scripted) .chooser, html:not(.scripted) .downloads { display: none; }
.verdict { font-size: 1.3rem; line-height: 1.35; }
.facts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .5rem 1.5rem; margin: .75rem 0;
}
.facts dt { color: var(--quiet); font-size: .875rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.warning, .warnings { background: var(--warn); border-left: .3rem solid var(--warn-line); padding: .5rem .75rem; }
.warnings h3 { margin: 0; }
.warnings { margin: 1rem 0; }
figure { margin: 2rem 0; }
.chart { width: 100%; min-height: 4rem; overflow-x: auto; }
.chart svg { max-width: 100%; height: auto; }
figcaption { margin-top: .5rem; max-width: 52rem; }
.downloads { display: flex; gap: .5rem; margin-top: .75rem; }
button {
  font: inherit; font-size: .875rem; padding: .25rem .75rem; color: var(--accent); background: none;
  border: 1px solid var(--accent); border-radius: .375rem; cursor: pointer;
}
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
tbody th { white-space: nowrap; }
thead th { vertical-align: bottom; min-width: 4.5rem; }
td { white-space: nowrap; }
.number { text-align: right; }
details { margin: .75rem 0; }
summary { cursor: pointer; font-weight: 600; }
pre { background: var(--panel); padding: .75rem; overflow-x: auto; font-size: .8125rem; border-radius: .375rem; }
pre.words { white-space: pre-wrap; }
footer { padding: 2rem 1rem; }
#vg-tooltip-element {
  position: fixed; z-index: 10; visibility: hidden; pointer-events: none; padding: .4rem .6rem; font-size: .8125rem;
  color: var(--ink); background: var(--page); border: 1px solid var(--line); border-radius: .375rem;
}
#vg-tooltip-element.visible { visibility: visible; }
#vg-tooltip-element td { border: 0; padding: 0 .5rem 0 0; }
#vg-tooltip-element td.key { color: var(--quiet); }
@media print {
  nav, .chooser, .downloads, .skip { display: none; }
  body { font-size: 10pt; }
  header, main, footer { max-width: none; }
  figure, .choice, .warnings, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll, .chart { overflow: visible; }
  td { white-space: normal; }
}
"""
