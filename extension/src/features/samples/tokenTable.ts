import { EventEmitter, l10n, window, workspace } from 'vscode';
import type { Disposable, TextDocumentContentProvider, Uri } from 'vscode';
import { formatNumber, formatProbability, formatWithUnit } from '../../ui/format';
import { byDistance, levelsOf } from '../../ui/levels';
import { visibleToken } from '../../ui/text';
import { levelText, metricText } from './legend';
import { parseSampleUri, sampleUri, tokensScheme, tokensUri } from './sampleUri';
import type { SampleStore } from './store';
import type { HeatmapSettings } from './view';

/** The heatmap as lines of plain text, farthest from neutral first: for screen readers, for searching, for copying. */
export class TokenTable implements TextDocumentContentProvider, Disposable {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #subscription: Disposable;

  constructor(
    private readonly store: SampleStore,
    private readonly settings: HeatmapSettings,
  ) {
    this.#subscription = settings.onDidChange(() => {
      for (const document of workspace.textDocuments) if (document.uri.scheme === tokensScheme) this.#changed.fire(document.uri);
    });
  }

  async show(sample: Uri): Promise<void> {
    const uri = tokensUri(parseSampleUri(sample));
    this.#changed.fire(uri);
    await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const sample = await this.store.get(sampleUri(parseSampleUri(uri)));
    const { tokens } = sample;
    const view = this.settings.view;
    const column = await sample.columnOrFirst(view.metric);
    if (!column) return l10n.t('No token feedback was recorded for this sample.');
    const [student, teacher, rank] = await Promise.all([sample.column('studentLogprob'), sample.column('teacherLogprob'), sample.column('teacherRank')]);
    const levels = levelsOf(column, view);
    const rows = byDistance(column).map((token) => {
      const parts = [`#${token + 1}`, `"${visibleToken(tokens.texts[token] ?? '')}"`];
      parts.push(formatWithUnit(column.values[token], column.label.unit), tokens.mask[token] === 0 ? l10n.t('not trained on') : levelText(levels[token] ?? 0));
      if (student) parts.push(l10n.t('student {0}', formatProbability(student.values[token])));
      if (teacher) parts.push(rank ? l10n.t('teacher {0} (rank {1})', formatProbability(teacher.values[token]), formatNumber(rank.values[token])) : l10n.t('teacher {0}', formatProbability(teacher.values[token])));
      return parts;
    });
    return [metricText(column), l10n.t('{0} tokens, farthest from neutral first. “·” is a space, “↵” a line end.', rows.length), '', ...aligned(rows)].join('\n');
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** Wider cells than this push their own line only. */
const widestCell = 40;

/** Rows as lines whose cells stand below each other. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [column, cell] of row.entries()) if (cell.length <= widestCell) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}
