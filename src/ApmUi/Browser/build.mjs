// Makes wwwroot/js from the sources here: app.js with its chunks, app.css, and icons.svg, the one sprite of the icons that we use.
// Run by Browser.targets; by hand: `node Browser/build.mjs` in src/ApmUi.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const out = 'wwwroot/js';

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

await build({
  entryPoints: ['Browser/app.ts'],
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  chunkNames: 'chunk-[name]-[hash]',
  loader: { '.css': 'text' },
  legalComments: 'none',
});

// A trace that is saved as one page carries its script and style within; Pages/Trace/OfflinePage.cs puts them there.
await build({ entryPoints: ['Browser/offline.ts'], outdir: out, bundle: true, format: 'iife', target: 'es2022', minify: true, loader: { '.css': 'text' }, legalComments: 'none' });
await build({ entryPoints: ['Browser/offline.css'], outdir: out, bundle: true, minify: true, target: ['chrome111', 'firefox113', 'safari16.4'] });

// The page's own style is an entry of its own; a style that an island imports becomes text in its chunk.
await build({ entryPoints: ['Browser/app.css'], outdir: out, bundle: true, minify: true, target: ['chrome111', 'firefox113', 'safari16.4'] });

const names = JSON.parse(await readFile('Browser/icons.json', 'utf8'));
const symbols = await Promise.all(names.map(async name => {
  const svg = await readFile(`node_modules/lucide-static/icons/${name}.svg`, 'utf8');
  const body = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).replace(/\s+/g, ' ').trim();
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
}));
await writeFile(`${out}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`);
