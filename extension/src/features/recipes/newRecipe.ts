import { dirname, join } from 'node:path';
import { l10n, ThemeIcon, Uri, window, workspace } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Context } from '../../context';
import type { MethodInfo } from '../../daemon/protocol';

interface MethodItem extends QuickPickItem {
  readonly method: string | undefined;
}

/** A new recipe from a method that the reader chooses by what it does. */
export async function newRecipe(ctx: Context): Promise<void> {
  const { methods } = await ctx.daemon.request('recipes/methods', {});
  const items: MethodItem[] = [
    { label: l10n.t('Plain on-policy distillation'), description: l10n.t('every axis spelled out'), detail: l10n.t('The student writes, the teacher judges every token. Begin here.'), iconPath: new ThemeIcon('star'), method: undefined },
    ...methods.map(toItem),
  ];
  const picked = await window.showQuickPick(items, { title: l10n.t('New recipe: which method?'), matchOnDescription: true, matchOnDetail: true });
  if (!picked) return;
  const { text } = await ctx.daemon.request('recipes/new', picked.method === undefined ? {} : { method: picked.method });
  const folder = defaultFolder();
  const target = await window.showSaveDialog({
    title: l10n.t('Save the recipe as'),
    ...(folder === undefined ? {} : { defaultUri: Uri.file(join(folder, `${picked.method ?? 'distill'}.opd.json`)) }),
    filters: { [l10n.t('OpdCode recipe')]: ['opd.json'] },
  });
  if (!target) return;
  const uri = target.path.endsWith('.opd.json') ? target : target.with({ path: `${target.path.replace(/\.json$/, '')}.opd.json` });
  await workspace.fs.writeFile(uri, Buffer.from(text, 'utf8'));
  await window.showTextDocument(uri);
}

/** What a method is, as one item; its evidence in words. */
function toItem(method: MethodInfo): MethodItem {
  return { label: method.name, description: `${method.title} · ${method.year} · ${evidenceText(method.evidence)}`, detail: method.summary, method: method.name };
}

export function evidenceText(evidence: string): string {
  switch (evidence) {
    case 'official-code':
      return l10n.t('settings from the official code');
    case 'paper':
      return l10n.t('settings from the paper');
    case 'notes':
      return l10n.t('settings from published notes');
    default:
      return l10n.t('settings inferred');
  }
}

function defaultFolder(): string | undefined {
  const active = window.activeTextEditor?.document.uri;
  if (active?.scheme === 'file' && active.path.endsWith('.opd.json')) return dirname(active.fsPath);
  return workspace.workspaceFolders?.[0]?.uri.fsPath;
}
