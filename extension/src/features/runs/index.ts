import { window } from 'vscode';
import type { Context } from '../../context';
import { registerRunCommands } from './commands';
import { announceEndings } from './endings';
import { registerRunsPanel } from './panel';
import { RunStore } from './store';
import { RunsTree } from './tree';

/** Runs: the tree, the panel with table and curves, the verbs, and word of how runs end. */
export function registerRuns(ctx: Context): void {
  const store = new RunStore(ctx);
  const tree = new RunsTree(ctx, store);
  const view = window.createTreeView('opdcode.runs', { treeDataProvider: tree, showCollapseAll: true });
  tree.follow(view);
  ctx.extension.subscriptions.push(
    store,
    tree,
    view,
    ...registerRunCommands(ctx, store),
    ...registerRunsPanel(ctx, store),
    announceEndings(ctx),
  );
}
