"""The page's style sheet. It is Python, so that the workflow sees when it changes and builds the report again."""

CSS = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f5f7f9; --ink: #1a1f24; --quiet: #56616b; --line: #d9dfe4; --accent: #00588c;
  --warn: #fff6df; --warn-line: #b07900; --good: #00634a; --bad: #a13c00;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181c; --panel: #1c2228; --ink: #e4e8eb; --quiet: #a7b1ba; --line: #343d45; --accent: #6cc0f5;
    --warn: #2e250f; --warn-line: #d9a32b; --good: #4cc9a0; --bad: #ff9a62;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; max-width: 66rem; padding: 0 1.25rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, Roboto, "Segoe UI", Arial, sans-serif;
}
header { padding-top: 2rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 {
  font-size: 1.4rem; line-height: 1.25; letter-spacing: -.005em; margin: 3.5rem 0 .5rem; padding-top: 1.25rem;
  border-top: 1px solid var(--line);
}
h3 { font-size: 1.05rem; line-height: 1.35; margin: 1.75rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1.25rem 0 .25rem; }
p, ul { margin: .5rem 0; max-width: 44rem; }
ul { padding-left: 1.2rem; }
li { margin: .2rem 0; }
p, li { overflow-wrap: anywhere; }
a { color: var(--accent); }
main:focus { outline: none; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; padding: 0; max-width: none; }
nav a { text-decoration: none; font-size: .925rem; }
nav a:hover { text-decoration: underline; }
@media screen and (min-width: 82rem) {
  body { max-width: 80rem; display: grid; grid-template-columns: 11rem minmax(0, 66rem); column-gap: 3rem; }
  header, main, footer { grid-column: 2; }
  nav { grid-column: 1; grid-row: 1 / 9; }
  nav ul { position: sticky; top: 2.25rem; display: block; }
  nav li { margin: .45rem 0; line-height: 1.3; }
}
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--page); padding: .5rem; z-index: 20; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.lead { color: var(--quiet); margin: 0 0 1.25rem; }
.choice { background: var(--panel); border-radius: .6rem; padding: 1.1rem 1.4rem 1.25rem; margin: 1rem 0 1.5rem; }
.choice h3 { margin: 1.1rem 0 .1rem; color: var(--quiet); font-weight: 500; font-size: .95rem; }
.chooser { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
.chooser label { font-weight: 600; }
.chooser input { flex: 1 1 14rem; max-width: 34rem; height: 2rem; accent-color: var(--accent); }
.chooser select {
  font: inherit; font-size: .9rem; padding: .3rem .5rem; max-width: 100%; color: var(--ink); background: var(--page);
  border: 1px solid var(--line); border-radius: .375rem; font-variant-numeric: tabular-nums;
}
html:not(.scripted) .chooser, html:not(.scripted) .downloads { display: none; }
.verdict { font-size: 1.5rem; line-height: 1.3; letter-spacing: -.01em; margin: 0 0 .75rem; max-width: none; }
.swatch { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .15em; }
.facts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem 1.75rem;
  margin: .75rem 0 1rem;
}
.facts dt { color: var(--quiet); font-size: .85rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.warning, .warnings {
  background: var(--warn); border-left: .25rem solid var(--warn-line); padding: .55rem .9rem;
  border-radius: 0 .3rem .3rem 0;
}
.warnings h3 { margin: 0 0 .25rem; font-size: 1rem; }
.warnings { margin: 1rem 0; }
figure { margin: 2.25rem 0; }
figure > h3 { margin: 0 0 .75rem; }
.chart { width: 100%; min-height: 4rem; overflow-x: auto; overflow-y: hidden; }
.chart svg { max-width: 100%; height: auto; }
figcaption { margin-top: .6rem; max-width: 46rem; }
figcaption b { color: var(--ink); font-weight: 600; }
.downloads { display: flex; gap: 1rem; margin-top: .5rem; }
button {
  font: inherit; font-size: .85rem; padding: .25rem 0; color: var(--accent); background: none; border: 0;
  cursor: pointer;
}
button:hover { text-decoration: underline; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: 0 0 .35rem; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
tbody th { white-space: nowrap; font-weight: 500; }
tbody th.long { white-space: normal; min-width: 13rem; max-width: 24rem; }
thead th { vertical-align: bottom; min-width: 4.5rem; font-size: .8125rem; color: var(--quiet); }
td { max-width: 22rem; }
td.long { min-width: 11rem; }
.number { text-align: right; }
td.number { white-space: nowrap; }
.good, .bad { font-weight: 600; white-space: nowrap; }
.good { color: var(--good); }
.bad { color: var(--bad); }
details { margin: .9rem 0; }
summary { cursor: pointer; font-weight: 500; }
pre { background: var(--panel); padding: .9rem; overflow-x: auto; font-size: .8125rem; border-radius: .375rem; }
pre.words { white-space: pre-wrap; }
footer { padding: 2.5rem 0; }
#vg-tooltip-element {
  position: fixed; z-index: 10; visibility: hidden; pointer-events: none; padding: .4rem .6rem; font-size: .8125rem;
  color: var(--ink); background: var(--page); border: 1px solid var(--line); border-radius: .375rem;
}
#vg-tooltip-element.visible { visibility: visible; }
#vg-tooltip-element td { border: 0; padding: 0 .5rem 0 0; }
#vg-tooltip-element td.key { color: var(--quiet); }
@media (max-width: 40rem) {
  h1 { font-size: 1.4rem; }
  h2 { font-size: 1.25rem; margin-top: 2.5rem; }
  body { padding: 0 1rem; }
  .choice { padding: .9rem 1rem; margin-left: -.5rem; margin-right: -.5rem; }
  .verdict { font-size: 1.25rem; }
  .chooser input { flex-basis: 100%; }
  .scroll table { width: max-content; max-width: 60rem; }
  .scroll td { max-width: 14rem; }
  caption { width: calc(100vw - 2rem); position: sticky; left: 0; }
}
@media print {
  @page { margin: 16mm 14mm; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  nav, .chooser, .downloads, .skip { display: none; }
  h2 { margin-top: 1.5rem; }
  figure, .choice, .warnings, tr { break-inside: avoid; }
  figure { margin: 1rem 0; }
  h2, h3, caption { break-after: avoid; }
  .scroll, .chart { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding-right: .5rem; }
  .choice, .warning, .warnings, .swatch, pre { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
