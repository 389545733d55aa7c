import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createMessageConnection, CancellationTokenSource, NotificationType, StreamMessageReader, StreamMessageWriter, Trace } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { toDaemonError } from './errors';
import type { DaemonRequests, Progress, RunsChanged } from './protocol';

export type CallName = keyof DaemonRequests;

/** Something that can be asked to stop: VS Code's token, or an AbortSignal's look-alike. */
export interface Cancellation {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export type TraceLevel = 'off' | 'messages' | 'verbose';

export interface DaemonEvents {
  runsChanged(changed: RunsChanged): void;
  progress(progress: Progress): void;
  closed(): void;
  trace(line: string): void;
}

/** The wire: JSON-RPC 2.0 with Content-Length framing over the child's stdin and stdout. */
export class DaemonConnection {
  readonly #connection: MessageConnection;
  #closed = false;

  constructor(child: ChildProcessWithoutNullStreams, events: DaemonEvents) {
    // Named by direction: what the daemon sends is read from its stdout.
    const fromDaemon = new StreamMessageReader(child.stdout);
    const toDaemon = new StreamMessageWriter(child.stdin);
    this.#connection = createMessageConnection(fromDaemon, toDaemon, {
      error: (message) => events.trace(message),
      warn: (message) => events.trace(message),
      info: () => undefined,
      log: () => undefined,
    });
    this.#tracer = (line) => events.trace(line);
    this.#connection.onNotification(new NotificationType<RunsChanged>('runs/changed'), (changed) => events.runsChanged(changed));
    this.#connection.onNotification(new NotificationType<Progress>('$/progress'), (progress) => events.progress(progress));
    this.#connection.onClose(() => this.#close(events));
    this.#connection.onError(([error]) => events.trace(error.message));
    child.stdin.on('error', () => this.#close(events));
    this.#connection.listen();
  }

  readonly #tracer: (line: string) => void;

  async setTrace(level: TraceLevel): Promise<void> {
    const trace = level === 'verbose' ? Trace.Verbose : level === 'messages' ? Trace.Messages : Trace.Off;
    await this.#connection.trace(trace, { log: (message: unknown, data?: string) => this.#tracer(data === undefined ? String(message) : `${String(message)}\n${data}`) }, { sendNotification: false });
  }

  /** Asks; fails with a DaemonError where the daemon explained itself. */
  async request<N extends CallName>(name: N, params: DaemonRequests[N]['params'], cancel?: Cancellation): Promise<DaemonRequests[N]['result']> {
    if (this.#closed) throw new Error('The daemon has ended.');
    const source = new CancellationTokenSource();
    const link = cancel?.onCancellationRequested(() => source.cancel());
    if (cancel?.isCancellationRequested === true) source.cancel();
    try {
      return await this.#connection.sendRequest<DaemonRequests[N]['result']>(name, params, source.token);
    } catch (error) {
      throw toDaemonError(error);
    } finally {
      link?.dispose();
      source.dispose();
    }
  }

  dispose(): void {
    this.#closed = true;
    this.#connection.dispose();
  }

  #close(events: DaemonEvents): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.dispose();
    events.closed();
  }
}
