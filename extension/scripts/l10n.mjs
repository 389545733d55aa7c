// Gathers every text of the extension for translators (l10n/bundle.l10n.json) and makes the pseudo-locale qps-ploc of
// both kinds of texts, in which a text that was forgotten stands out. With --check: fails where they are not up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getL10nJson } from '@vscode/l10n-dev';
import { metricTexts } from './metricTexts.mjs';

const check = process.argv.includes('--check');
let stale = false;

const sources = readdirSync('src', { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts') && !file.includes('webview'))
  .sort()
  .map((file) => ({ extension: '.ts', contents: readFileSync(join('src', file), 'utf8') }));
const texts = { ...(await getL10nJson(sources)), ...metricTexts('..') };
const bundle = Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
const nls = JSON.parse(readFileSync('package.nls.json', 'utf8'));

put('l10n/bundle.l10n.json', bundle);
put('l10n/bundle.l10n.qps-ploc.json', Object.fromEntries(Object.entries(bundle).map(([key, value]) => [key, pseudo(typeof value === 'string' ? value : value.message)])));
put('package.nls.qps-ploc.json', Object.fromEntries(Object.entries(nls).map(([key, value]) => [key, pseudo(value)])));
const manifest = JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')));
const used = new Set([...manifest.matchAll(/"%([\w.:-]+)%"/g)].map((match) => match[1]));
for (const key of used) if (!(key in nls)) fail(`package.json uses %${key}%, which package.nls.json lacks`);
for (const key of Object.keys(nls)) if (!used.has(key)) fail(`package.nls.json has ${key}, which package.json does not use`);
process.exitCode = stale ? 1 : 0;

function put(file, value) {
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  let old = '';
  try {
    old = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (old === text) return;
  if (check) fail(`${file} is not up to date`);
  else writeFileSync(file, text);
}

/** Accents on letters, a third longer, in brackets; placeholders, commands, icons and code stay as they are. */
function pseudo(text) {
  const kept = /(\{\d+\}|\]\([^)]*\)|\$\([^)]*\)|`[^`]*`)/;
  const letters = new Map([...'aeiouAEIOUcnsyz'].map((letter, at) => [letter, [...'àéîöûÀÉÎÖÛçñšýž'][at]]));
  const accented = text.split(kept).map((part, at) => (at % 2 === 1 ? part : [...part].map((letter) => letters.get(letter) ?? letter).join('')));
  return `⟦${accented.join('')}${'~'.repeat(Math.ceil(text.length / 4))}⟧`;
}

function fail(message) {
  console.error(message);
  stale = true;
}
