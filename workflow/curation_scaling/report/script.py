"""The page's own script: it shows the answer of the chosen budget, hands charts to Vega-Embed, and saves files.

It is Python, so that the workflow sees when it changes and builds the report again.
"""

SCRIPT = """
"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const held = (id) => find(id) && JSON.parse(find(id).textContent);
  const [slider, list, choices, theme] = [find("budget"), find("budget-list"), held("choices"), held("theme")];
  const figures = [...document.querySelectorAll("figure[data-figure]")];
  const drawn = new Map();

  // ---- the answer
  function mark(result) {
    if (slider && result.spec.params) result.view.signal("chosen_budget", choices[slider.value].budget).runAsync();
  }

  function choose(at) {
    slider.value = list.value = at;
    const { label, verdict, rest } = choices[at];
    slider.setAttribute("aria-valuetext", label);
    find("chosen").textContent = "With " + label;
    find("verdict").innerHTML = verdict;
    find("rest").innerHTML = rest;
    drawn.forEach(mark);
  }

  if (slider) {
    slider.addEventListener("input", () => choose(slider.value));
    list.addEventListener("change", () => choose(list.value));
    if (Number(slider.value) !== Number(list.value)) choose(slider.value);  // it was moved before this ran
  }

  // ---- the figures: those in sight first, the others while nothing else is to be done
  function fit(spec, width) {
    const { left, gap, least } = { left: 50, gap: 22, least: 230, ...spec.usermeta };  // room for axes
    if (spec.facet) {
      spec.columns = Math.max(1, Math.min(spec.columns, Math.floor(width / least)));
      spec.spec.width = Math.floor((width - left) / spec.columns) - gap;
    } else {
      spec.width = "container";
      spec.autosize = { type: "fit-x", contains: "padding" };
    }
    spec.config = structuredClone(theme.screen);
    spec.config.legend.columns = Math.max(2, Math.floor(width / 130));
    return spec;
  }

  const specification = (figure) => JSON.parse(figure.querySelector("script").textContent);

  async function draw(figure) {
    const box = figure.querySelector(".chart");
    const spec = specification(figure);
    if (spec.usermeta && spec.usermeta.most) box.style.maxWidth = spec.usermeta.most + "px";
    const previous = drawn.get(figure);
    if (previous) previous.finalize();
    const options = { actions: false, renderer: "svg", tooltip: { theme: "page", disableDefaultStyle: true } };
    const result = await vegaEmbed(box, fit(spec, box.clientWidth), options);
    drawn.set(figure, result);
    mark(result);
  }

  const idle = () => new Promise((next) => (window.requestIdleCallback || setTimeout)(next, { timeout: 500 }));
  let round = 0;

  async function drawAll() {
    const mine = ++round;
    const waiting = [...figures];
    delete root.dataset.drawn;
    while (waiting.length) {
      const distance = (figure) => {
        const { top, bottom } = figure.getBoundingClientRect();
        return bottom < 0 ? -bottom : Math.max(0, top - window.innerHeight);
      };
      waiting.sort((a, b) => distance(a) - distance(b));
      if (distance(waiting[0]) > 0) await idle();
      if (mine !== round) return;
      await draw(waiting.shift());
    }
    root.dataset.drawn = figures.length;
  }

  // ---- downloads: the figure for paper, and its data
  function save(name, type, content) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function paper(figure) {
    const aside = document.createElement("div");
    const spec = { ...specification(figure), config: theme.paper };
    const result = await vegaEmbed(aside, spec, { actions: false, renderer: "svg" });
    const svg = await result.view.toSVG();
    result.finalize();
    return svg;
  }

  figures.forEach((figure) => figure.addEventListener("click", async (event) => {
    const kind = event.target.dataset.save;
    const name = `${figure.dataset.figure}.${kind}`;
    if (kind === "csv") save(name, "text/csv", specification(figure).datasets.table);
    if (kind === "svg") save(name, "image/svg+xml", await paper(figure));
  }));

  let width = window.innerWidth;
  let waiting;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 200);
  });
  drawAll();
})();
"""
