import { commands, env, l10n, Uri, ViewColumn, window, workspace } from 'vscode';
import type { Disposable, WebviewOptions, WebviewPanel } from 'vscode';
import type { Context } from '../../context';
import type { Run } from '../../daemon/protocol';
import { command } from '../../ui/command';
import { showFailure } from '../../ui/notifications';
import { localizeMetric, metricTitle } from '../../ui/metricText';
import { oneLine, tokensText } from '../../ui/text';
import { webviewHtml } from '../../ui/webviewHtml';
import type { FromRunsPanel, RunRow, RunsPanelState, ToRunsPanel } from '../../webview/messages';
import { stateText, verbsOf } from './states';
import type { RunStore } from './store';
import { runsStrings } from './strings';

const viewType = 'opdcode.runsPanel';
const stateKey = 'opdcode.runsPanel.state';
/** Rows are sent at most this often, however often runs change: milliseconds. */
const sendEvery = 250;
/** More than a chart has pixels across helps nobody. */
const curvePoints = 500;
/** What the page may ask for: it shows texts of others. */
const verbs: ReadonlySet<string> = new Set(['pauseRun', 'resumeRun', 'stopAndSaveRun', 'abortRun']);
const labelLength = 100;
const detailLength = 120;

/** One panel with the table and the curves; it comes back with its window. */
export function registerRunsPanel(ctx: Context, store: RunStore): Disposable[] {
  let shown: RunsPanel | undefined;
  const adopt = (panel: WebviewPanel): RunsPanel => {
    const adopted = new RunsPanel(ctx, store, panel);
    shown = adopted;
    panel.onDidDispose(() => {
      if (shown === adopted) shown = undefined;
      adopted.dispose();
    });
    return adopted;
  };
  return [
    command(ctx, 'opdcode.openRuns', (argument) => {
      const id = typeof argument === 'string' ? argument : typeof argument === 'object' && argument !== null && 'id' in argument ? String(argument.id) : undefined;
      const panel = shown ?? adopt(window.createWebviewPanel(viewType, l10n.t('Runs'), ViewColumn.Active, RunsPanel.options(ctx)));
      panel.reveal(id);
      return undefined;
    }),
    command(ctx, 'opdcode.compareRuns', async () => commands.executeCommand('opdcode.openRuns')),
    window.registerWebviewPanelSerializer(viewType, {
      deserializeWebviewPanel: (panel) => {
        panel.webview.options = RunsPanel.options(ctx);
        adopt(panel);
        return Promise.resolve();
      },
    }),
    { dispose: () => shown?.dispose() },
  ];
}

class RunsPanel implements Disposable {
  readonly #subscriptions: Disposable[] = [];
  readonly #changed = new Map<string, Run>();
  readonly #removed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #selected: string | undefined;
  #ready = false;

  constructor(
    private readonly ctx: Context,
    private readonly store: RunStore,
    private readonly panel: WebviewPanel,
  ) {
    const icon = Uri.joinPath(ctx.extension.extensionUri, 'media', 'activity.svg');
    panel.iconPath = { light: icon, dark: icon };
    panel.webview.html = webviewHtml(panel.webview, ctx.extension.extensionUri, 'runs', l10n.t('Runs'));
    this.#subscriptions.push(
      panel.webview.onDidReceiveMessage((message: FromRunsPanel) => {
        this.#receive(message).catch((error: unknown) => void showFailure(error, ctx.channels.extension));
      }),
      // A page that is not seen is not there; it says that it is ready when it is made anew.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#ready = false;
      }),
      store.onDidChange((changed) => {
        if (!this.#ready) return;
        if (!changed) {
          void this.#sendAll();
          return;
        }
        for (const run of changed.runs) this.#changed.set(run.id, run);
        for (const id of changed.removed) this.#removed.add(id);
        this.#timer ??= setTimeout(() => {
          this.#sendChanges();
        }, sendEvery);
      }),
    );
  }

  static options(ctx: Context): WebviewOptions {
    return { enableScripts: true, enableCommandUris: false, localResourceRoots: [Uri.joinPath(ctx.extension.extensionUri, 'dist')] };
  }

  reveal(runId: string | undefined): void {
    this.panel.reveal(undefined, false);
    this.#selected = runId;
    if (this.#ready && runId !== undefined) this.#post({ type: 'select', runId });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
  }

  async #receive(message: FromRunsPanel): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#post({ type: 'init', strings: runsStrings(), state: this.ctx.extension.workspaceState.get<Partial<RunsPanelState>>(stateKey, {}), locale: env.language });
        await this.#sendAll();
        if (this.#selected !== undefined) this.#post({ type: 'select', runId: this.#selected });
        return;
      case 'state':
        await this.ctx.extension.workspaceState.update(stateKey, message.state);
        return;
      case 'getCurves':
        await this.#sendCurves(message.request, message.runIds, message.smoothing);
        return;
      case 'getDifferences':
        await this.#sendDifferences(message.request, message.runIds);
        return;
      case 'openStep':
        await this.#openStep(message.runId, message.step);
        return;
      case 'verb':
        if (verbs.has(message.verb)) await commands.executeCommand(`opdcode.${message.verb}`, message.runId);
        return;
      case 'save':
        await save(message.name, message.text);
        return;
      case 'failed':
        this.ctx.channels.extension.error(`runs panel: ${message.message}`);
        return;
    }
  }

  async #sendAll(): Promise<void> {
    try {
      const runs = await this.store.all();
      this.#post({ type: 'runs', rows: runs.map(rowOf), titles: titlesOf(runs), failure: null });
    } catch (error) {
      this.#post({ type: 'runs', rows: [], titles: {}, failure: error instanceof Error ? error.message : String(error) });
    }
  }

  #sendChanges(): void {
    this.#timer = undefined;
    const runs = [...this.#changed.values()];
    if (this.#ready) this.#post({ type: 'changed', rows: runs.map(rowOf), titles: titlesOf(runs), removed: [...this.#removed] });
    this.#changed.clear();
    this.#removed.clear();
  }

  async #sendCurves(request: number, runIds: readonly string[], smoothing: number): Promise<void> {
    try {
      const { curves, labels } = await this.ctx.daemon.request('metrics/get', { runIds, smoothing, maxPoints: curvePoints });
      const localized = Object.fromEntries(Object.entries(labels).map(([name, label]) => [name, localizeMetric('run', name, label)]));
      this.#post({ type: 'curves', request, curves: { curves, labels: localized } });
    } catch (error) {
      this.#post({ type: 'curvesFailed', request, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #sendDifferences(request: number, wanted: readonly string[]): Promise<void> {
    try {
      const { runIds, metrics } = await this.ctx.daemon.request('runs/compare', { runIds: wanted });
      const differences = metrics.map((metric) => ({ name: metric.name, byRun: Object.fromEntries(runIds.map((id, index) => [id, metric.differences[index] ?? null])) }));
      this.#post({ type: 'differences', request, differences });
    } catch (error) {
      // Asked for by itself, again and again while runs go on: columns that are missing say enough.
      this.ctx.channels.extension.warn(`differences to the baseline: ${error instanceof Error ? error.message : String(error)}`);
      this.#post({ type: 'differences', request, differences: [] });
    }
  }

  /** The samples of the last recorded step up to the one that was clicked. */
  async #openStep(runId: string, clicked: number): Promise<void> {
    const { rolloutSteps } = await this.ctx.daemon.request('runs/get', { runId });
    const step = rolloutSteps.findLast((recorded) => recorded <= clicked) ?? rolloutSteps[0];
    if (step === undefined) {
      void window.showInformationMessage(l10n.t('This run has not recorded any rollouts yet.'));
      return;
    }
    await commands.executeCommand('opdcode.showSamplesOfRun', runId);
    const { rollouts } = await this.ctx.daemon.request('rollouts/list', { runId, step, limit: 1000 });
    const items = rollouts.map((rollout) => ({
      label: oneLine(rollout.response, labelLength),
      description: tokensText(rollout.tokens),
      detail: oneLine(rollout.prompt, detailLength),
      index: rollout.index,
    }));
    const picked = items.length === 1 ? items[0] : await window.showQuickPick(items, { title: l10n.t('Samples of step {0}', step), matchOnDetail: true });
    if (picked) await commands.executeCommand('opdcode.showSample', { runId, step, index: picked.index });
  }

  #post(message: ToRunsPanel): void {
    void this.panel.webview.postMessage(message);
  }
}

/** Titles of the metrics that have one in the reader's language. */
function titlesOf(runs: readonly Run[]): Record<string, string> {
  const titles: Record<string, string> = {};
  for (const name of new Set(runs.flatMap(({ latest }) => Object.keys(latest)))) {
    const title = metricTitle(name);
    if (title !== undefined) titles[name] = title;
  }
  return titles;
}

function rowOf(run: Run): RunRow {
  return { run, stateText: stateText(run),  can: verbsOf(run).split(' ').filter((word) => word.startsWith('can-')) };
}

/** What the panel made (a picture, a table), where the user says. */
async function save(name: string, text: string): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const extension = name.slice(name.lastIndexOf('.') + 1);
  const target = await window.showSaveDialog({ ...(folder ? { defaultUri: Uri.joinPath(folder, name) } : {}), filters: { [extension.toUpperCase()]: [extension] } });
  if (target) await workspace.fs.writeFile(target, Buffer.from(text, 'utf8'));
}
