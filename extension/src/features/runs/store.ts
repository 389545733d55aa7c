import { EventEmitter } from 'vscode';
import type { Disposable } from 'vscode';
import type { Context } from '../../context';
import type { Run, RunsChanged } from '../../daemon/protocol';

/** All runs as the daemon last told them. Asked for once, then followed by its notifications. */
export class RunStore implements Disposable {
  readonly #changed = new EventEmitter<RunsChanged | undefined>();
  /** What changed; undefined: everything may have. */
  readonly onDidChange = this.#changed.event;
  readonly #subscriptions: Disposable[];
  #runs: Map<string, Run> | undefined;
  #loading: Promise<void> | undefined;

  constructor(private readonly ctx: Context) {
    this.#subscriptions = [
      ctx.daemon.onDidChangeRuns(({ runs, removed }) => {
        if (!this.#runs) return;
        for (const run of runs) this.#runs.set(run.id, run);
        for (const id of removed) this.#runs.delete(id);
        this.#changed.fire({ runs, removed });
      }),
      ctx.daemon.onDidChangeState(({ kind }) => {
        if (kind === 'starting' || kind === 'stopped') return;
        this.#runs = undefined;
        this.#changed.fire(undefined);
      }),
    ];
  }

  /** Newest first. */
  async all(): Promise<Run[]> {
    if (!this.#runs) {
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
    }
    return [...(this.#runs?.values() ?? [])].sort((a, b) => b.created.localeCompare(a.created));
  }

  get(id: string): Run | undefined {
    return this.#runs?.get(id);
  }

  /** Takes over what a call answered, without waiting for the notification. */
  accept(run: Run): void {
    this.#runs?.set(run.id, run);
    this.#changed.fire({ runs: [run], removed: [] });
  }

  remove(id: string): void {
    this.#runs?.delete(id);
    this.#changed.fire({ runs: [], removed: [id] });
  }

  reload(): void {
    this.#runs = undefined;
    this.#changed.fire(undefined);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  async #load(): Promise<void> {
    const { runs } = await this.ctx.daemon.request('runs/list', { includeArchived: true, limit: 10_000 });
    this.#runs = new Map(runs.map((run) => [run.id, run]));
  }
}
