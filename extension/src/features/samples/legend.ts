import { CodeLens, EventEmitter, l10n, Range } from 'vscode';
import type { CodeLensProvider, Disposable, TextDocument } from 'vscode';
import type { TokenColumn } from '../../daemon/protocol';
import { formatThreshold } from '../../ui/format';
import { inTwoRows, withIcon } from '../../ui/text';
import { countLevels, levelsOf, strength, thresholdsOf } from '../../ui/levels';
import type { SampleStore } from './store';
import type { HeatmapSettings, HeatmapView } from './view';

/** A level in words. */
export function levelText(level: number): string {
  switch (strength(level)) {
    case 0:
      return l10n.t('neutral');
    case 1:
      return l10n.t('low');
    case 2:
      return l10n.t('medium');
    case 3:
      return l10n.t('high');
  }
}

/** Characters of a code lens that an editor beside the side bar of a small window (900 pixels) has room for. */
const lensWidth = 78;

/** What is coloured: title, unit, estimator, sign. */
export function metricText({ label: { title, unit, estimator, sign } }: TokenColumn): string {
  return [unit ? `${title} [${unit}]` : title, estimator, sign].filter((part) => part !== undefined && part !== '').join(' · ');
}

/** The scale in words, with the number of tokens at each level. */
export function scaleText(column: TokenColumn, view: HeatmapView, mask: readonly number[]): string {
  const counts = countLevels(levelsOf(column, view), mask);
  const count = (level: number): string => {
    const up = counts.get(level) ?? 0;
    const down = counts.get(-level) ?? 0;
    return column.hasSign ? `+${up} −${down}` : String(up);
  };
  const steps = thresholdsOf(column, view);
  const scale = [groupedScaleText(view), ...(column.neutral === 0 ? [] : [l10n.t('from {0}', formatThreshold(column.neutral))])];
  const places = [
    l10n.t('dotted ≥ {0} ({1})', formatThreshold(steps[0]), count(1)),
    l10n.t('dashed ≥ {0} ({1})', formatThreshold(steps[1]), count(2)),
    l10n.t('double ≥ {0} ({1})', formatThreshold(steps[2]), count(3)),
  ];
  return `${scale.join(', ')}: ${places.join(', ')}`;
}

function groupedScaleText({ grouping, scale }: HeatmapView): string {
  if (grouping === 'word') return l10n.t('by word, fixed scale');
  if (grouping === 'line') return l10n.t('by line, fixed scale');
  return scale === 'fixed' ? l10n.t('fixed scale') : scale === 'sample' ? l10n.t('scale of this sample') : l10n.t('your thresholds');
}

/** Above the response: what the colours mean, and what can be done. Text and buttons, so that they can be read without seeing colours. */
export class SampleLenses implements CodeLensProvider, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscriptions: readonly Disposable[];

  constructor(
    private readonly store: SampleStore,
    private readonly settings: HeatmapSettings,
  ) {
    this.#subscriptions = [settings.onDidChange(() => this.#changed.fire()), store.onDidChange(() => this.#changed.fire())];
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const sample = await this.store.get(document.uri);
    const view = this.settings.view;
    const column = await sample.columnOrFirst(view.metric);
    const response = sample.layout.sections.find((section) => section.kind === 'response');
    if (!response) return [];
    // A row of lenses does not wrap: what can be done stands above the title, the measure in two rows above the response, its scale in a third.
    const lens = (line: number, title: string, command: string, tooltip = title): CodeLens => new CodeLens(new Range(line, 0, line, 0), { title, tooltip, command, arguments: [document.uri] });
    const action = (title: string, command: string): CodeLens => lens(0, title, command);
    const actions = [
      action(l10n.t('Next Disagreement'), 'opdcode.nextDisagreement'),
      action(l10n.t('Token Table'), 'opdcode.showTokenTable'),
      ...(sample.id.kind === 'rollout' ? [action(l10n.t('Other Steps…'), 'opdcode.timeTravel'), action(l10n.t('What If…'), 'opdcode.whatIf')] : []),
      action(view.visible ? l10n.t('Hide Colours') : l10n.t('Show Colours'), 'opdcode.toggleHeatmap'),
    ];
    if (!column) return [...actions, lens(response.headingLine, l10n.t('No token feedback was recorded for this sample.'), 'opdcode.changeHeatmapMetric')];
    const measure = metricText(column);
    const [first, second] = inTwoRows(measure, lensWidth);
    return [
      ...actions,
      lens(response.headingLine - 1, withIcon('symbol-color', first), 'opdcode.changeHeatmapMetric', measure),
      ...(second === '' ? [] : [lens(response.headingLine, second, 'opdcode.changeHeatmapMetric', measure)]),
      lens(response.firstLine, scaleText(column, view, sample.tokens.mask), 'opdcode.changeHeatmapScale'),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }
}
