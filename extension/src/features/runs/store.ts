import { EventEmitter } from 'vscode';
import type { Disposable } from 'vscode';
import type { Context } from '../../context';
import type { Run, RunsChanged } from '../../daemon/protocol';

/** Steps are told at most this often; a new state at once. Milliseconds. */
const tellEvery = 1000;

/** All runs as the daemon last told them. Asked for once, then followed by its notifications. */
export class RunStore implements Disposable {
  readonly #changed = new EventEmitter<RunsChanged | undefined>();
  /** What changed; undefined: everything may have. */
  readonly onDidChange = this.#changed.event;
  readonly #subscriptions: Disposable[];
  #runs: Map<string, Run> | undefined;
  #loading: Promise<void> | undefined;
  readonly #moved = new Set<string>();
  #telling: NodeJS.Timeout | undefined;

  constructor(private readonly ctx: Context) {
    this.#subscriptions = [
      ctx.daemon.onDidChangeRuns(({ runs, removed }) => {
        if (!this.#runs) return;
        let atOnce = removed.length > 0;
        for (const run of runs) {
          const before = this.#runs.get(run.id);
          atOnce ||= before?.state !== run.state || before.queuePosition !== run.queuePosition;
          this.#runs.set(run.id, run);
          this.#moved.add(run.id);
        }
        for (const id of removed) this.#runs.delete(id);
        if (atOnce) this.#tell(removed);
        else this.#telling ??= setTimeout(() => this.#tell([]), tellEvery);
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

  /** Whether another run has the same name: runs of one recipe do. */
  sharesName(run: Run): boolean {
    for (const other of this.#runs?.values() ?? []) if (other.name === run.name && other.id !== run.id) return true;
    return false;
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
    clearTimeout(this.#telling);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  #tell(removed: readonly string[]): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const runs = [...this.#moved].flatMap((id) => this.#runs?.get(id) ?? []);
    this.#moved.clear();
    this.#changed.fire({ runs, removed });
  }

  async #load(): Promise<void> {
    const { runs } = await this.ctx.daemon.request('runs/list', { includeArchived: true, limit: 10_000 });
    this.#runs = new Map(runs.map((run) => [run.id, run]));
  }
}
