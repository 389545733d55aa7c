import { env, EventEmitter, l10n, MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Disposable, TreeDataProvider, TreeView } from 'vscode';
import type { Context } from '../../context';
import type { Run } from '../../daemon/protocol';
import { formatDuration, secondsBetween } from '../../ui/format';
import { escapeMarkdown } from '../../ui/text';
import { accuracyText, groupOf, stateText, verbsOf } from './states';
import type { RunGroup } from './states';
import type { RunStore } from './store';

interface GroupNode {
  readonly kind: 'group';
  readonly group: RunGroup;
  readonly runs: readonly Run[];
}

interface RunNode {
  readonly kind: 'run';
  readonly id: string;
}

export type RunsNode = GroupNode | RunNode;

const groups: readonly RunGroup[] = ['active', 'queued', 'recent', 'archived'];
/** A tree of thousands helps nobody: the panel's table has a filter. */
const most = 300;
const logLines = 5;

/** Runs by what they are doing. A run that only moved on redraws its own line. */
export class RunsTree implements TreeDataProvider<RunsNode>, Disposable {
  readonly #changed = new EventEmitter<RunsNode | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #nodes = new Map<string, RunNode>();
  /** Where each run stands. */
  readonly #places = new Map<string, string>();
  readonly #subscriptions: Disposable[];
  #visible = true;
  /** Something changed while nobody saw it. */
  #missed = false;

  constructor(
    private readonly ctx: Context,
    private readonly store: RunStore,
  ) {
    this.#subscriptions = [store.onDidChange((changed) => {
      if (!this.#visible) {
        this.#missed = true;
        return;
      }
      if (!changed || changed.removed.length > 0 || changed.runs.some((run) => this.#places.get(run.id) !== placeOf(run))) {
        this.#changed.fire(undefined);
        return;
      }
      for (const run of changed.runs) {
        const node = this.#nodes.get(run.id);
        if (node) this.#changed.fire(node);
      }
    })];
  }

  /** Follows whether its view is seen: what changes meanwhile is drawn when it is seen again. */
  follow(view: TreeView<RunsNode>): void {
    this.#visible = view.visible;
    this.#subscriptions.push(
      view.onDidChangeVisibility(({ visible }) => {
        this.#visible = visible;
        if (visible && this.#missed) this.#changed.fire(undefined);
        this.#missed = false;
      }),
    );
  }

  getTreeItem(node: RunsNode): TreeItem {
    if (node.kind === 'run') return this.#runItem(node.id);
    const item = new TreeItem(groupTitle(node.group), node.group === 'archived' ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.Expanded);
    item.id = `group-${node.group}`;
    item.description = String(node.runs.length);
    item.contextValue = `group-${node.group}`;
    return item;
  }

  /** The tooltip is made for the one that is pointed at, not every second for each that moves on. */
  resolveTreeItem(item: TreeItem, node: RunsNode): TreeItem {
    const run = node.kind === 'run' ? this.store.get(node.id) : undefined;
    if (run) item.tooltip = tooltipOf(run);
    return item;
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    if (node?.kind === 'run') return [];
    if (node) return node.runs.slice(0, most).map((run) => this.#node(run.id));
    const runs = await this.#all();
    this.#places.clear();
    for (const run of runs) this.#places.set(run.id, placeOf(run));
    return groups
      .map((group): GroupNode => ({ kind: 'group', group, runs: sorted(group, runs.filter((run) => groupOf(run) === group)) }))
      .filter((group) => group.runs.length > 0);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  async #all(): Promise<Run[]> {
    try {
      return await this.store.all();
    } catch (error) {
      // The view's welcome text says what to do without a daemon.
      this.ctx.channels.extension.info(`runs view: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }

  /** The same object for the same run: a tree redraws by identity. */
  #node(id: string): RunNode {
    let node = this.#nodes.get(id);
    if (!node) {
      node = { kind: 'run', id };
      this.#nodes.set(id, node);
    }
    return node;
  }

  #runItem(id: string): TreeItem {
    const run = this.store.get(id);
    if (!run) return new TreeItem(id);
    const item = new TreeItem(`${run.starred ? '★ ' : ''}${run.name}`);
    item.id = `run-${run.id}`;
    const progress = run.imported ? l10n.t('imported') : run.state === 'completed' ? undefined : `${run.step}/${run.steps}`;
    // What tells runs of one recipe apart comes before what a narrow view cuts off.
    const created = this.store.sharesName(run) ? new Date(run.created).toLocaleString(env.language, { month: 'numeric', day: 'numeric', hour: 'numeric', minute: '2-digit' }) : undefined;
    item.description = [created, progress, stateText(run), accuracyText(run), run.note].filter((part) => part !== undefined && part !== '').join(' · ');
    item.iconPath = iconOf(run);
    item.contextValue = verbsOf(run);
    item.accessibilityInformation = { label: `${run.name}, ${stateText(run)}, ${l10n.t('step {0} of {1}', run.step, run.steps)}` };
    item.command = { command: 'opdcode.openRuns', title: l10n.t('Open Runs'), arguments: [run.id] };
    return item;
  }
}

function groupTitle(group: RunGroup): string {
  switch (group) {
    case 'active':
      return l10n.t('Active');
    case 'queued':
      return l10n.t('Queued');
    case 'recent':
      return l10n.t('Recent');
    case 'archived':
      return l10n.t('Archived');
  }
}

/** What its place in the tree depends on. */
function placeOf(run: Run): string {
  return `${groupOf(run)} ${run.queuePosition ?? ''} ${run.starred ? '★' : ''}`;
}

function sorted(group: RunGroup, runs: Run[]): Run[] {
  return group === 'queued'
    ? runs.sort((a, b) => (a.queuePosition ?? 0) - (b.queuePosition ?? 0))
    : runs.sort((a, b) => Number(b.starred) - Number(a.starred) || b.created.localeCompare(a.created));
}

function iconOf(run: Run): ThemeIcon {
  switch (run.state) {
    case 'queued':
      return new ThemeIcon('clock');
    case 'starting':
    case 'running':
    case 'pausing':
    case 'stopping':
    case 'aborting':
      return new ThemeIcon('sync~spin');
    case 'paused':
      return new ThemeIcon('debug-pause');
    case 'stopped':
    case 'aborted':
      return new ThemeIcon('debug-stop');
    case 'completed':
      return new ThemeIcon('pass', new ThemeColor('testing.iconPassed'));
    case 'failed':
      return new ThemeIcon('error', new ThemeColor('testing.iconFailed'));
    case 'interrupted':
      return new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  }
}

function tooltipOf(run: Run): MarkdownString {
  const text = new MarkdownString();
  const line = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') text.appendMarkdown(`${escapeMarkdown(name)}: ${escapeMarkdown(value)}  \n`);
  };
  text.appendMarkdown(`**${escapeMarkdown(run.name)}**  \n`);
  line(l10n.t('State'), stateText(run));
  line(l10n.t('Steps'), l10n.t('{0} of {1}', run.step, run.steps));
  line(l10n.t('Method'), run.method);
  line(l10n.t('Accuracy'), accuracyText(run));
  if (run.started !== undefined && run.ended !== undefined) line(l10n.t('Took'), formatDuration(secondsBetween(run.started, run.ended)));
  line(l10n.t('Folder'), run.folder);
  line(l10n.t('Note'), run.note);
  if (run.failure) {
    text.appendMarkdown(`\n**${escapeMarkdown(run.failure.code)}**: ${escapeMarkdown(run.failure.message)}  \n`);
    const { checkpoint } = run.failure;
    line(l10n.t('Last good checkpoint'), checkpoint === undefined ? l10n.t('none') : l10n.t('step {0}', checkpoint));
    for (const logged of run.failure.logTail.slice(-logLines)) text.appendMarkdown(`${escapeMarkdown(logged)}  \n`);
  }
  return text;
}
