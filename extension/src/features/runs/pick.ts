import { l10n, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import type { Run } from '../../daemon/protocol';
import { stateText, verbsOf } from './states';
import type { RunStore } from './store';

/** The run that a command is about: its argument (an id, or a node of the tree), or one picked from those where the verb applies. */
export async function chooseRun(store: RunStore, argument: unknown, title: string, verb: string | undefined): Promise<Run | undefined> {
  const runs = await store.all();
  const id: unknown = typeof argument === 'string' ? argument : typeof argument === 'object' && argument !== null && 'id' in argument ? argument.id : undefined;
  if (id !== undefined) return runs.find((run) => run.id === id);
  const fitting = runs.filter((run) => verb === undefined || verbsOf(run).split(' ').includes(verb));
  if (fitting.length === 0) {
    void window.showInformationMessage(verb === undefined ? l10n.t('There are no runs yet. Start one from a recipe.') : l10n.t('No run is in a state where this can be done.'));
    return undefined;
  }
  if (fitting.length === 1 && verb !== undefined) return fitting[0];
  return (await window.showQuickPick(fitting.map(runItem), { title, matchOnDescription: true, matchOnDetail: true }))?.run;
}

export function runItem(run: Run): QuickPickItem & { readonly run: Run } {
  return { label: run.name, description: `${stateText(run)} · ${run.step}/${run.steps}`, detail: run.id, run };
}
