import { join } from 'node:path';
import { l10n, Uri, window } from 'vscode';
import type { Context } from '../../context';
import type { Run } from '../../daemon/protocol';
import { formatBytes, formatPercent } from '../../ui/format';
import { withDelayedProgress } from '../../ui/progress';

/** A run's checkpoints, newest first, and what can be done with one: evaluate, export. */
export async function showCheckpoints(ctx: Context, run: Run): Promise<void> {
  const { checkpoints } = await ctx.daemon.request('runs/get', { runId: run.id });
  if (checkpoints.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has no checkpoints yet.', run.name));
    return;
  }
  const items = [...checkpoints].reverse().map((checkpoint) => ({
    label: l10n.t('Step {0}', checkpoint.step),
    description: [
      checkpoint.accuracy === undefined ? undefined : l10n.t('accuracy {0}', formatPercent(checkpoint.accuracy)),
      formatBytes(checkpoint.bytes),
      checkpoint.latest ? l10n.t('resuming goes on from here') : undefined,
      checkpoint.best ? l10n.t('best') : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(' · '),
    detail: checkpoint.folder,
    checkpoint,
  }));
  const picked = await window.showQuickPick(items, { title: l10n.t('Checkpoints of {0}', run.name) });
  if (!picked) return;
  const { checkpoint } = picked;
  const evaluate = { label: l10n.t('Evaluate'), detail: l10n.t("with the evaluation of the run's recipe") };
  const merged = { label: l10n.t('Export as a Model Folder…'), detail: l10n.t('works in transformers, vLLM and llama.cpp; adapters are merged') };
  const adapter = { label: l10n.t('Export the Adapter…'), detail: l10n.t("PEFT's layout") };
  const action = await window.showQuickPick(checkpoint.hasAdapter ? [evaluate, merged, adapter] : [evaluate, merged], { title: l10n.t('Step {0} of {1}', checkpoint.step, run.name) });
  if (action === evaluate) await evaluateCheckpoint(ctx, run, checkpoint.step);
  else if (action) await exportCheckpoint(ctx, run, checkpoint.step, action === adapter ? 'adapter' : 'merged');
}

async function evaluateCheckpoint(ctx: Context, run: Run, step: number): Promise<void> {
  const score = await withDelayedProgress(l10n.t('Evaluating step {0}', step), (report, cancel) =>
    ctx.daemon.requestWithProgress('checkpoints/evaluate', { runId: run.id, step }, (progress) => report(progress.message, progress.fraction), cancel),
  );
  void window.showInformationMessage(l10n.t('Step {0}: {1} of {2} prompts right.', score.step, formatPercent(score.accuracy), score.prompts));
}

async function exportCheckpoint(ctx: Context, run: Run, step: number, kind: 'adapter' | 'merged'): Promise<void> {
  const target = await window.showSaveDialog({ title: l10n.t('Export to a new folder'), defaultUri: Uri.file(join(run.folder, `${run.name}-step-${step}`)) });
  if (!target) return;
  await ctx.daemon.allow(target.fsPath);
  const written = await withDelayedProgress(l10n.t('Exporting step {0}', step), (report, cancel) =>
    ctx.daemon.requestWithProgress('checkpoints/export', { runId: run.id, step, kind, folder: target.fsPath }, (progress) => report(progress.message, progress.fraction), cancel),
  );
  void window.showInformationMessage(l10n.t('Exported to {0}.', written.path));
}
