// Packages the extension into artifacts/vsix:
//   node scripts/package.mjs                 opdcode.vsix, without a daemon
//   node scripts/package.mjs linux-x64       opdcode-linux-x64.vsix, with the daemon for that platform but without libtorch
//   node scripts/package.mjs all             universal, linux-x64, win32-x64, darwin-arm64
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(extension, '..');
const out = join(root, 'artifacts', 'vsix');
const runtimes = { 'linux-x64': 'linux-x64', 'win32-x64': 'win-x64', 'darwin-arm64': 'osx-arm64' };
const limit = 60_000_000;
/** Fetched by the reader for the device at hand, never shipped. */
const libtorch = /^(lib)?(torch_cpu|torch_cuda|torch|c10|c10_cuda)\.(so|dll|dylib)$/i;

const asked = process.argv.slice(2);
const targets = asked.length === 0 ? ['universal'] : asked.includes('all') ? ['universal', ...Object.keys(runtimes)] : asked;
mkdirSync(out, { recursive: true });
copyFileSync(join(root, 'LICENSE'), join(extension, 'LICENSE'));
run(process.execPath, ['esbuild.mjs'], extension);
for (const target of targets) await pack(target);

async function pack(target) {
  const daemon = join(extension, 'daemon');
  rmSync(daemon, { recursive: true, force: true });
  if (target !== 'universal') publish(target, daemon);
  const file = join(out, target === 'universal' ? 'opdcode.vsix' : `opdcode-${target}.vsix`);
  const vsce = join(extension, 'node_modules', '@vscode', 'vsce', 'vsce');
  run(process.execPath, [vsce, 'package', '--no-dependencies', '--skip-license', '--allow-missing-repository', '--no-rewrite-relative-links', '-o', file, ...(target === 'universal' ? [] : ['--target', target])], extension);
  rmSync(daemon, { recursive: true, force: true });
  const { size } = statSync(file);
  console.log(`${file}: ${(size / 1e6).toFixed(1)} MB`);
  if (size > limit) throw new Error(`${file} is larger than 60 MB`);
}

function publish(target, folder) {
  const runtime = runtimes[target];
  if (runtime === undefined) throw new Error(`${target} is not one of ${Object.keys(runtimes).join(', ')}`);
  // The platform by its own name too: -r does not reach the projects that lay out the natives.
  run('dotnet', ['publish', join('daemon', 'OpdCode.Daemon'), '-c', 'Release', '-r', runtime, '--self-contained', 'true', `-p:NativePlatform=${runtime}`, '-p:IncludeNatives=false', '-p:PublishReadyToRun=true', '-o', folder, '--nologo', '-v', 'quiet'], root);
  // The binding is small and, on Linux, patched by the build; libtorch itself is fetched by Set Up Daemon.
  const staged = join(root, 'artifacts', 'native', `${runtime}-cpu`);
  for (const name of readdirSync(staged)) if (name.includes('LibTorchSharp')) copyFileSync(join(staged, name), join(folder, name));
  for (const name of readdirSync(folder)) {
    if (libtorch.test(name)) throw new Error(`${name} must not be shipped`);
    // Texts for debuggers, and tools that look into a running process.
    if (/\.pdb$|mscordaccore|mscordbi|createdump|coreclrtraceptprovider/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}`);
}
