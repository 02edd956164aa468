// What a reader does with a page, in a real browser: node tests/browser/check.mjs CHROMIUM PAGE...
// Prints what is wrong, and ends with 1 if anything is.
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
  for (const node of document.querySelectorAll("main *")) {
    const box = node.getBoundingClientRect();
    if (box.width && (box.right > room + 1 || box.left < -1) && !node.closest("svg")) found.push(`<${node.tagName}> reaches beyond the window: ${node.textContent.slice(0, 40)}`);
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
  const chart = "#chart-latency-percentiles svg.wide";
  const spot = await page.ask(middle, `${chart} [data-plot]`);
  if (spot) {
    await page.mouse("mouseMoved", spot.x, spot.y);
    const tip = await page.ask("document.querySelector('#chart-latency-percentiles .tip').innerText");
    expect(/\d/.test(tip) && /%/.test(tip), `pointing at the chart says: ${tip}`);
    const key = await page.ask(middle, `${chart} .key`);
    const shown = "[...document.querySelectorAll('#chart-latency-percentiles svg.wide [data-key]')].filter(part => part.style.display === 'none').length";
    if (key) {
      await page.click(key.x, key.y);
      expect(await page.ask(shown) > 0, "a click on a key hides nothing");
      await page.click(key.x, key.y);
      expect(await page.ask(shown) === 0, "a second click does not show it again");
    }
    const csv = await page.ask("document.querySelector('#chart-latency-percentiles').csv()");
    expect(csv.startsWith("series,x,until,value,low,high\n") && csv.trim().split("\n").length > 5, `the copied data are: ${csv.slice(0, 200)}`);
    expect(!/^[=+\-@]/m.test(csv), "a cell of the copied data is a formula");
  }
  const plot = await page.ask(middle, "#chart-throughput svg.wide [data-plot]");
  if (plot) {
    const ticks = "document.querySelector('#chart-throughput svg.wide [data-ticks]').textContent";
    const before = await page.ask(ticks);
    await page.mouse("mouseMoved", plot.x, plot.y);
    await page.mouse("mousePressed", plot.x, plot.y);
    await page.mouse("mouseMoved", plot.x + 60, plot.y, { buttons: 1 });
    await page.mouse("mouseReleased", plot.x + 60, plot.y);
    expect(await page.ask(ticks) !== before, "a stretch of time cannot be looked at more closely");
    expect(/matrix/.test(await page.ask("document.querySelector('#chart-throughput svg.wide [data-plot]').getAttribute('transform')")), "zooming moves no data");
    await page.ask("document.querySelector('#chart-throughput [data-act=whole]').click()");
    expect(await page.ask(ticks) === before, "the whole time does not come back");
  }
  const paper = await page.paper();
  expect(paper.subarray(0, 5).toString() === "%PDF-", "it cannot be printed");
  settled(page);
  await page.close();
}
await browser.close();
wrong.forEach(what => console.log(what));
process.exit(wrong.length ? 1 : 0);
