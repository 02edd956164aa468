// What a reader does with a page, in a real browser: node tests/browser/check.mjs CHROMIUM PAGE...
// Looks at it in every width and without scripts, on paper, and uses every chart: points at it, hides and shows lines, looks closely at a
// stretch of time, copies the data. Prints what is wrong, and ends with 1 if anything is.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./chromium.mjs";

const [program, ...pages] = process.argv.slice(2);
const wrong = [];
const browser = await Browser.start(program);

// Runs in the page: texts that lie on each other, or reach beyond their picture or the window.
const layout = () => {
  const found = [];
  document.querySelectorAll("details").forEach(part => { part.open = true; });
  const wide = document.scrollingElement.scrollWidth, room = window.innerWidth;
  if (wide > room) found.push(`the page is ${wide} wide in a window of ${room}`);
  // What can be scrolled by itself may be wider than what it stands in.
  const scrolled = node => { for (let at = node.parentElement; at; at = at.parentElement) if (/auto|scroll/.test(getComputedStyle(at).overflowX)) return true; };
  for (const node of document.querySelectorAll("main *")) {
    const box = node.getBoundingClientRect();
    if (box.width && (box.right > room + 1 || box.left < -1) && !node.closest("svg") && !scrolled(node)) found.push(`<${node.tagName}> reaches beyond the window: ${node.textContent.slice(0, 40)}`);
  }
  for (const svg of document.querySelectorAll("figure svg")) {
    const sheet = svg.getBoundingClientRect();
    if (!sheet.width) continue;
    const texts = [...svg.querySelectorAll("text")].map(text => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    for (const { text, box } of texts) {
      if (box.left < sheet.left - 1.5 || box.right > sheet.right + 1.5 || box.top < sheet.top - 1.5 || box.bottom > sheet.bottom + 1.5) {
        found.push(`${svg.closest("figure").id}: "${text}" is cut off`);
      }
    }
    // Letters do not fill the box of their line: a few pixels of it may be shared.
    texts.forEach((one, at) => texts.slice(at + 1).forEach(other => {
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 1 && down > 4) found.push(`${svg.closest("figure").id}: "${one.text}" lies on "${other.text}"`);
    }));
  }
  return found;
};

// Where the middle of the first visible element of a kind is, in the window.
const middle = selector => {
  const node = [...document.querySelectorAll(selector)].find(node => node.getBoundingClientRect().width > 0);
  if (!node) return null;
  node.scrollIntoView({ block: "center" });
  const box = node.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

// A place within the axes of the first plot of a chart, above data.
const within = id => {
  const figure = document.getElementById(id), svg = figure.querySelector("svg.wide");
  svg.scrollIntoView({ block: "center" });
  const [sheet, data] = [svg, svg.querySelector("[data-plot]")].map(node => node.getBoundingClientRect());
  const [, top, , bottom] = JSON.parse(figure.querySelector("script").textContent).plots[0].area;
  return { x: data.x + data.width / 2, y: sheet.y + (top + bottom) / 2 / svg.viewBox.baseVal.height * sheet.height };
};

// The charts that have data, and what can be done with each.
const charts = () => [...document.querySelectorAll("figure")].filter(figure => figure.csv).map(figure => ({
  id: figure.id,
  keys: figure.querySelectorAll("svg.wide .key").length,
  points: figure.querySelectorAll("svg.wide [data-plot]").length,
  zooms: JSON.parse(figure.querySelector("script").textContent).plots.some(plot => plot.zoom),
  figures: figure.csv().trim().split("\n").slice(1).filter(row => /\d/.test(row)).length,
}));

// Uses a chart as a reader does.
const use = async (page, chart, expect) => {
  const of = `#${chart.id}`, svg = `${of} svg.wide`;
  const inFigure = what => page.ask(`document.querySelector(${JSON.stringify(of)}).${what}`);
  expect(chart.figures > 0, "its data are empty");
  const csv = await inFigure("csv()");
  expect(csv.startsWith("series,x,until,value,low,high\n") && !/^[=+\-@]/m.test(csv), `the copied data are: ${csv.slice(0, 200)}`);
  const button = await page.ask(middle, `${of} [data-act=csv]`);
  await page.click(button.x, button.y);
  await page.until(`document.querySelector("${of} [data-act=csv]").textContent === "Copied"`);
  expect(await page.ask("navigator.clipboard.readText()") === csv, "the clipboard has other data than the chart");
  if (!chart.points) return;
  const spot = await page.ask(within, chart.id);
  await page.mouse("mouseMoved", spot.x, spot.y);
  const tip = await inFigure("querySelector('.tip').innerText");
  expect(/\d/.test(tip), `pointing at it says: ${tip}`);
  const hidden = `querySelectorAll('svg.wide [data-key]').length - [...document.querySelectorAll('${svg} [data-key]')].filter(part => part.style.display !== 'none').length`;
  for (let at = 0; at < Math.min(chart.keys, 2); at++) {
    const key = await page.ask(middle, `${svg} .key[data-of="${at}"] text`);
    if (!key) continue;
    await page.click(key.x, key.y);
    expect(await inFigure(hidden) > 0, "a click on a key hides nothing");
    expect(await page.ask(`document.querySelector('${svg} .key[data-of="${at}"]').getAttribute("aria-pressed")`) === "false", "a hidden line is not said to be");
    await page.click(key.x, key.y);
    expect(await inFigure(hidden) === 0, "a second click does not show it again");
  }
  if (!chart.zooms) return;
  const ticks = "querySelector('svg.wide [data-ticks]').textContent";
  const before = await inFigure(ticks);
  const plot = await page.ask(within, chart.id);
  await page.mouse("mouseMoved", plot.x, plot.y);
  await page.mouse("mousePressed", plot.x, plot.y);
  await page.mouse("mouseMoved", plot.x + 60, plot.y, { buttons: 1 });
  await page.mouse("mouseReleased", plot.x + 60, plot.y);
  expect(await inFigure(ticks) !== before, "a stretch of time cannot be looked at more closely");
  expect(/matrix/.test(await inFigure("querySelector('svg.wide [data-plot]').getAttribute('transform')")), "zooming moves no data");
  await inFigure("querySelector('[data-act=whole]').click()");
  expect(await inFigure(ticks) === before, "the whole time does not come back");
};

for (const path of pages) {
  const url = pathToFileURL(resolve(path)).href;
  const say = what => wrong.push(`${path}: ${what}`);
  const settled = page => {
    page.complaints.forEach(complaint => say(`the console says: ${complaint}`));
    page.requests.filter(request => request !== url && !request.startsWith("data:")).forEach(request => say(`it asks for ${request}`));
  };
  for (const [name, view] of [
    ["1280 pixels", { width: 1280, height: 900 }],
    ["390 pixels", { width: 390, height: 844, phone: true }],
    ["820 pixels", { width: 820, height: 1100 }],
    ["1280 pixels, dark", { width: 1280, height: 900, dark: true }],
    ["without scripts", { width: 1280, height: 900, script: false }],
  ]) {
    const page = await browser.open(url, view);
    if (view.script !== false) for (const found of await page.ask(layout)) say(`${name}: ${found}`);
    settled(page);
    await page.close();
  }

  const page = await browser.open(url, { width: 1280, height: 900 });
  const expect = (holds, what) => holds || say(what);
  // A script that came in by a name would have said so.
  expect(await page.ask("typeof window.alerted === 'undefined'"), "a script of the scenario ran");
  const all = await page.ask(charts);
  expect(all.length > 0, "no chart can be used");
  for (const chart of all) await use(page, chart, (holds, what) => expect(holds, `${chart.id}: ${what}`));
  const paper = await page.paper();
  expect(paper.subarray(0, 5).toString() === "%PDF-", "it cannot be printed");
  settled(page);
  await page.close();
}
await browser.close();
wrong.forEach(what => console.log(what));
process.exit(wrong.length ? 1 : 0);
