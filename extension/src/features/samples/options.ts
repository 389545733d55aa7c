import { l10n, window } from 'vscode';
import type { Uri } from 'vscode';
import { metricText, scaleText } from './legend';
import { sampleEditor } from './moves';
import type { SampleStore } from './store';
import type { HeatmapSettings } from './view';

/** Chooses what is coloured, with each metric explained. */
export async function changeMetric(store: SampleStore, settings: HeatmapSettings, uri: Uri | undefined): Promise<void> {
  const address = uri ?? sampleEditor()?.document.uri;
  if (!address) {
    void window.showInformationMessage(l10n.t('Open a sample first.'));
    return;
  }
  const sample = await store.get(address);
  const items = (await sample.columns()).map((column) => ({
    label: column.label.title,
    description: [column.name, column.label.unit].filter((part) => part !== undefined).join(' · '),
    detail: [column.label.estimator, column.label.sign].filter((part) => part !== undefined).join(' · '),
    picked: column.name === settings.view.metric,
    name: column.name,
  }));
  const picked = await window.showQuickPick(items, { title: l10n.t('Colour the tokens by'), matchOnDescription: true, matchOnDetail: true });
  if (picked) await settings.set('metric', picked.name);
}

/** Chooses the scale (run, sample, own thresholds), the grouping and the way of marking. */
export async function changeScale(store: SampleStore, settings: HeatmapSettings, uri: Uri | undefined): Promise<void> {
  const address = uri ?? sampleEditor()?.document.uri;
  const sample = address && (await store.get(address));
  const column = sample && (await sample.column(settings.view.metric));
  const mask = sample?.tokens.mask ?? [];
  const view = settings.view;
  const counts = (scale: 'fixed' | 'sample' | 'user'): string => (column ? scaleText(column, { ...view, scale, grouping: 'token' }, mask) : '');
  const item = (name: 'scale' | 'grouping' | 'mode' | 'palette', value: string, label: string, detail = ''): { label: string; detail: string; name: typeof name; value: string; description: string } => ({
    label,
    detail,
    name,
    value,
    description: view[name] === value ? l10n.t('now') : '',
  });
  const items = [
    item('scale', 'fixed', l10n.t('Scale: fixed, the same for all samples and runs'), counts('fixed')),
    item('scale', 'sample', l10n.t('Scale: of this sample alone'), counts('sample')),
    item('scale', 'user', l10n.t('Scale: your thresholds…'), counts('user')),
    item('grouping', 'token', l10n.t('Group: every token by itself')),
    item('grouping', 'word', l10n.t('Group: by word (mean)')),
    item('grouping', 'line', l10n.t('Group: by line (mean)')),
    item('mode', 'both', l10n.t('Mark: fill and underline')),
    item('mode', 'underline', l10n.t('Mark: underline only')),
    item('mode', 'fill', l10n.t('Mark: fill only')),
    item('palette', 'blueOrange', l10n.t('Palette: blue and orange')),
    item('palette', 'viridis', l10n.t('Palette: viridis')),
    item('palette', 'grey', l10n.t('Palette: grey')),
  ];
  const picked = await window.showQuickPick(items, { title: column ? metricText(column) : l10n.t('Heatmap'), matchOnDetail: true });
  if (!picked) return;
  if (picked.name === 'scale' && picked.value === 'user') {
    const text = await window.showInputBox({
      title: l10n.t('Where low, medium and high begin'),
      prompt: column ? metricText(column) : '',
      value: view.userThresholds.join(', '),
      validateInput: (value) => (readThresholds(value) ? undefined : l10n.t('Three ascending numbers above 0, for example: 0.5, 1, 2')),
    });
    const thresholds = text === undefined ? undefined : readThresholds(text);
    if (thresholds) await settings.setThresholds(thresholds);
    return;
  }
  await settings.set(picked.name, picked.value);
}

/** `0.5, 1, 2` as numbers; undefined where they are not three ascending ones above 0. */
export function readThresholds(text: string): readonly number[] | undefined {
  const numbers = text.split(/[\s,;]+/).filter((part) => part !== '').map(Number);
  const [low, medium, high] = numbers;
  if (numbers.length !== 3 || low === undefined || medium === undefined || high === undefined) return undefined;
  return low > 0 && medium > low && high > medium && Number.isFinite(high) ? numbers : undefined;
}
