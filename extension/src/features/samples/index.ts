import { commands, l10n, languages, Position, Uri, ViewColumn, window, workspace } from 'vscode';
import type { DocumentSelector } from 'vscode';
import type { Context } from '../../context';
import type { TokenFeedback } from '../../daemon/protocol';
import { command } from '../../ui/command';
import { formatWithUnit } from '../../ui/format';
import { localizeMetric } from '../../ui/metricText';
import { oneLine, visibleToken } from '../../ui/text';
import { exportSample, importSamples } from './exchange';
import { SampleFiles } from './files';
import { SampleFolding } from './folding';
import { Heatmap } from './heatmap';
import { SampleHover } from './hover';
import { SampleLenses } from './legend';
import { goToToken, moveToDisagreement, openSample, sampleEditor } from './moves';
import { changeMetric, changeScale } from './options';
import { isSampleChoice, pickRun, pickSample } from './pick';
import { parseSampleUri, sampleScheme, sampleUri, tokensScheme } from './sampleUri';
import { SampleStore } from './store';
import { compareWithStep, timeTravel } from './timeTravel';
import { TokenTable } from './tokenTable';
import { SamplesTree } from './tree';
import { HeatmapSettings } from './view';
import { showWhatIf } from './whatIf';

const selector: DocumentSelector = { scheme: sampleScheme };

/** Samples as text documents with the teacher's judgement as colour on the tokens. */
export function registerSamples(ctx: Context): void {
  const settings = new HeatmapSettings();
  const store = new SampleStore(ctx.daemon, () => settings.view.metric);
  const lenses = new SampleLenses(store, settings);
  const tokenTable = new TokenTable(store, settings);
  const tree = new SamplesTree(ctx);
  const view = window.createTreeView('opdcode.samples', { treeDataProvider: tree, showCollapseAll: true });
  tree.onRun = (run) => {
    view.description = run?.name ?? '';
  };
  const setVisible = (visible: boolean): void => void commands.executeCommand('setContext', 'opdcode.heatmapVisible', visible);
  setVisible(true);

  ctx.extension.subscriptions.push(
    store,
    settings,
    lenses,
    tokenTable,
    tree,
    view,
    workspace.registerFileSystemProvider(sampleScheme, new SampleFiles(store), { isReadonly: true, isCaseSensitive: true }),
    workspace.registerTextDocumentContentProvider(tokensScheme, tokenTable),
    new Heatmap(ctx, store, settings),
    languages.registerHoverProvider(selector, new SampleHover(store, settings)),
    languages.registerCodeLensProvider(selector, lenses),
    languages.registerFoldingRangeProvider(selector, new SampleFolding(store)),
    command(ctx, 'opdcode.showSample', async (argument) => {
      const choice = isSampleChoice(argument) ? argument : await pickSample(ctx);
      if (!choice) return;
      const uri = sampleUri({ kind: 'rollout', runId: choice.runId, step: choice.step, index: choice.index });
      // Asked for at once, and not only when VS Code has come to reading the text.
      void store.get(uri);
      const editor = await openSample(uri);
      if (choice.token !== undefined) await goToToken(editor, await store.get(uri), choice.token);
    }),
    // For other features: shows a text that was scored.
    command(ctx, 'opdcode.showFeedback', async (title, feedback, where) => {
      const id = store.keep(String(title), feedback as TokenFeedback);
      await openSample(sampleUri(id), { preview: false, ...(where === 'beside' ? { viewColumn: ViewColumn.Beside } : {}) });
      return sampleUri(id);
    }),
    // For other features: the prompt of a sample, and its response up to a place.
    command(ctx, 'opdcode.responseAt', async (uri, position) => {
      if (!(uri instanceof Uri) || uri.scheme !== sampleScheme || !(position instanceof Position)) return undefined;
      const { layout, tokens } = await store.get(uri);
      const offset = layout.offsetAt(position);
      return { prompt: tokens.prompt, before: tokens.response.slice(0, offset ?? tokens.response.length), response: tokens.response };
    }),
    command(ctx, 'opdcode.showSamplesOfRun', async (argument) => {
      const runId = typeof argument === 'string' ? argument : await pickRun(ctx, l10n.t('Show the samples of which run?'));
      if (runId === undefined) return;
      tree.show(runId);
      await commands.executeCommand('opdcode.samples.focus');
    }),
    command(ctx, 'opdcode.refreshSamples', () => {
      tree.refresh();
      return undefined;
    }),
    command(ctx, 'opdcode.toggleHeatmap', () => {
      setVisible(settings.toggle());
      return undefined;
    }),
    command(ctx, 'opdcode.nextDisagreement', () => moveToDisagreement(store, settings, 'next')),
    command(ctx, 'opdcode.previousDisagreement', () => moveToDisagreement(store, settings, 'previous')),
    command(ctx, 'opdcode.changeHeatmapMetric', (uri) => changeMetric(store, settings, uri instanceof Uri ? uri : undefined)),
    command(ctx, 'opdcode.changeHeatmapScale', (uri) => changeScale(store, settings, uri instanceof Uri ? uri : undefined)),
    command(ctx, 'opdcode.showTokenTable', async (uri) => {
      const address = uri instanceof Uri ? uri : sampleEditor()?.document.uri;
      if (address) await tokenTable.show(address);
    }),
    command(ctx, 'opdcode.showWorstTokens', (argument) => showWorst(ctx, store, settings, argument)),
    command(ctx, 'opdcode.timeTravel', () => timeTravel(ctx)),
    command(ctx, 'opdcode.compareWithStep', () => compareWithStep(ctx)),
    command(ctx, 'opdcode.whatIf', (uri) => showWhatIf(ctx, store, settings, uri instanceof Uri ? uri : undefined)),
    command(ctx, 'opdcode.exportSample', () => exportSample(ctx, store)),
    command(ctx, 'opdcode.importSamples', () => importSamples(ctx)),
  );
}

/** The tokens where a metric is farthest from zero, over a whole run. */
async function showWorst(ctx: Context, store: SampleStore, settings: HeatmapSettings, argument: unknown): Promise<void> {
  const open = sampleEditor();
  const id = open && parseSampleUri(open.document.uri);
  const runId = typeof argument === 'string' ? argument : id?.kind === 'rollout' ? id.runId : await pickRun(ctx, l10n.t('Show the worst tokens of which run?'));
  if (runId === undefined) return;
  const worst = await ctx.daemon.request('rollouts/worst', { runId, column: settings.view.metric, count: 200 });
  const { title, unit } = localizeMetric('token', settings.view.metric, worst.label);
  const picked = await window.showQuickPick(
    worst.tokens.map((token) => ({
      label: `“${visibleToken(token.text)}”  ${formatWithUnit(token.value, unit)}`,
      description: l10n.t('step {0}, rollout {1}', token.step, token.index),
      detail: `${oneLine(token.before, 60)} ⟦${visibleToken(token.text)}⟧ ${oneLine(token.after, 60)}`,
      token,
    })),
    { title: l10n.t('Tokens farthest from zero: {0}', title), matchOnDescription: true, matchOnDetail: true },
  );
  if (!picked) return;
  const uri = sampleUri({ kind: 'rollout', runId, step: picked.token.step, index: picked.token.index });
  await goToToken(await openSample(uri), await store.get(uri), picked.token.token);
}
