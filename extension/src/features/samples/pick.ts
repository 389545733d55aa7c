import { l10n, ThemeIcon, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Context } from '../../context';
import type { RolloutInfo } from '../../daemon/protocol';
import { formatNumber } from '../../ui/format';
import { oneLine, tokensText } from '../../ui/text';

export interface SampleChoice {
  readonly runId: string;
  readonly step: number;
  readonly index: number;
  readonly token?: number;
}

export function isSampleChoice(value: unknown): value is SampleChoice {
  return typeof value === 'object' && value !== null && 'runId' in value && 'step' in value && 'index' in value;
}

/** A run that has rollouts, picked from the newest ones. */
export async function pickRun(ctx: Context, title: string): Promise<string | undefined> {
  const { runs } = await ctx.daemon.request('runs/list', { includeArchived: true, limit: 500 });
  if (runs.length === 0) {
    void window.showInformationMessage(l10n.t('There are no runs yet. Start one from a recipe.'));
    return undefined;
  }
  if (runs.length === 1) return runs[0]?.id;
  const picked = await window.showQuickPick(
    runs.map((run) => ({ label: run.name, description: `${run.state} · ${l10n.t('step {0} of {1}', run.step, run.steps)}`, detail: run.id, id: run.id })),
    { title, matchOnDetail: true },
  );
  return picked?.id;
}

/** A recorded rollout, picked by run, step and text. */
export async function pickSample(ctx: Context): Promise<SampleChoice | undefined> {
  const runId = await pickRun(ctx, l10n.t('Show a sample of which run?'));
  if (runId === undefined) return undefined;
  const { rolloutSteps } = await ctx.daemon.request('runs/get', { runId });
  if (rolloutSteps.length === 0) {
    void window.showInformationMessage(l10n.t('This run has not recorded any rollouts yet.'));
    return undefined;
  }
  const step = await window.showQuickPick(
    [...rolloutSteps].reverse().map((value) => ({ label: l10n.t('Step {0}', value), value })),
    { title: l10n.t('Show a sample of which step?') },
  );
  if (!step) return undefined;
  const { rollouts } = await ctx.daemon.request('rollouts/list', { runId, step: step.value, limit: 1000 });
  const picked = await window.showQuickPick(rollouts.map(toItem), { title: l10n.t('Show which sample?'), matchOnDetail: true });
  return picked && { runId, step: step.value, index: picked.index };
}

export function toItem(rollout: RolloutInfo): QuickPickItem & { readonly index: number } {
  return {
    label: oneLine(rollout.response, 100),
    description: `${tokensText(rollout.tokens)}${rollout.meanDivergence === undefined ? '' : ` · ${l10n.t('mean divergence {0}', formatNumber(rollout.meanDivergence))}`}`,
    detail: oneLine(rollout.prompt, 100),
    iconPath: new ThemeIcon(rollout.correct === true ? 'pass' : rollout.correct === false ? 'error' : 'comment'),
    index: rollout.index,
  };
}
