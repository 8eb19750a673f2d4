"""The page's own script: it shows the text of the chosen budget, hands charts to Vega-Embed, and saves files.

It is Python, so that the workflow sees when it changes and builds the report again.
"""

SCRIPT = """
"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const slider = document.getElementById("budget");
  const choices = [...document.querySelectorAll(".choice")];
  const figures = [...document.querySelectorAll("figure[data-figure]")];
  const drawn = new Map();

  function mark(result) {
    const choice = slider && choices[Number(slider.value)];
    if (choice && result.spec.params) result.view.signal("chosen_budget", Number(choice.dataset.budget)).run();
  }

  function choose() {
    choices.forEach((choice, i) => choice.classList.toggle("chosen", i === Number(slider.value)));
    const label = choices[Number(slider.value)].dataset.label;
    document.getElementById("budget-shown").value = label;
    slider.setAttribute("aria-valuetext", label);
    drawn.forEach(mark);
  }

  function fit(spec, width) {
    if (spec.facet) {
      const { left, gap } = { left: 50, gap: 22, ...spec.usermeta };  // room for axes: once, and beside each panel
      spec.columns = Math.max(1, Math.min(spec.columns, Math.floor(width / 230)));
      spec.spec.width = Math.floor((width - left) / spec.columns) - gap;
    } else {
      spec.width = "container";
    }
    spec.config.legend.columns = Math.max(2, Math.floor(width / 120));
  }

  async function draw(figure) {
    const box = figure.querySelector(".chart");
    const spec = JSON.parse(figure.querySelector("script").textContent);
    figure.table = spec.datasets.table;
    fit(spec, box.clientWidth);
    const previous = drawn.get(figure);
    if (previous) previous.finalize();
    const options = { actions: false, renderer: "svg", tooltip: { theme: "page", disableDefaultStyle: true } };
    const result = await vegaEmbed(box, spec, options);
    drawn.set(figure, result);
    mark(result);
  }

  async function drawAll() {
    for (const figure of figures) await draw(figure);
    document.documentElement.dataset.drawn = figures.length;
  }

  function save(name, type, content) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  figures.forEach((figure) => figure.addEventListener("click", async (event) => {
    const kind = event.target.dataset.save;
    if (kind === "csv") save(figure.dataset.figure + ".csv", "text/csv", figure.table);
    if (kind === "svg") save(figure.dataset.figure + ".svg", "image/svg+xml", await drawn.get(figure).view.toSVG());
  }));

  if (slider) {
    slider.addEventListener("input", choose);
    choose();
  }
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
