import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateDaemon } from '../../src/daemon/locate';
import type { Places } from '../../src/daemon/locate';

const repository = join('/repo');
const built = join(repository, 'artifacts', 'bin', 'OpdCode.Daemon', 'release', 'opdcode');

function places(files: readonly string[], rest: Partial<Places> = {}): Places {
  return { setting: undefined, extensionFolder: join('/ext'), storageFolder: join('/storage'), workspaceFolders: [repository], trusted: true, windows: false, isFile: (path) => files.includes(path), ...rest };
}

describe('locateDaemon', () => {
  it('takes the setting before everything else', () => {
    expect(locateDaemon(places(['/my/opdcode', join('/ext', 'daemon', 'opdcode')], { setting: '/my/opdcode' }))).toMatchObject({ origin: 'setting', command: '/my/opdcode', args: [] });
  });

  it('does not look further when the setting names no file', () => {
    expect(locateDaemon(places([join('/ext', 'daemon', 'opdcode')], { setting: '/wrong' }))).toEqual({ kind: 'settingWrong', path: '/wrong' });
  });

  it('takes the bundled one before a build of the open repository', () => {
    expect(locateDaemon(places([join('/ext', 'daemon', 'opdcode'), join(repository, 'OpdCode.sln'), built]))).toMatchObject({ origin: 'bundled' });
  });

  it('takes the build of an open repository', () => {
    expect(locateDaemon(places([join(repository, 'OpdCode.sln'), built]))).toMatchObject({ origin: 'repository', path: built });
  });

  it('does not take a build from a folder that is not the repository', () => {
    expect(locateDaemon(places([built]))).toMatchObject({ kind: 'missing' });
  });

  it('starts nothing from an untrusted folder', () => {
    expect(locateDaemon(places([join(repository, 'OpdCode.sln'), built], { trusted: false }))).toEqual({ kind: 'untrusted', path: built });
    expect(locateDaemon(places([join('/ext', 'daemon', 'opdcode')], { trusted: false }))).toMatchObject({ kind: 'found' });
  });

  it('looks for opdcode.exe on Windows', () => {
    expect(locateDaemon(places([join('/ext', 'daemon', 'opdcode.exe')], { windows: true }))).toMatchObject({ command: join('/ext', 'daemon', 'opdcode.exe') });
  });

  it('runs an assembly with dotnet', () => {
    expect(locateDaemon(places(['/x/opdcode.dll'], { setting: '/x/opdcode.dll' }))).toMatchObject({ command: 'dotnet', args: ['/x/opdcode.dll'] });
  });

  it('lists where it looked', () => {
    const located = locateDaemon(places([]));
    expect(located).toMatchObject({ kind: 'missing', looked: expect.arrayContaining([join('/ext', 'daemon', 'opdcode'), join('/storage', 'daemon', 'opdcode')]) as string[] });
  });
});
