// One ES module and one style sheet into the Python package, or with --demo the same views as a plain page.
import { build } from "esbuild";
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const BUDGET = 150_000; // bytes of index.js and index.css together: every open notebook loads them
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const demo = process.argv.includes("--demo");

const licence = await readFile(here("node_modules/uplot/LICENSE"), "utf8");

await build({
  entryPoints: [here(demo ? "demo/demo.ts" : "src/index.ts")],
  outdir: here(demo ? "demo/dist" : "../mlmagic/static"),
  bundle: true,
  // A page opened from disk may load a classic script but no module.
  format: demo ? "iife" : "esm",
  target: "es2022",
  minify: !demo,
  banner: { js: `/*! Contains uPlot.\n${licence}*/` }, // MIT: the notice travels with the code
  logLevel: "warning",
});

if (!demo) {
  const files = ["index.js", "index.css"];
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(here(`../mlmagic/static/${file}`))).size),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(files.map((file, i) => `${file} ${sizes[i]}`).join(", "), `of ${BUDGET} bytes`);
  if (total > BUDGET) {
    console.error(`The front end has ${total} bytes; its budget is ${BUDGET}.`);
    process.exit(1);
  }
}
