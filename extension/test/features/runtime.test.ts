import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchRuntime } from '../../src/features/setup/runtime';
import type { RuntimePackage } from '../../src/features/setup/runtime';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A zip archive, as the format's description has it. */
function zip(files: Readonly<Record<string, string>>): Buffer<ArrayBuffer> {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const packed = deflateRawSync(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const central = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), fields, Buffer.alloc(14), Buffer.from(name)]);
    central.writeUInt32LE(offset, 42);
    bodies.push(local);
    directory.push(central);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, listing, end]);
}

function setUp(files: Readonly<Record<string, string>>): { source: RuntimePackage; folder: string; binding: string; get: typeof fetch } {
  const root = mkdtempSync(join(tmpdir(), 'rt-'));
  folders.push(root);
  const binding = join(root, 'daemon');
  mkdirSync(binding);
  writeFileSync(join(binding, 'libLibTorchSharp.so'), 'binding');
  writeFileSync(join(binding, 'opdcode'), 'daemon');
  const body = zip(files);
  const source = { platform: 'linux-x64', url: 'https://example.invalid/x.nupkg', sha512: createHash('sha512').update(body).digest('base64'), bytes: body.length };
  return { source, folder: join(root, 'libtorch'), binding, get: () => Promise.resolve(new Response(body)) };
}

const signal = (): AbortSignal => new AbortController().signal;

describe('fetchRuntime', () => {
  it('unpacks the native libraries of the platform, with the binding beside them', async () => {
    const { source, folder, binding, get } = setUp({ 'runtimes/linux-x64/native/libc10.so': 'c10', 'runtimes/linux-x64/native/libtorch_python.so': 'no', 'runtimes/win-x64/native/c10.dll': 'no', 'LICENSE.txt': 'no' });
    const shown: number[] = [];
    await fetchRuntime(source, folder, binding, (_, fraction) => shown.push(fraction), signal(), get);
    expect(readdirSync(folder).sort()).toEqual(['libLibTorchSharp.so', 'libc10.so']);
    expect(readFileSync(join(folder, 'libc10.so'), 'utf8')).toBe('c10');
    expect(shown.at(-1)).toBe(1);
  });

  it('throws away what has another hash', async () => {
    const { source, folder, binding, get } = setUp({ 'runtimes/linux-x64/native/libc10.so': 'c10' });
    await expect(fetchRuntime({ ...source, sha512: 'other' }, folder, binding, () => undefined, signal(), get)).rejects.toThrow(/not what this version expects/);
    expect(readdirSync(join(folder, '..'))).toEqual(['daemon']);
  });

  it('writes nothing outside of its folder, whatever the names in the archive', async () => {
    const { source, folder, binding, get } = setUp({ 'runtimes/linux-x64/native/../../../evil.so': 'evil', '../evil.so': 'evil', 'runtimes/linux-x64/native/libc10.so': 'c10' });
    await fetchRuntime(source, folder, binding, () => undefined, signal(), get);
    expect(readdirSync(folder).sort()).toEqual(['libLibTorchSharp.so', 'libc10.so']);
    expect(readdirSync(join(folder, '..')).sort()).toEqual(['daemon', 'libtorch']);
  });

  it('says what a server answered', async () => {
    const { source, folder, binding } = setUp({});
    await expect(fetchRuntime(source, folder, binding, () => undefined, signal(), () => Promise.resolve(new Response('', { status: 503 })))).rejects.toThrow(/503/);
  });
});
