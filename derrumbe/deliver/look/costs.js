"use strict";
// Per-stage seconds and memory, from report/costs.js: they differ from run to run, so they stand in a file of their own.
(() => {
  const costs = window.costs || [];
  if (!costs.length) return;
  const most = (name) => Math.max(...costs.map((one) => one[name]), 1e-9);
  const wall = most("wall_seconds"), cpu = Math.max(most("cpu_seconds"), wall), memory = most("peak_bytes");
  const seconds = (value) => (value < 100 ? value.toFixed(1) : Math.round(value)) + " s";
  const make = (name, ...inside) => { const one = document.createElement(name); one.append(...inside); return one; };
  const bar = (share, kind) => { const one = make("span"); one.className = "bar " + kind; one.style.width = 100 * share + "%"; return one; };
  const cell = (kind, ...inside) => { const one = make("td", ...inside); one.className = kind; return one; };

  const table = make("table", make("thead", make("tr", ...["stage", "wall", "CPU", "", "peak memory", ""].map((text) => make("th", text)))));
  table.className = "costs";
  const body = make("tbody");
  for (const one of costs) {
    const title = make("th", one.stage + (one.reused ? " (reused)" : ""));
    title.scope = "row";
    title.title = `version ${one.version}, key ${one.key}`;
    body.append(make("tr", title, cell("number", seconds(one.wall_seconds)), cell("number", seconds(one.cpu_seconds)),
      cell("wide", bar(one.wall_seconds / cpu, "wall"), bar(one.cpu_seconds / cpu, "cpu")),
      cell("number", (one.peak_bytes / 2 ** 30).toFixed(2) + " GiB"), cell("wide", bar(one.peak_bytes / memory, "memory"))));
  }
  const total = (name) => costs.filter((one) => !one.reused).reduce((sum, one) => sum + one[name], 0);
  body.append(make("tr", make("th", "this run"), cell("number", seconds(total("wall_seconds"))), cell("number", seconds(total("cpu_seconds"))),
    cell("wide"), cell("number", (memory / 2 ** 30).toFixed(2) + " GiB"), cell("wide")));
  table.append(body);
  document.getElementById("costs").replaceChildren(table);
})();
