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
/** libtorch and its binding: fetched by the reader for the device at hand, never shipped. */
const native = /(torch|c10|fbgemm|asmjit|uv|iomp|gomp|cudart|cudnn|cublas|nvrtc|caffe2|shm)/i;
const nativeEnding = /\.(so(\.\d+)*|dll|dylib)$/i;

const asked = process.argv.slice(2);
const targets = asked.length === 0 ? ['universal'] : asked.includes('all') ? ['universal', ...Object.keys(runtimes)] : asked;
mkdirSync(out, { recursive: true });
copyFileSync(join(root, 'LICENSE'), join(extension, 'LICENSE'));
for (const target of targets) await pack(target);

async function pack(target) {
  const daemon = join(extension, 'daemon');
  rmSync(daemon, { recursive: true, force: true });
  if (target !== 'universal') publish(target, daemon);
  const file = join(out, target === 'universal' ? 'opdcode.vsix' : `opdcode-${target}.vsix`);
  const vsce = join(extension, 'node_modules', '@vscode', 'vsce', 'vsce');
  run(process.execPath, [vsce, 'package', '--no-dependencies', '--skip-license', '--allow-missing-repository', '-o', file, ...(target === 'universal' ? [] : ['--target', target])], extension);
  rmSync(daemon, { recursive: true, force: true });
  const { size } = statSync(file);
  console.log(`${file}: ${(size / 1e6).toFixed(1)} MB`);
  if (size > limit) throw new Error(`${file} is larger than 60 MB`);
}

function publish(target, folder) {
  const runtime = runtimes[target];
  if (runtime === undefined) throw new Error(`${target} is not one of ${Object.keys(runtimes).join(', ')}`);
  run('dotnet', ['publish', join('daemon', 'OpdCode.Daemon'), '-c', 'Release', '-r', runtime, '--self-contained', 'true', '-o', folder, '--nologo', '-v', 'quiet'], root);
  for (const name of readdirSync(folder)) {
    const managed = name.startsWith('TorchSharp') || name.startsWith('OpdCode') || name.startsWith('System') || name.startsWith('Microsoft');
    if (name.endsWith('.pdb') || (!managed && native.test(name) && nativeEnding.test(name))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}`);
}
