// Builds the scripts and styles into webapp/static/dist, under names that change with their content, and writes
// manifest.json there: logical name -> {file, integrity}. Beside each lies its compressed form. Run by dev.py.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const source = dirname(fileURLToPath(import.meta.url));
const target = join(source, "..", "static", "dist");
const entries = ["app.js", "theme.js", "style.css", "papers.css"];

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: source,
  entryPoints: entries,
  outdir: target,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  legalComments: "linked",
  loader: { ".svg": "dataurl", ".woff": "file", ".woff2": "file" },
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (/\.(js|css)$/.test(output)) {
    const file = join(source, output);
    await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }));
  }
  if (!entries.includes(entryPoint)) continue; // parts loaded on demand are found by the entry that loads them
  const file = join(source, output);
  const digest = createHash("sha384").update(await readFile(file)).digest("base64");
  manifest[entryPoint] = { file: relative(target, file), integrity: `sha384-${digest}` };
}
await writeFile(join(target, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
