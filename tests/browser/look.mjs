// Pictures of pages as people see them: node tests/browser/look.mjs CHROMIUM FOLDER PAGE...
// Each page in light and dark, at 1280 and 390 pixels, its top, and on paper.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./chromium.mjs";

const [program, folder, ...pages] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await Browser.start(program);
for (const page of pages) {
  const name = basename(dirname(resolve(page)));
  for (const [kind, view] of [
    ["wide", { width: 1280, height: 900 }],
    ["wide-dark", { width: 1280, height: 900, dark: true }],
    ["phone", { width: 390, height: 844, phone: true }],
    ["phone-dark", { width: 390, height: 844, phone: true, dark: true }],
  ]) {
    const seen = await browser.open(pathToFileURL(resolve(page)).href, view);
    writeFileSync(join(folder, `${name}-${kind}.png`), await seen.picture());
    if (kind === "wide") {
      writeFileSync(join(folder, `${name}-top.png`), await seen.picture(860));
      writeFileSync(join(folder, `${name}.pdf`), await seen.paper());
    }
    await seen.close();
  }
}
await browser.close();
