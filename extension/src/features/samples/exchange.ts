import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { commands, env, l10n, Uri, window, workspace } from 'vscode';
import type { Context } from '../../context';
import { pickModel } from '../../ui/models';
import { withDelayedProgress } from '../../ui/progress';
import { sampleEditor } from './moves';
import { parseSampleUri } from './sampleUri';
import type { SampleStore } from './store';

/** So much of a dump is looked at to see what it holds. */
const headBytes = 65_536;

/** The sample as a page that needs nothing else, or as JSON. */
export async function exportSample(ctx: Context, store: SampleStore): Promise<void> {
  const editor = sampleEditor();
  if (!editor) {
    void window.showInformationMessage(l10n.t('Open a sample first.'));
    return;
  }
  const id = parseSampleUri(editor.document.uri);
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir();
  const name = id.kind === 'rollout' ? `${id.runId}-step-${id.step}-${id.index}` : 'scored';
  const target = await window.showSaveDialog({
    title: l10n.t('Export the sample as'),
    defaultUri: Uri.file(join(folder, `${name}.${id.kind === 'rollout' ? 'html' : 'json'}`)),
    filters: id.kind === 'rollout' ? { [l10n.t('Web page')]: ['html'], JSON: ['json'] } : { JSON: ['json'] },
  });
  if (!target) return;
  if (id.kind === 'scored') await workspace.fs.writeFile(target, Buffer.from(JSON.stringify((await store.get(editor.document.uri)).tokens, undefined, 1), 'utf8'));
  else {
    await ctx.daemon.allow(target.fsPath);
    await ctx.daemon.request('rollouts/export', { runId: id.runId, step: id.step, index: id.index, path: target.fsPath });
  }
  const open = l10n.t('Open');
  void window.showInformationMessage(l10n.t('Exported to {0}.', target.fsPath), open).then((chosen) => (chosen === open ? env.openExternal(target) : undefined));
}

/** A token dump of another engine, as a run whose samples can be read here. */
export async function importSamples(ctx: Context): Promise<void> {
  const [file] =
    (await window.showOpenDialog({
      title: l10n.t('Import the token dump of another engine'),
      openLabel: l10n.t('Import'),
      filters: { [l10n.t('Token dumps (prime-rl, TRL, ms-swift)')]: ['jsonl', 'json'] },
    })) ?? [];
  if (!file) return;
  await ctx.daemon.allow(file.fsPath);
  // Without a tokenizer such tokens are shown by their ids.
  const tokenizer = (await holdsOnlyIds(file.fsPath)) ? await pickModel(ctx, l10n.t('The file holds token ids. Which model has their tokenizer? Escape: none'), undefined) : undefined;
  const run = await withDelayedProgress(l10n.t('Importing {0}', file.fsPath), (report, cancel) =>
    ctx.daemon.requestWithProgress('rollouts/import', { path: file.fsPath, ...(tokenizer === undefined ? {} : { tokenizer }) }, (progress) => report(progress.message, progress.fraction), cancel),
  );
  await commands.executeCommand('opdcode.showSamplesOfRun', run.id);
}

/** Whether the dump has tokens as ids and not as texts. */
async function holdsOnlyIds(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const head = buffer.toString('utf8', 0, bytesRead);
    return /"(token|completion|response_token|completion_token)_ids"\s*:/.test(head) && !/"(tokens|token_texts|token)"\s*:/.test(head);
  } finally {
    await file.close();
  }
}
