// Parse Mermaid files with Mermaid itself: exits with 1 when one is refused.
//
//   npm install --prefix DIR mermaid@11 jsdom@26
//   NODE_MODULES=DIR/node_modules node scripts/check_mermaid.mjs FILE.mmd ...
//
// Nothing of the project needs Node: this is the check that the diagrams drawn by
// offline_coder/stages/diagrams.py are what the real parser takes.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const files = process.argv.slice(2);
const modules = process.env.NODE_MODULES;
if (!modules || files.length === 0) {
  console.error("NODE_MODULES=DIR/node_modules node scripts/check_mermaid.mjs FILE.mmd ...");
  process.exit(2);
}
// Labels of class diagrams pass through DOMPurify, which wants a window before it is loaded.
const jsdom = join(resolve(modules), "jsdom", "lib", "api.js");
const { JSDOM } = (await import(pathToFileURL(jsdom))).default;
globalThis.window = new JSDOM("").window;
globalThis.document = globalThis.window.document;
const entry = join(resolve(modules), "mermaid", "dist", "mermaid.core.mjs");
const { default: mermaid } = await import(pathToFileURL(entry));
let refused = 0;
for (const file of files) {
  try {
    await mermaid.parse(await readFile(file, "utf8"));
  } catch (error) {
    refused += 1;
    console.error(`${file}: ${String(error.message ?? error).split("\n")[0]}`);
  }
}
console.log(`${files.length} diagrams, ${refused} refused`);
process.exit(refused ? 1 : 0);
