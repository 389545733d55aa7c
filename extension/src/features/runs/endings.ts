import { commands, l10n, window } from 'vscode';
import type { Disposable } from 'vscode';
import type { Context } from '../../context';
import type { Run } from '../../daemon/protocol';
import { secondsBetween } from '../../ui/format';
import { tell } from '../../ui/notifications';
import { accuracyText, verbsOf } from './states';

const endings: readonly Run['state'][] = ['completed', 'failed', 'interrupted'];
/** A run longer than this is worth a message even to somebody who looks at the window. */
const longRunSeconds = 300;
/** The daemon says that a worker is gone before it knows why. */
const reasonDelay = 1000;

/** Says how runs ended that were seen active; stopping and aborting were asked for and need no word. */
export function announceEndings(ctx: Context): Disposable {
  const active = new Set<string>();
  return ctx.daemon.onDidChangeRuns(({ runs }) => {
    for (const run of runs) {
      if (!endings.includes(run.state)) {
        active.add(run.id);
        continue;
      }
      if (active.delete(run.id)) announce(ctx, run).catch((error: unknown) => ctx.channels.extension.warn(error instanceof Error ? error.message : String(error)));
    }
  });
}

async function withReason(ctx: Context, run: Run): Promise<Run> {
  if (run.state === 'completed' || run.failure) return run;
  await new Promise((resolve) => setTimeout(resolve, reasonDelay));
  return (await ctx.daemon.request('runs/get', { runId: run.id })).run;
}

async function announce(ctx: Context, ended: Run): Promise<void> {
  const run = await withReason(ctx, ended);
  if (run.state === 'completed') {
    const long = run.started !== undefined && run.ended !== undefined && secondsBetween(run.started, run.ended) > longRunSeconds;
    if (window.state.focused && !long) return;
    const accuracy = accuracyText(run);
    const samples = l10n.t('Show Samples');
    const text = accuracy === undefined ? l10n.t('{0} is complete.', run.name) : l10n.t('{0} is complete. Accuracy: {1}.', run.name, accuracy);
    if ((await tell('runCompleted', text, samples)) === samples) await commands.executeCommand('opdcode.showSamplesOfRun', run.id);
    return;
  }
  const log = l10n.t('Open Log');
  const resume = l10n.t('Resume Run');
  const explain = run.failure ? l10n.t('Explain {0}', run.failure.code) : undefined;
  const buttons = [...(verbsOf(run).split(' ').includes('can-resume') ? [resume] : []), log, ...(explain === undefined ? [] : [explain])];
  const reason = run.failure ? `${run.failure.code}: ${run.failure.message}` : l10n.t('Its process is gone without a word.');
  const chosen = await window.showErrorMessage(l10n.t('{0} ended at step {1} of {2}. {3}', run.name, run.step, run.steps, reason), ...buttons);
  if (chosen === log) await commands.executeCommand('opdcode.openRunLog', run.id);
  if (chosen === resume) await commands.executeCommand('opdcode.resumeRun', run.id);
  if (chosen !== undefined && chosen === explain) await commands.executeCommand('opdcode.explainCode', run.failure?.code);
}
