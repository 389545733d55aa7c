import { commands, l10n, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Context } from '../../context';
import { formatNumber } from '../../ui/format';
import { showFailure } from '../../ui/notifications';
import { oneLine } from '../../ui/text';
import { openSample, sampleEditor } from './moves';
import { parseSampleUri, sampleUri } from './sampleUri';

interface StepItem extends QuickPickItem {
  readonly step: number;
  readonly index: number;
}

/** The answers to one prompt over the steps of training. Moving through the list shows each at once; Enter stays there. */
export async function timeTravel(ctx: Context): Promise<void> {
  const answers = await answersToSamePrompt(ctx);
  if (!answers) return;
  const { runId, here, items } = answers;
  const list = window.createQuickPick<StepItem>();
  list.title = l10n.t('The same prompt over the steps of training: arrow keys move through time');
  list.items = items;
  list.activeItems = items.filter((item) => item.step === here.step && item.index === here.index);
  const start = { step: here.step, index: here.index };
  let shown = start;
  let accepted = false;
  let turn: Promise<void> = Promise.resolve();
  const show = (at: { step: number; index: number }): void => {
    if (shown.step === at.step && shown.index === at.index) return;
    const here = { step: at.step, index: at.index };
    shown = here;
    // One after the other, and only where one still is: a slow one must not come over the one that was chosen after it.
    turn = turn
      .then(async () => {
        if (shown === here) await openSample(sampleUri({ kind: 'rollout', runId, ...here }), { preserveFocus: true });
      })
      .catch((error: unknown) => void showFailure(error, ctx.channels.extension));
  };
  list.onDidChangeActive(([item]) => {
    if (item) show(item);
  });
  list.onDidAccept(() => {
    accepted = true;
    list.hide();
  });
  list.onDidHide(() => {
    if (!accepted) show(start);
    list.dispose();
  });
  list.show();
}

/** What changed between this answer and the one of another step: the text as a diff. */
export async function compareWithStep(ctx: Context): Promise<void> {
  const answers = await answersToSamePrompt(ctx);
  if (!answers) return;
  const { runId, here, items } = answers;
  const other = await window.showQuickPick(
    items.filter((item) => item.step !== here.step || item.index !== here.index),
    { title: l10n.t('Compare step {0} with which step?', here.step) },
  );
  if (!other) return;
  const [from, to] = other.step < here.step ? [other, here] : [here, other];
  await commands.executeCommand(
    'vscode.diff',
    sampleUri({ kind: 'rollout', runId, step: from.step, index: from.index }),
    sampleUri({ kind: 'rollout', runId, step: to.step, index: to.index }),
    l10n.t('Step {0} ↔ step {1}', from.step, to.step),
  );
}

async function answersToSamePrompt(ctx: Context): Promise<{ runId: string; here: { step: number; index: number }; items: StepItem[] } | undefined> {
  const editor = sampleEditor();
  const id = editor && parseSampleUri(editor.document.uri);
  if (id?.kind !== 'rollout') return undefined;
  const { runId } = id;
  const atStep = await ctx.daemon.request('rollouts/list', { runId, step: id.step, limit: 1000 });
  const promptId = atStep.rollouts.find((rollout) => rollout.index === id.index)?.promptId;
  if (promptId === undefined) return undefined;
  const { rollouts } = await ctx.daemon.request('rollouts/list', { runId, promptId, limit: 1000 });
  const items = [...rollouts]
    .sort((a, b) => a.step - b.step || a.index - b.index)
    .map((rollout) => ({
      label: l10n.t('Step {0}', rollout.step),
      description: [rollout.correct === true ? l10n.t('right') : rollout.correct === false ? l10n.t('wrong') : undefined, l10n.t('mean divergence {0}', formatNumber(rollout.meanDivergence))].filter((part) => part !== undefined).join(' · '),
      detail: oneLine(rollout.response, 120),
      step: rollout.step,
      index: rollout.index,
    }));
  if (items.length <= 1) {
    void window.showInformationMessage(l10n.t('This prompt was recorded at one step only. Recording more often (record.every) gives more.'));
    return undefined;
  }
  return { runId, here: { step: id.step, index: id.index }, items };
}
