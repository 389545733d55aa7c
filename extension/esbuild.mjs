// Bundles the extension and its webviews, and lays the error pages and the editor's schema beside them.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { context } from 'esbuild';
import { editorSchema } from './scripts/editorSchema.mjs';

const watch = process.argv.includes('--watch');
// With source maps and readable, for a debugger.
const dev = watch || process.argv.includes('--dev');
const common = { bundle: true, sourcemap: dev ? 'linked' : false, minify: !dev, legalComments: 'none', logLevel: 'info', metafile: true };

rmSync('dist', { recursive: true, force: true });
rmSync('docs', { recursive: true, force: true });
mkdirSync('dist');
cpSync('../docs/errors', 'docs/errors', { recursive: true });
writeFileSync('dist/recipe.editor.schema.json', JSON.stringify(editorSchema(JSON.parse(readFileSync('schemas/recipe.schema.json', 'utf8')))));

const contexts = await Promise.all([
  context({ ...common, entryPoints: { extension: 'src/extension.ts' }, outdir: 'dist', platform: 'node', format: 'cjs', target: 'node20', external: ['vscode'] }),
  context({ ...common, entryPoints: { runs: 'src/webview/runs/main.ts', whatIf: 'src/webview/whatIf/main.ts' }, outdir: 'dist', platform: 'browser', format: 'iife', target: 'chrome120' }),
]);
if (watch) await Promise.all(contexts.map((each) => each.watch()));
else
  for (const each of contexts) {
    await each.rebuild();
    await each.dispose();
  }
