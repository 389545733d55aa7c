import { statSync } from 'node:fs';
import { EventEmitter, l10n } from 'vscode';
import type { Disposable } from 'vscode';
import { DaemonConnection } from './connect';
import type { CallName, Cancellation, TraceLevel } from './connect';
import { DaemonError, DaemonUnavailable } from './errors';
import { launchDaemon } from './launch';
import type { LaunchedDaemon, LogLevel } from './launch';
import { locateDaemon } from './locate';
import { readLogLine } from './logLine';
import type { DaemonLocation, Places } from './locate';
import { protocolVersion } from './protocol';
import type { DaemonRequests, InitializeParams, InitializeResult, Progress, RunsChanged } from './protocol';

export type DaemonState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly location: DaemonLocation; readonly hello: InitializeResult }
  | { readonly kind: 'unavailable'; readonly error: DaemonUnavailable };

/** What the daemon is started with; read anew at every start, so that changed settings count after a restart. */
export interface DaemonOptions {
  places(): Places;
  hello(): Omit<InitializeParams, 'protocolVersion'>;
  cwd(): string | undefined;
  extraEnv(): Readonly<Record<string, string>>;
  /** Milliseconds that a start may take. */
  startTimeout(): number;
  trace(): TraceLevel;
  logLevel(): LogLevel;
  log(line: string): void;
  traceLog(line: string): void;
}

/** The one daemon of this window: started on first use, restarted one at a time, never restarted silently after a crash. */
export class Daemon implements Disposable {
  readonly #state = new EventEmitter<DaemonState>();
  readonly #runs = new EventEmitter<RunsChanged>();
  readonly #progress = new EventEmitter<Progress>();
  readonly onDidChangeState = this.#state.event;
  readonly onDidChangeRuns = this.#runs.event;
  readonly onProgress = this.#progress.event;

  #current: DaemonState = { kind: 'stopped' };
  #connection: DaemonConnection | undefined;
  #process: LaunchedDaemon | undefined;
  #starting: Promise<DaemonConnection> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #progressTokens = 0;
  readonly #chosen = new Set<string>();

  constructor(private readonly options: DaemonOptions) {}

  get state(): DaemonState {
    return this.#current;
  }

  /** Asks the daemon, starting it where needed. */
  async request<N extends CallName>(name: N, params: DaemonRequests[N]['params'], cancel?: Cancellation): Promise<DaemonRequests[N]['result']> {
    const connection = await this.#connect();
    return connection.request(name, params, cancel);
  }

  /** Asks with a progress token of its own, whose reports go to the listener. */
  async requestWithProgress<N extends CallName>(
    name: N,
    params: DaemonRequests[N]['params'],
    report: (progress: Progress) => void,
    cancel?: Cancellation,
  ): Promise<DaemonRequests[N]['result']> {
    this.#progressTokens++;
    const progressToken = `vscode-${this.#progressTokens}`;
    const listener = this.onProgress((progress) => {
      if (progress.token === progressToken) report(progress);
    });
    try {
      return await this.request(name, { ...params, progressToken }, cancel);
    } finally {
      listener.dispose();
    }
  }

  /** Lets the daemon reach a file or folder that the reader chose in a dialog or opened, for as long as the window lives. */
  async allow(path: string): Promise<void> {
    if (this.#chosen.has(path)) return;
    this.#chosen.add(path);
    if (this.#connection) await this.updateSession();
  }

  /** Tells a running daemon what is open, chosen and trusted now. */
  async updateSession(): Promise<void> {
    if (this.#connection) await this.#connection.request('session/update', this.#hello());
  }

  /** Starts unless it runs; fails with the reason. */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** Ends the daemon and starts it anew. Calls that come while one is under way wait for their turn. */
  async restart(): Promise<void> {
    const turn = this.#turn.then(async () => {
      await this.#end();
      this.#become({ kind: 'stopped' });
      await this.#connect();
    });
    // The next turn waits for this one whatever comes of it; whoever asked is told below.
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async stop(): Promise<void> {
    await this.#end();
    this.#become({ kind: 'stopped' });
  }

  dispose(): void {
    // Closing stdin is what ends a daemon; runs go on in their workers or stop, as the settings say.
    this.#process?.child.stdin.end();
    this.#connection?.dispose();
    this.#state.dispose();
    this.#runs.dispose();
    this.#progress.dispose();
  }

  #connect(): Promise<DaemonConnection> {
    if (this.#connection) return Promise.resolve(this.#connection);
    // What ended or could not start is not started again behind anybody's back: that takes a restart.
    if (this.#current.kind === 'unavailable') return Promise.reject(this.#current.error);
    this.#starting ??= this.#launch().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #launch(): Promise<DaemonConnection> {
    this.#become({ kind: 'starting' });
    try {
      const location = this.#locate();
      const connection = await this.#greet(location);
      return connection;
    } catch (error) {
      const reason = error instanceof DaemonUnavailable ? error : new DaemonUnavailable(error instanceof Error ? error.message : String(error), 'failed');
      await this.#end();
      this.#become({ kind: 'unavailable', error: reason });
      throw reason;
    }
  }

  #locate(): DaemonLocation {
    const located = locateDaemon(this.options.places());
    switch (located.kind) {
      case 'found':
        return located;
      case 'settingWrong':
        throw new DaemonUnavailable(l10n.t('The setting opdcode.daemon.path names {0}, which is not a file. Correct the setting or remove it.', located.path), 'missing');
      case 'untrusted':
        throw new DaemonUnavailable(l10n.t('A daemon was built in this folder ({0}), but the folder is not trusted. Trust the folder to start it.', located.path), 'restricted');
      case 'missing':
        throw new DaemonUnavailable(l10n.t('The OpdCode daemon was not found. Set it up, or name it in the setting opdcode.daemon.path.'), 'missing');
    }
  }

  async #greet(location: DaemonLocation): Promise<DaemonConnection> {
    const launched = launchDaemon(location, this.options.logLevel(), this.options.cwd(), { ...process.env, ...this.options.extraEnv() }, (line) => this.options.log(line));
    this.#process = launched;
    const connection = new DaemonConnection(launched.child, {
      runsChanged: (changed) => this.#runs.fire(changed),
      progress: (progress) => this.#progress.fire(progress),
      closed: () => undefined,
      trace: (line) => this.options.traceLog(line),
    });
    await connection.setTrace(this.options.trace());
    const early = launched.ended.then((ending) => {
      throw new DaemonUnavailable(endingText(ending.exitCode, ending.signal, ending.lastLines), 'failed');
    });
    const hello = await withTimeout(Promise.race([connection.request('initialize', this.#hello()), early]), this.options.startTimeout()).catch(async (error: unknown) => {
      // A pipe that closed is only the effect; the cause is how the process ended, which is known a moment later.
      if (!(error instanceof DaemonError)) await Promise.race([early, new Promise((resolve) => setTimeout(resolve, 500))]);
      throw greetingFailure(error, location);
    });
    early.catch(() => undefined); // from here on the listener below tells
    if (major(hello.protocolVersion) !== major(protocolVersion)) throw versionMismatch(hello.protocolVersion, hello.daemonVersion, location);
    this.#connection = connection;
    this.#become({ kind: 'running', location, hello });
    void launched.ended.then((ending) => {
      // A process that was replaced or stopped on purpose is nobody's news.
      if (this.#process !== launched) return;
      this.#connection = undefined;
      this.#process = undefined;
      connection.dispose();
      this.#become({ kind: 'unavailable', error: new DaemonUnavailable(endingText(ending.exitCode, ending.signal, ending.lastLines), 'stopped') });
    });
    return connection;
  }

  async #end(): Promise<void> {
    const launched = this.#process;
    this.#process = undefined;
    this.#connection?.dispose();
    this.#connection = undefined;
    if (!launched) return;
    launched.child.stdin.end();
    const grace = setTimeout(() => launched.child.kill(), 3000);
    await launched.ended;
    clearTimeout(grace);
  }

  #hello(): InitializeParams {
    const hello = this.options.hello();
    return { ...hello, chosenPaths: [...(hello.chosenPaths ?? []), ...this.#chosen], protocolVersion };
  }

  #become(state: DaemonState): void {
    this.#current = state;
    this.#state.fire(state);
  }
}

/** For `Places.isFile`. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function endingText(exitCode: number | null, signal: string | null, lastLines: readonly string[]): string {
  const how = signal !== null ? l10n.t('signal {0}', signal) : exitCode !== null ? l10n.t('exit code {0}', exitCode) : l10n.t('it could not be started');
  // A log line is JSON; people read its message.
  const last = lastLines.map((line) => readLogLine(line).message).at(-1);
  return last === undefined ? l10n.t('The daemon ended ({0}).', how) : l10n.t('The daemon ended ({0}). It last said: {1}', how, last.slice(0, 300));
}

function greetingFailure(error: unknown, location: DaemonLocation): Error {
  if (error instanceof DaemonError && error.code === 'OPD4001') return new DaemonUnavailable(`${error.message} (${location.path})`, 'version');
  return error instanceof Error ? error : new Error(String(error));
}

function versionMismatch(theirs: string, daemonVersion: string, location: DaemonLocation): DaemonUnavailable {
  return new DaemonUnavailable(
    l10n.t('The daemon at {0} (OpdCode {1}) speaks protocol {2}, this extension speaks {3}. Update the one that is older.', location.path, daemonVersion, theirs, protocolVersion),
    'version',
  );
}

function major(version: string): string {
  return version.split('.')[0] ?? '';
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(l10n.t('The daemon did not answer within {0} seconds (opdcode.daemon.startTimeout).', Math.round(milliseconds / 1000)))), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
