import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { l10n } from 'vscode';
import { formatBytes } from '../../ui/format';
import { extract, readZip } from './zip';

/** libtorch for one platform, as NuGet has it. */
export interface RuntimePackage {
  readonly platform: string;
  readonly url: string;
  /** Of the whole package, base64. */
  readonly sha512: string;
  readonly bytes: number;
}

const version = '2.10.0';

/** What the daemon of this version was built against. Fetched only when asked for, and only used when the hash is right. */
const packages: Readonly<Record<string, RuntimePackage>> = {
  'linux-x64': runtimePackage('linux-x64', 'XjuaFwqqvwstyeUWyz/xtfhODesmagoPKO7T0VRmiW+r0pJwsXB/vHydA7it9xge36PSXW1qLyRRzvM3J8i9UA==', 128_200_806),
  'win-x64': runtimePackage('win-x64', 'qvrEe8b8U1SPnsqShWgJ9gE/UfzFiq+QRPJdAegxwtEBgL/jZPQPvKAhqYkpEe5kb6AXCi840KDqvDaHQuAqEA==', 79_854_046),
  'osx-arm64': runtimePackage('osx-arm64', 'njbW4NbjnO3UYsZymJA5EA8kvFQZveW2rVS07QinYOxxgs6hyZFTI82zBDt0ix1yRRCZ+v+fm+pHXG37WKjyhA==', 56_910_439),
};

function runtimePackage(platform: string, sha512: string, bytes: number): RuntimePackage {
  const id = `libtorch-cpu-${platform}`;
  return { platform, sha512, bytes, url: `https://api.nuget.org/v3-flatcontainer/${id}/${version}/${id}.${version}.nupkg` };
}

export function runtimePackageFor(platform: NodeJS.Platform, architecture: string): RuntimePackage | undefined {
  const name = platform === 'win32' ? 'win' : platform === 'darwin' ? 'osx' : platform;
  return packages[`${name}-${architecture}`];
}

export type Report = (message: string, fraction: number) => void;

/**
 * Fetches libtorch into `folder` and lays the daemon's binding beside it. The folder appears whole or not at all.
 * @param binding The folder of the daemon, which holds LibTorchSharp.
 */
export async function fetchRuntime(source: RuntimePackage, folder: string, binding: string, report: Report, cancel: AbortSignal, get: typeof fetch = fetch): Promise<void> {
  const work = `${folder}.part`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    const archive = join(work, 'package.zip');
    await download(source, archive, report, cancel, get);
    const wanted = `runtimes/${source.platform}/native/`;
    for (const entry of await readZip(archive)) {
      const name = basename(entry.name);
      // libtorch_python wants a Python; the test libraries are PyTorch's own.
      if (!entry.name.startsWith(wanted) || entry.name !== wanted + name || name === '' || /torch_python|test/.test(name)) continue;
      cancel.throwIfAborted();
      report(l10n.t('Unpacking {0}', name), 1);
      await extract(archive, entry, join(work, name));
    }
    await rm(archive);
    for (const name of await readdir(binding)) if (name.includes('LibTorchSharp')) await copyFile(join(binding, name), join(work, name));
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

async function download(source: RuntimePackage, target: string, report: Report, cancel: AbortSignal, get: typeof fetch): Promise<void> {
  const response = await get(source.url, { signal: cancel });
  if (!response.ok || !response.body) throw new Error(l10n.t('{0} answered {1}. Try again later, or name a libtorch of your own in opdcode.runtime.path.', source.url, response.status));
  const hash = createHash('sha512');
  let received = 0;
  const measured = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      received += chunk.byteLength;
      report(l10n.t('{0} of {1}', formatBytes(received), formatBytes(source.bytes)), part(received, source.bytes));
      yield chunk;
    }
  };
  await pipeline(Readable.fromWeb(response.body), measured, createWriteStream(target));
  const found = hash.digest('base64');
  if (found !== source.sha512) throw new Error(l10n.t('What was fetched from {0} is not what this version expects (SHA-512 {1}). It was thrown away. A proxy may have changed it.', source.url, found));
}

function part(done: number, all: number): number {
  // eslint-disable-next-line no-restricted-syntax -- bytes fetched, not a metric of a model
  return Math.min(1, done / all);
}
