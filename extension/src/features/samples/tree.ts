import { EventEmitter, l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Disposable, TreeDataProvider } from 'vscode';
import type { Context } from '../../context';
import type { RolloutInfo, Run } from '../../daemon/protocol';
import { formatNumber } from '../../ui/format';
import { oneLine, tokensText } from '../../ui/text';

export type SampleNode =
  | { readonly kind: 'step'; readonly run: Run; readonly step: number }
  | { readonly kind: 'rollout'; readonly run: Run; readonly rollout: RolloutInfo }
  | { readonly kind: 'more'; readonly run: Run; readonly step: number; readonly left: number };

const page = 200;
/** New rollouts of a run that goes on are looked for at most this often: milliseconds. */
const lookEvery = 5000;

/** The recorded rollouts of one run, by step: newest step first. */
export class SamplesTree implements TreeDataProvider<SampleNode>, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #subscription: Disposable;
  #runId: string | undefined;
  #knownStep = 0;
  #lookedAt = 0;
  onRun: (run: Run | undefined) => void = () => undefined;

  constructor(private readonly ctx: Context) {
    this.#subscription = ctx.daemon.onDidChangeRuns((changed) => {
      const run = changed.runs.find((candidate) => candidate.id === this.#runId);
      // New rollouts come every so many steps; the view follows without a request at each of them.
      const late = Date.now() > this.#lookedAt + lookEvery;
      if (this.#runId === undefined || (run && ((late && run.step >= this.#knownStep + 10) || run.ended !== undefined))) {
        this.#knownStep = run?.step ?? this.#knownStep;
        this.#lookedAt = Date.now();
        this.#changed.fire();
      }
    });
  }

  show(runId: string): void {
    this.#runId = runId;
    this.#knownStep = 0;
    this.#changed.fire();
  }

  refresh(): void {
    this.#changed.fire();
  }

  getTreeItem(node: SampleNode): TreeItem {
    if (node.kind === 'step') {
      const item = new TreeItem(l10n.t('Step {0}', node.step), TreeItemCollapsibleState.Collapsed);
      item.id = `${node.run.id}/${node.step}`;
      item.iconPath = new ThemeIcon('history');
      item.contextValue = 'sampleStep';
      return item;
    }
    if (node.kind === 'more') return new TreeItem(l10n.t('{0} more: use Show Sample… to search', node.left));
    const { rollout } = node;
    const item = new TreeItem(oneLine(rollout.response, 80));
    item.id = `${node.run.id}/${rollout.step}/${rollout.index}`;
    item.description = [rollout.meanDivergence === undefined ? undefined : formatNumber(rollout.meanDivergence), tokensText(rollout.tokens)].filter((part) => part !== undefined).join(' · ');
    item.tooltip = l10n.t('Prompt: {0}\nResponse: {1}\nMean divergence: {2}', rollout.prompt, rollout.response, formatNumber(rollout.meanDivergence));
    item.iconPath = new ThemeIcon(rollout.correct === true ? 'pass' : rollout.correct === false ? 'error' : 'comment');
    const outcome = rollout.correct === true ? l10n.t('right') : rollout.correct === false ? l10n.t('wrong') : '';
    item.accessibilityInformation = { label: `${outcome} ${oneLine(rollout.response, 80)}` };
    item.contextValue = 'sample';
    item.command = { command: 'opdcode.showSample', title: l10n.t('Show Sample'), arguments: [{ runId: node.run.id, step: rollout.step, index: rollout.index }] };
    return item;
  }

  async getChildren(node?: SampleNode): Promise<SampleNode[]> {
    if (!node) return this.#steps();
    if (node.kind !== 'step') return [];
    const { rollouts, total } = await this.ctx.daemon.request('rollouts/list', { runId: node.run.id, step: node.step, limit: page });
    const shown: SampleNode[] = rollouts.map((rollout) => ({ kind: 'rollout', run: node.run, rollout }));
    if (total > rollouts.length) shown.push({ kind: 'more', run: node.run, step: node.step, left: total - rollouts.length });
    return shown;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  async #steps(): Promise<SampleNode[]> {
    try {
      if (this.#runId === undefined) {
        const { runs } = await this.ctx.daemon.request('runs/list', { limit: 1 });
        this.#runId = runs[0]?.id;
      }
      if (this.#runId === undefined) return [];
      const { run, rolloutSteps } = await this.ctx.daemon.request('runs/get', { runId: this.#runId });
      this.onRun(run);
      return [...rolloutSteps].reverse().map((step) => ({ kind: 'step', run, step }));
    } catch (error) {
      // The view shows its welcome text; the reason stands in the status bar and the log.
      this.ctx.channels.extension.info(`samples view: ${error instanceof Error ? error.message : String(error)}`);
      this.onRun(undefined);
      return [];
    }
  }
}
