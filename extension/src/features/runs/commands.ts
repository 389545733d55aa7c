import { join } from 'node:path';
import { commands, env, l10n, Uri, window, workspace } from 'vscode';
import type { Disposable } from 'vscode';
import type { Context } from '../../context';
import type { Run } from '../../daemon/protocol';
import { command } from '../../ui/command';
import { withDelayedProgress } from '../../ui/progress';
import { chooseRecipe } from '../../ui/recipes';
import { showCheckpoints } from './checkpoints';
import { chooseRun, runItem } from './pick';
import type { RunStore } from './store';

/** Every verb on a run: from the palette, the tree, the panel or a code lens. */
export function registerRunCommands(ctx: Context, store: RunStore): Disposable[] {
  const { daemon } = ctx;
  const verb = (id: string, title: string, word: string | undefined, act: (run: Run) => Promise<Run | undefined>): Disposable =>
    command(ctx, id, async (argument) => {
      const run = await chooseRun(store, argument, title, word);
      const changed = run && (await act(run));
      if (changed) store.accept(changed);
      return changed;
    });
  const file = (id: string, title: string, name: string): Disposable =>
    command(ctx, id, async (argument) => {
      const run = await chooseRun(store, argument, title, undefined);
      if (run) await window.showTextDocument(Uri.file(join(run.folder, name)), { preview: true });
    });
  return [
    command(ctx, 'opdcode.startRun', (argument) => startRun(ctx, store, argument)),
    verb('opdcode.pauseRun', l10n.t('Pause which run? It finishes its step, writes a checkpoint and keeps its memory.'), 'can-pause', (run) => daemon.request('runs/pause', { runId: run.id })),
    verb('opdcode.resumeRun', l10n.t('Resume which run?'), 'can-resume', (run) => daemon.request('runs/resume', { runId: run.id })),
    verb('opdcode.stopAndSaveRun', l10n.t('Stop and save which run? It finishes its step, writes a checkpoint and ends; it can be resumed.'), 'can-stop', (run) => daemon.request('runs/stopAndSave', { runId: run.id })),
    verb('opdcode.abortRun', l10n.t('Abort which run?'), 'can-abort', (run) => abortRun(ctx, run)),
    verb('opdcode.rerunRun', l10n.t('Run which run again?'), 'can-rerun', (run) => daemon.request('runs/rerun', { runId: run.id })),
    verb('opdcode.starRun', l10n.t('Star which run?'), 'can-star', (run) => daemon.request('runs/annotate', { runId: run.id, starred: true })),
    verb('opdcode.unstarRun', l10n.t('Remove the star of which run?'), 'can-unstar', (run) => daemon.request('runs/annotate', { runId: run.id, starred: false })),
    verb('opdcode.archiveRun', l10n.t('Archive which run?'), 'can-archive', (run) => daemon.request('runs/annotate', { runId: run.id, archived: true })),
    verb('opdcode.unarchiveRun', l10n.t('Bring back which run?'), 'can-unarchive', (run) => daemon.request('runs/annotate', { runId: run.id, archived: false })),
    verb('opdcode.renameRun', l10n.t('Rename which run?'), undefined, async (run) => {
      const name = await window.showInputBox({ title: l10n.t('Name of the run'), value: run.name });
      return name === undefined || name === '' ? undefined : daemon.request('runs/annotate', { runId: run.id, name });
    }),
    verb('opdcode.noteRun', l10n.t('Add a note to which run?'), undefined, async (run) => {
      const note = await window.showInputBox({ title: l10n.t('Note on {0}', run.name), value: run.note ?? '', prompt: l10n.t('Empty removes the note.') });
      return note === undefined ? undefined : daemon.request('runs/annotate', { runId: run.id, note });
    }),
    command(ctx, 'opdcode.deleteRun', (argument) => deleteRun(ctx, store, argument)),
    command(ctx, 'opdcode.moveRunUp', (argument) => moveRun(ctx, store, argument, 'up')),
    command(ctx, 'opdcode.moveRunDown', (argument) => moveRun(ctx, store, argument, 'down')),
    command(ctx, 'opdcode.dropRun', (argument) => moveRun(ctx, store, argument, 'out')),
    command(ctx, 'opdcode.openRunFolder', async (argument) => {
      const run = await chooseRun(store, argument, l10n.t('Open the folder of which run?'), undefined);
      // A remote window has no file manager of the machine that the folder is on.
      if (run) await commands.executeCommand(env.remoteName === undefined ? 'revealFileInOS' : 'revealInExplorer', Uri.file(run.folder));
    }),
    file('opdcode.openRunLog', l10n.t('Open the log of which run?'), 'log.txt'),
    file('opdcode.openRunRecipe', l10n.t('Open the resolved recipe of which run?'), 'recipe.json'),
    command(ctx, 'opdcode.diffRunRecipes', async () => {
      const picked = await window.showQuickPick((await store.all()).map(runItem), { title: l10n.t('Compare the recipes of which two runs?'), canPickMany: true });
      const [first, second] = picked ?? [];
      if (first && second)
        await commands.executeCommand('vscode.diff', Uri.file(join(first.run.folder, 'recipe.json')), Uri.file(join(second.run.folder, 'recipe.json')), `${first.run.name} ↔ ${second.run.name}`);
    }),
    command(ctx, 'opdcode.writeReport', async (argument) => {
      const run = await chooseRun(store, argument, l10n.t('Write the report of which run?'), undefined);
      if (!run) return;
      const { path } = await withDelayedProgress(l10n.t('Writing the report of {0}', run.name), (report, cancel) =>
        daemon.requestWithProgress('report/write', { runId: run.id }, (progress) => report(progress.message, progress.fraction), cancel),
      );
      await env.openExternal(Uri.file(path));
    }),
    command(ctx, 'opdcode.exportMetrics', async (argument) => {
      const run = await chooseRun(store, argument, l10n.t('Export the metrics of which run?'), undefined);
      const target = run && (await window.showSaveDialog({ title: l10n.t('Export the metrics as'), defaultUri: Uri.file(join(run.folder, 'metrics.csv')), filters: { CSV: ['csv'] } }));
      if (!target) return;
      await daemon.allow(target.fsPath);
      await daemon.request('metrics/export', { runId: run.id, path: target.fsPath });
    }),
    command(ctx, 'opdcode.showCheckpoints', async (argument) => {
      const run = await chooseRun(store, argument, l10n.t('Show the checkpoints of which run?'), undefined);
      if (run) await showCheckpoints(ctx, run);
    }),
    command(ctx, 'opdcode.rebuildRuns', async () => {
      await withDelayedProgress(l10n.t('Reading the run folders again'), () => daemon.request('runs/rebuild', {}));
      store.reload();
    }),
    command(ctx, 'opdcode.refreshRuns', () => {
      store.reload();
      return undefined;
    }),
  ];
}

async function startRun(ctx: Context, store: RunStore, argument: unknown): Promise<Run | undefined> {
  const recipe = await chooseRecipe(argument, l10n.t('Run which recipe?'));
  if (!recipe) return undefined;
  const open = workspace.textDocuments.find((document) => document.uri.toString() === recipe.toString());
  // What runs is the file; an editor that shows something else would mislead.
  if (open?.isDirty === true && !(await open.save())) return undefined;
  const run = await withDelayedProgress(l10n.t('Starting {0}', workspace.asRelativePath(recipe)), (_report, cancel) => ctx.daemon.request('runs/start', { recipePath: recipe.fsPath }, cancel));
  store.accept(run);
  await commands.executeCommand('opdcode.openRuns', run.id);
  return run;
}

async function abortRun(ctx: Context, run: Run): Promise<Run | undefined> {
  const abort = l10n.t('Abort Run');
  const save = l10n.t('Stop and Save Instead');
  const detail = l10n.t('What was done since the last checkpoint is lost. It can be resumed from that checkpoint.');
  const chosen = await window.showWarningMessage(l10n.t('Abort {0}?', run.name), { modal: true, detail }, abort, save);
  if (chosen === abort) return ctx.daemon.request('runs/abort', { runId: run.id });
  return chosen === save ? ctx.daemon.request('runs/stopAndSave', { runId: run.id }) : undefined;
}

async function deleteRun(ctx: Context, store: RunStore, argument: unknown): Promise<void> {
  const run = await chooseRun(store, argument, l10n.t('Delete which run?'), 'can-delete');
  if (!run) return;
  const move = l10n.t('Move to Trash');
  const detail = l10n.t('Its folder moves to the trash folder beside the runs; moving it back brings the run back.');
  if ((await window.showWarningMessage(l10n.t('Delete {0}?', run.name), { modal: true, detail }, move)) !== move) return;
  await ctx.daemon.request('runs/delete', { runId: run.id });
  store.remove(run.id);
}

async function moveRun(ctx: Context, store: RunStore, argument: unknown, where: 'up' | 'down' | 'out'): Promise<void> {
  const run = await chooseRun(store, argument, l10n.t('Move which queued run?'), 'is-queued');
  if (!run) return;
  const place = run.queuePosition ?? 1;
  const position = where === 'out' ? 0 : where === 'up' ? Math.max(1, place - 1) : place + 1;
  const { runs } = await ctx.daemon.request('runs/moveInQueue', { runId: run.id, position });
  for (const changed of runs) store.accept(changed);
  if (where === 'out') store.reload();
}
