import { basename, dirname, join } from 'node:path';
import { l10n, QuickPickItemKind, Uri, window, workspace } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Context } from '../context';

/** Model folders outside of the workspace that the reader chose in a dialog: the daemon is told of them when it starts. */
export const chosenModelsKey = 'opdcode.chosenModels';

interface ModelItem extends QuickPickItem {
  readonly folder?: string;
  readonly browse?: true;
}

/** A model folder (Hugging Face layout), from the workspace, the models folder, a run's checkpoints, or a dialog. */
export async function pickModel(ctx: Context, title: string, last: string | undefined): Promise<string | undefined> {
  const items = await modelItems(ctx, last);
  const picked = await window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
  if (!picked) return undefined;
  if (picked.browse !== true) return picked.folder;
  const [folder] = (await window.showOpenDialog({ title, canSelectFiles: false, canSelectFolders: true, openLabel: l10n.t('Use This Model') })) ?? [];
  if (!folder) return undefined;
  const chosen = ctx.extension.globalState.get<string[]>(chosenModelsKey, []);
  if (!chosen.includes(folder.fsPath)) {
    await ctx.extension.globalState.update(chosenModelsKey, [...chosen, folder.fsPath]);
  }
  await ctx.daemon.allow(folder.fsPath);
  return folder.fsPath;
}

/** What a model is called in titles: its folder's name, and a checkpoint by its run and step. */
export function modelName(folder: string): string {
  const step = /^checkpoint-(\d+)$/.exec(basename(folder))?.[1];
  const parent = dirname(folder);
  return step === undefined || basename(parent) !== 'checkpoints' ? basename(folder) : l10n.t('checkpoint {0} of {1}', step, basename(dirname(parent)));
}

async function modelItems(ctx: Context, last: string | undefined): Promise<ModelItem[]> {
  const directory = workspace.getConfiguration('opdcode').get<string | null>('models.directory') ?? undefined;
  const [inWorkspace, inDirectory, checkpoints] = await Promise.all([
    workspace.findFiles('**/model*.safetensors*', '**/{node_modules,artifacts,checkpoints,.git}/**', 300),
    directory === undefined ? [] : foldersWithConfig(directory),
    newestCheckpoints(ctx),
  ]);
  const folders = [...new Set(inWorkspace.map((file) => dirname(file.fsPath)))].sort((a, b) => a.localeCompare(b));
  const item = (folder: string): ModelItem => ({ label: basename(folder), description: folder === last ? l10n.t('last used') : '', detail: folder, folder });
  const known = [...folders, ...inDirectory];
  const firstLast = last !== undefined && known.includes(last) ? [last, ...known.filter((folder) => folder !== last)] : known;
  return [
    ...firstLast.map(item),
    ...(checkpoints.length > 0 ? [{ label: l10n.t('Checkpoints'), kind: QuickPickItemKind.Separator }, ...checkpoints] : []),
    { label: '', kind: QuickPickItemKind.Separator },
    { label: `$(folder-opened) ${l10n.t('Another folder…')}`, detail: l10n.t('A folder with config.json, tokenizer.json and model.safetensors'), browse: true },
  ];
}

async function foldersWithConfig(directory: string): Promise<string[]> {
  const root = Uri.file(directory);
  const entries = await Promise.resolve(workspace.fs.readDirectory(root)).catch(() => []);
  return entries.map(([name]) => join(directory, name));
}

async function newestCheckpoints(ctx: Context): Promise<ModelItem[]> {
  const { runs } = await ctx.daemon.request('runs/list', { limit: 10 });
  const details = await Promise.all(runs.filter((run) => !run.imported).map((run) => ctx.daemon.request('runs/get', { runId: run.id })));
  return details.flatMap(({ run, checkpoints }) =>
    [...checkpoints].reverse().map((checkpoint) => ({ label: l10n.t('{0}, step {1}', run.name, checkpoint.step), description: checkpoint.best ? l10n.t('best') : '', detail: checkpoint.folder, folder: checkpoint.folder })),
  );
}
