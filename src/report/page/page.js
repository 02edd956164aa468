// What paper cannot do: values under the pointer, lines that can be hidden, a closer look at a stretch of time, data to copy.
// The page is complete without it.
"use strict";
(() => {
  const NS = "http://www.w3.org/2000/svg";
  const TIMES = [[1e-9, "ns", 0], [1e-6, "µs", 1e-6], [1e-3, "ms", 1e-3], [1, "s", 1], [60, "min", 180], [3600, "h", 10800], [86400, "d", 259200]];
  const trim = value => String(Number(value.toPrecision(4)));
  const time = seconds => {
    const [size, unit] = TIMES.findLast(row => Math.abs(seconds) >= row[2]);
    return seconds === 0 ? "0 s" : `${trim(seconds / size)} ${unit}`;
  };
  const shown = (value, side) => {
    if (value === null || value === undefined) return "–";
    switch (side.kind) {
      case "time": return time(value);
      case "rate": return `${trim(value)}/s`;
      case "share": return `${trim(100 * value)} %`;
      default: return `${trim(value)}${side.noun ? " " + side.noun : ""}`;
    }
  };
  const place = (x, value, number) => x.scale === "nines" ? `${trim(100 * (1 - 10 ** -value))} %` : shown(value, { kind: number });
  const make = (name, attributes, parent) => {
    const node = document.createElementNS(NS, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return parent.appendChild(node);
  };

  for (const figure of document.querySelectorAll("figure")) {
    const source = figure.querySelector('script[type="application/json"]');
    if (!source) continue;
    const data = JSON.parse(source.textContent);
    const hidden = new Set();
    const zooms = data.plots.map(() => null);
    const tip = figure.appendChild(Object.assign(document.createElement("div"), { className: "tip", hidden: true }));
    const tools = figure.querySelector(".tools");
    tools.hidden = false;
    const whole = tools.querySelector('[data-act="whole"]');

    // Lines that can be hidden.
    const toggle = key => {
      hidden.has(key) ? hidden.delete(key) : hidden.add(key);
      figure.querySelectorAll(`[data-key="${key}"]`).forEach(part => { part.style.display = hidden.has(key) ? "none" : ""; });
      figure.querySelectorAll(`.key[data-of="${key}"]`).forEach(part => part.setAttribute("aria-pressed", String(!hidden.has(key))));
    };
    for (const part of figure.querySelectorAll(".key")) {
      const key = Number(part.dataset.of);
      part.setAttribute("role", "button");
      part.setAttribute("tabindex", "0");
      part.setAttribute("aria-pressed", "true");
      // A line and its name are thin: the space between them answers too, but none of what belongs to the next name.
      const box = part.getBBox(), name = part.querySelector("text").getBBox();
      make("rect", { x: box.x - 3, y: name.y, width: box.width + 6, height: name.height, fill: "transparent" }, part);
      part.addEventListener("click", () => toggle(key));
      part.addEventListener("keydown", event => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(key); }
      });
    }

    // Data as CSV. Names that a spreadsheet would take for a formula get an apostrophe.
    const cell = text => {
      const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const csv = () => {
      const lines = ["series,x,until,value,low,high"];
      for (const plot of data.plots) for (const series of plot.series) series.y.forEach((value, at) => {
        const x = series.names ? cell(series.names[at]) : plot.x.scale === "nines" ? 1 - 10 ** -series.x[at] : series.x[at];
        const rest = [series.until?.[at], value, series.low?.[at], series.high?.[at]].map(number => number ?? "");
        lines.push([cell(series.name), x, ...rest].join(","));
      });
      return lines.join("\n") + "\n";
    };
    tools.addEventListener("click", async event => {
      const act = event.target.dataset.act;
      if (act === "whole") zoom(null);
      if (act !== "csv") return;
      const before = event.target.textContent;
      let said = "Copied";
      try { await navigator.clipboard.writeText(csv()); } catch {
        // Without permission, and in files that browsers do not trust: by way of a selection.
        const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: csv() }));
        area.select();
        if (!document.execCommand("copy")) said = "Not allowed here";
        area.remove();
      }
      event.target.textContent = said;
      setTimeout(() => { event.target.textContent = before; }, 1500);
    });
    figure.csv = csv;

    const range = at => zooms[at] ?? [data.plots[at].x.from, data.plots[at].x.to];
    const areas = svg => svg.classList.contains("wide") ? data.plots.map(plot => plot.area) : data.narrow;

    // A closer look at a stretch of time, in all plots of the figure at once.
    const zoom = span => {
      data.plots.forEach((plot, at) => { if (plot.zoom) zooms[at] = span; });
      data.plots.forEach((plot, at) => {
        if (!plot.zoom) return;
        const [from, to] = range(at);
        for (const svg of figure.querySelectorAll("svg")) {
          const [left, , right, bottom] = areas(svg)[at];
          const scale = (plot.x.to - plot.x.from) / (to - from);
          const shift = left - scale * (left + (from - plot.x.from) / (plot.x.to - plot.x.from) * (right - left));
          svg.querySelectorAll(`[data-plot="${at}"]`).forEach(part => {
            part.setAttribute("transform", `matrix(${scale} 0 0 1 ${shift} 0)`);
          });
          ticks(svg.querySelector(`[data-ticks="${at}"]`), plot.x, from, to, left, right, bottom);
        }
      });
      whole.hidden = span === null;
    };
    // In the unit of the whole axis, which its title names.
    const ticks = (group, side, from, to, left, right, bottom) => {
      group.whole ??= group.innerHTML;
      if (zooms.every(span => span === null)) { group.innerHTML = group.whole; return; }
      group.replaceChildren();
      const [size] = TIMES.findLast(row => side.to >= row[2]);
      const rough = (to - from) / size / Math.max(2, (right - left) / 90);
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].find(factor => factor * power >= rough) * power;
      for (let at = Math.ceil(from / size / step); at * step * size <= to; at++) {
        const x = left + (at * step * size - from) / (to - from) * (right - left);
        make("path", { d: `M${x} ${bottom}v5`, stroke: "var(--middle)" }, group);
        const text = make("text", { x, y: bottom + 21, "font-size": 13, fill: "var(--middle)", "text-anchor": "middle" }, group);
        text.textContent = trim(at * step);
      }
    };

    for (const svg of figure.querySelectorAll("svg")) {
      const view = svg.viewBox.baseVal;
      const over = make("g", { "pointer-events": "none" }, svg);
      let start = null;
      const locate = event => {
        const box = svg.getBoundingClientRect();
        const [x, y] = [(event.clientX - box.left) / box.width * view.width, (event.clientY - box.top) / box.height * view.height];
        const at = areas(svg).findIndex(area => area.length && x >= area[0] && x <= area[2] && y >= area[1] && y <= area[3]);
        if (at < 0) return null;
        const [left, , right] = areas(svg)[at];
        const [from, to] = range(at);
        const share = (x - left) / (right - left);
        const value = data.plots[at].x.scale === "log" ? from * (to / from) ** share : from + share * (to - from);
        return { at, x, value };
      };
      const clear = () => { tip.hidden = true; over.replaceChildren(); };
      const nearest = (series, value) => {
        if (series.until) return series.x.findIndex((from, at) => value >= from && value < series.until[at]);
        let best = -1;
        series.x.forEach((x, at) => { if (best < 0 || Math.abs(x - value) < Math.abs(series.x[best] - value)) best = at; });
        return best;
      };
      const tell = (event, found) => {
        const plot = data.plots[found.at];
        const rows = plot.series.filter(series => !hidden.has(series.key) || series.until).map(series => [series, nearest(series, found.value)]);
        const seen = rows.filter(([, at]) => at >= 0);
        if (!seen.length) return clear();
        const [first, at] = seen[0];
        const head = first.until
          ? `${shown(first.x[at], plot.x)} to ${shown(first.until[at], plot.x)}`
          : place(plot.x, first.x[at], plot.x.kind);
        tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: head }));
        for (const [series, at] of seen) {
          const row = tip.appendChild(document.createElement("div"));
          const name = row.appendChild(document.createElement("span"));
          name.appendChild(document.createElement("i")).style.background = series.ink;
          name.append(series.name);
          const interval = series.low?.[at] !== undefined && series.low[at] !== null
            ? ` (${shown(series.low[at], plot.y)} to ${shown(series.high[at], plot.y)})` : "";
          row.appendChild(document.createElement("span")).textContent = shown(series.y[at], plot.y) + interval;
        }
        tip.hidden = false;
        const box = figure.getBoundingClientRect();
        const [x, y] = [event.clientX - box.left, event.clientY - box.top];
        tip.style.left = `${Math.max(0, x + 16 + tip.offsetWidth > box.width ? x - tip.offsetWidth - 16 : x + 16)}px`;
        tip.style.top = `${Math.max(0, y - tip.offsetHeight - 12)}px`;
        over.replaceChildren();
        const [, top, , bottom] = areas(svg)[found.at];
        make("path", { d: `M${found.x} ${top}V${bottom}`, class: "pointer" }, over);
        if (start && start.at === found.at && Math.abs(found.x - start.x) > 4) {
          const left = Math.min(start.x, found.x);
          make("rect", { x: left, y: top, width: Math.abs(found.x - start.x), height: bottom - top, class: "picked" }, over);
        }
      };
      svg.addEventListener("pointermove", event => {
        const found = locate(event);
        found ? tell(event, found) : clear();
      });
      svg.addEventListener("pointerleave", () => { start = null; clear(); });
      svg.addEventListener("pointerdown", event => {
        const found = locate(event);
        if (found && data.plots[found.at].zoom && event.button === 0) { start = found; event.preventDefault(); }
        if (found) tell(event, found);
      });
      svg.addEventListener("pointerup", event => {
        const found = locate(event);
        if (start && found && start.at === found.at && Math.abs(found.x - start.x) > 8) {
          zoom([Math.min(start.value, found.value), Math.max(start.value, found.value)]);
        }
        start = null;
      });
      svg.addEventListener("dblclick", () => zoom(null));
    }
  }

  // On paper nothing can be opened.
  window.addEventListener("beforeprint", () => document.querySelectorAll("details.print").forEach(part => { part.open = true; }));
})();
