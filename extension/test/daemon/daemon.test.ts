import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Daemon, isFile } from '../../src/daemon/daemon';
import type { DaemonState } from '../../src/daemon/daemon';
import { DaemonError, DaemonUnavailable } from '../../src/daemon/errors';

const fake = fileURLToPath(new URL('../fixtures/fakeDaemon.mjs', import.meta.url));
let daemon: Daemon | undefined;

function start(mode: string, path = fake, timeout = 20_000): { daemon: Daemon; states: DaemonState[]; log: string[] } {
  const log: string[] = [];
  const states: DaemonState[] = [];
  const made = new Daemon({
    places: () => ({ setting: path, extensionFolder: '/none', storageFolder: '/none', workspaceFolders: [], trusted: true, windows: false, isFile }),
    hello: () => ({ client: 'test' }),
    cwd: () => undefined,
    extraEnv: () => ({ FAKE_MODE: mode }),
    startTimeout: () => timeout,
    trace: () => 'off',
    logLevel: () => 'information',
    log: (line) => log.push(line),
    traceLog: () => undefined,
  });
  made.onDidChangeState((state) => states.push(state));
  daemon = made;
  return { daemon: made, states, log };
}

// A shebang is what makes the fixture a program; Windows has none.
describe.skipIf(process.platform === 'win32')('Daemon', () => {
  afterEach(async () => {
    await daemon?.stop();
    daemon?.dispose();
  });

  it('starts on the first request and says so', async () => {
    const { daemon: client, states } = start('');
    expect(client.state.kind).toBe('stopped');
    expect((await client.request('machine/get', {})).device).toBe('cpu');
    expect(states.map(({ kind }) => kind)).toEqual(['starting', 'running']);
  });

  it('starts one process for requests that come together', async () => {
    const { daemon: client, states } = start('');
    await Promise.all([client.request('machine/get', {}), client.request('runs/list', {}), client.start()]);
    expect(states.filter(({ kind }) => kind === 'starting')).toHaveLength(1);
  });

  it('hands on what the daemon tells unasked', async () => {
    const { daemon: client } = start('');
    const removed: string[] = [];
    client.onDidChangeRuns((changed) => removed.push(...changed.removed));
    const messages: string[] = [];
    await client.requestWithProgress('runs/list', {}, ({ message }) => messages.push(message));
    expect(removed).toEqual(['gone']);
    expect(messages).toEqual(['half']);
  });

  it('turns an explained failure into a DaemonError', async () => {
    const { daemon: client } = start('');
    const failure = await client.request('runs/get', { runId: 'x' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DaemonError);
    expect(failure).toMatchObject({ code: 'OPD3005', help: 'docs/errors/OPD3005.md' });
  });

  it('cancels a call at the daemon', async () => {
    const { daemon: client } = start('');
    await client.start();
    const cancel = new AbortController();
    const call = client.request(
      'score',
      { student: 's', teacher: 't', text: 'x' },
      {
        isCancellationRequested: false,
        onCancellationRequested: (listener) => {
          cancel.signal.addEventListener('abort', listener);
          return { dispose: () => cancel.signal.removeEventListener('abort', listener) };
        },
      },
    );
    setTimeout(() => cancel.abort(), 50);
    await expect(call).rejects.toMatchObject({ code: -32800 });
  });

  it('says why a daemon did not start, with its last line', async () => {
    const { daemon: client } = start('crash');
    const failure = await client.start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DaemonUnavailable);
    expect((failure as Error).message).toContain('exit code 3');
    expect((failure as Error).message).toContain('libtorch could not be loaded');
    expect(client.state.kind).toBe('unavailable');
  });

  it('refuses another major version with both versions in the message', async () => {
    const { daemon: client } = start('old');
    const failure = await client.start().catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: 'version' });
    expect((failure as Error).message).toMatch(/0\.9.*1\.0/);
  });

  it('gives up on a daemon that does not answer', async () => {
    const { daemon: client } = start('silent', fake, 1200);
    await expect(client.start()).rejects.toThrow(/did not answer within 1 seconds/);
  });

  it('does not fall back silently when the setting names no file', async () => {
    const { daemon: client } = start('', '/nowhere/opdcode');
    await expect(client.start()).rejects.toMatchObject({ reason: 'missing' });
  });

  it('tells that a daemon died, and starts a new one only when asked', async () => {
    const { daemon: client, states } = start('');
    await client.start();
    await client.request('runs/abort', { runId: 'x' }).catch(() => undefined);
    await expect.poll(() => client.state.kind).toBe('unavailable');
    expect(states.at(-1)).toMatchObject({ error: { message: expect.stringContaining('SIGKILL') as string } });
    await expect(client.request('machine/get', {})).rejects.toMatchObject({ reason: 'stopped' });
    await client.restart();
    expect(client.state.kind).toBe('running');
  });

  it('restarts one at a time', async () => {
    const { daemon: client, states } = start('');
    await Promise.all([client.restart(), client.restart(), client.restart()]);
    expect(states.map(({ kind }) => kind)).toEqual(['stopped', 'starting', 'running', 'stopped', 'starting', 'running', 'stopped', 'starting', 'running']);
  });
});
