import { l10n } from 'vscode';
import type { Run } from '../../daemon/protocol';
import { formatDuration, formatPercent } from '../../ui/format';
import { stateName } from '../../ui/runState';

export type RunGroup = 'active' | 'queued' | 'recent' | 'archived';

const activeStates: readonly Run['state'][] = ['starting', 'running', 'pausing', 'paused', 'stopping', 'aborting'];

export function groupOf(run: Run): RunGroup {
  if (activeStates.includes(run.state)) return 'active';
  if (run.state === 'queued') return 'queued';
  return run.archived ? 'archived' : 'recent';
}

/** What can be done with a run, as words of a context value: `can-pause can-stop …`. */
export function verbsOf(run: Run): string {
  const words = ['run'];
  const add = (word: string, applies: boolean): void => {
    if (applies) words.push(word);
  };
  const group = groupOf(run);
  const ended = group === 'recent' || group === 'archived';
  add('can-pause', run.state === 'running');
  add('can-resume', run.state === 'paused' || isResumable(run));
  add('can-stop', run.state === 'running' || run.state === 'paused');
  add('can-abort', group === 'active' && run.state !== 'aborting');
  add('can-rerun', ended && !run.imported);
  add('can-delete', ended);
  add('can-archive', group === 'recent');
  add('can-unarchive', group === 'archived');
  add('is-queued', group === 'queued');
  add('can-star', !run.starred);
  add('can-unstar', run.starred);
  return words.join(' ');
}

function isResumable(run: Run): boolean {
  return !run.imported && ['stopped', 'aborted', 'failed', 'interrupted'].includes(run.state);
}

/** A run's state as people read it, and how long it still takes. */
export function stateText(run: Run): string {
  return run.state === 'running' && run.secondsLeft !== undefined ? l10n.t('running, {0} left', formatDuration(run.secondsLeft)) : stateName(run);
}

/** Accuracy before and now; undefined where the run was not evaluated. */
export function accuracyText(run: Run): string | undefined {
  const now = Object.entries(run.latest).find(([name]) => /accuracy$/i.test(name))?.[1];
  if (now === undefined) return undefined;
  return run.accuracyBefore === undefined ? formatPercent(now) : `${formatPercent(run.accuracyBefore)} → ${formatPercent(now)}`;
}
