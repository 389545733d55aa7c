import { env, l10n, Range, Uri, ViewColumn, window, workspace, WorkspaceEdit } from 'vscode';
import type { WebviewPanel } from 'vscode';
import type { Context } from '../../context';
import type { Run } from '../../daemon/protocol';
import { showFailure } from '../../ui/notifications';
import { webviewHtml } from '../../ui/webviewHtml';
import type { FromWhatIfPanel, ToWhatIfPanel, WhatIfStrings } from '../../webview/messages';
import { sampleEditor } from './moves';
import { parseSampleUri } from './sampleUri';
import type { SampleId } from './sampleUri';
import type { Sample, SampleStore } from './store';
import type { HeatmapSettings } from './view';

/** Beside a sample: the stabilizers' settings to move, and the weights that they would have given, at once in the text. */
export async function showWhatIf(ctx: Context, store: SampleStore, settings: HeatmapSettings, address: Uri | undefined): Promise<void> {
  const uri = address ?? sampleEditor()?.document.uri;
  const id = uri && parseSampleUri(uri);
  if (id?.kind !== 'rollout') {
    void window.showInformationMessage(l10n.t('Open a recorded sample first.'));
    return;
  }
  const sample = await store.get(uri ?? Uri.from({ scheme: 'none', path: '' }));
  const { run, recipe } = await ctx.daemon.request('runs/get', { runId: id.runId });
  const panel = window.createWebviewPanel('opdcode.whatIf', l10n.t('What if: {0}', run.name), { viewColumn: ViewColumn.Beside, preserveFocus: true }, { enableScripts: true, localResourceRoots: [Uri.joinPath(ctx.extension.extensionUri, 'dist')] });
  const icon = Uri.joinPath(ctx.extension.extensionUri, 'media', 'activity.svg');
  panel.iconPath = { light: icon, dark: icon };
  const shown = new WhatIfPanel(ctx, store, settings, panel, { sample, id, run, stabilizers: stabilizersOf(recipe) });
  panel.webview.html = webviewHtml(panel.webview, ctx.extension.extensionUri, 'whatIf', panel.title);
  const listening = panel.webview.onDidReceiveMessage((message: FromWhatIfPanel) => {
    shown.receive(message).catch((error: unknown) => void showFailure(error, ctx.channels.extension));
  });
  panel.onDidDispose(() => {
    listening.dispose();
    store.replaceColumns(sample, []);
    shown.end().catch((error: unknown) => void showFailure(error, ctx.channels.extension));
  });
}

interface Subject {
  readonly sample: Sample;
  readonly id: SampleId & { kind: 'rollout' };
  readonly run: Run;
  readonly stabilizers: string;
}

class WhatIfPanel {
  /** What the text was coloured by before this panel coloured it by weights. */
  #metricBefore: string | undefined;

  constructor(
    private readonly ctx: Context,
    private readonly store: SampleStore,
    private readonly settings: HeatmapSettings,
    private readonly panel: WebviewPanel,
    private readonly subject: Subject,
  ) {}

  /** The text is coloured as before, unless its reader chose something else meanwhile. */
  async end(): Promise<void> {
    if (this.#metricBefore !== undefined && this.settings.view.metric === 'weight') await this.settings.set('metric', this.#metricBefore);
  }

  async receive(message: FromWhatIfPanel): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#post({ type: 'init', strings: strings(), locale: env.language, sample: l10n.t('{0}, step {1}, rollout {2}', this.subject.run.name, this.subject.id.step, this.subject.id.index), stabilizers: this.subject.stabilizers });
        return;
      case 'ask':
        await this.#ask(message.request, message.stabilizers);
        return;
      case 'write':
        await this.#write(message.stabilizers, message.moved);
        return;
    }
  }

  async #ask(request: number, stabilizers: string): Promise<void> {
    const { sample, id } = this.subject;
    try {
      const answer = await this.ctx.daemon.request('rollouts/whatIf', { runId: id.runId, step: id.step, index: id.index, stabilizers });
      this.store.replaceColumns(sample, answer.columns);
      const metric = this.settings.view.metric;
      if (!answer.columns.some((column) => column.name === metric) && answer.columns.some((column) => column.name === 'weight')) {
        this.#metricBefore ??= metric;
        await this.settings.set('metric', 'weight');
      }
      this.#post({ type: 'answer', request, settings: answer.settings, notes: answer.notes });
    } catch (error) {
      this.#post({ type: 'failed', request, message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Into the recipe that the run was started from, as an edit that can be undone and is not saved yet. */
  async #write(stabilizers: string, moved: readonly { readonly path: string; readonly value: number }[] | null): Promise<void> {
    const path = this.subject.run.recipePath;
    if (path === undefined) {
      void window.showWarningMessage(l10n.t('It is not known which recipe this run was started from.'));
      return;
    }
    const document = await workspace.openTextDocument(Uri.file(path));
    let text = document.getText();
    const edits = moved === null ? [{ setting: 'stabilizers', value: stabilizers }] : moved.map((change) => ({ setting: change.path, value: String(change.value) }));
    for (const edit of edits) ({ text } = await this.ctx.daemon.request('recipes/edit', { text, ...edit }));
    const change = new WorkspaceEdit();
    change.replace(document.uri, new Range(document.positionAt(0), document.positionAt(document.getText().length)), text);
    await workspace.applyEdit(change);
    await window.showTextDocument(document, { viewColumn: ViewColumn.One });
  }

  #post(message: ToWhatIfPanel): void {
    void this.panel.webview.postMessage(message);
  }
}

/** The list of stabilizers in a resolved recipe, as JSON text. */
function stabilizersOf(recipe: string): string {
  const resolved: unknown = JSON.parse(recipe);
  const list: unknown = typeof resolved === 'object' && resolved !== null && 'stabilizers' in resolved ? resolved.stabilizers : [];
  return JSON.stringify(Array.isArray(list) ? list : [], undefined, 2);
}

function strings(): WhatIfStrings {
  return {
    title: l10n.t('What if the stabilizers were others?'),
    about: l10n.t('The daemon computes the weights from what the run recorded. The text beside is coloured by them as you move a setting.'),
    list: l10n.t('Stabilizers (JSON)'),
    listHint: l10n.t('The list as in a recipe. Add or remove stabilizers here.'),
    notes: l10n.t('What each stage did'),
    write: l10n.t('Write into the Recipe'),
    reset: l10n.t('As in the Run'),
    nothingToMove: l10n.t('These stabilizers have no number to move.'),
    notJson: l10n.t('This is not a JSON list.'),
  };
}
