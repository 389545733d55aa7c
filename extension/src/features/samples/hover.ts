import { Hover, l10n, MarkdownString, Range } from 'vscode';
import type { CancellationToken, HoverProvider, Position, TextDocument } from 'vscode';
import type { TokenAlternative, TokenColumn, TokenFeedback } from '../../daemon/protocol';
import { formatNumber, formatProbability, formatShare, formatWithUnit } from '../../ui/format';
import { levelsOf } from '../../ui/levels';
import { escapeMarkdown, visibleToken } from '../../ui/text';
import { tokensAt } from './layout';
import { levelText } from './legend';
import type { Sample, SampleStore } from './store';
import type { HeatmapSettings } from './view';
import { tokenRange } from './heatmap';

/** Shown with the alternatives or in the heading, so not again among the numbers. */
const shownElsewhere = new Set(['studentLogprob', 'teacherLogprob', 'lossShare']);

/** Everything known about the token under the pointer, or under the cursor with "Show Hover". */
export class SampleHover implements HoverProvider {
  constructor(
    private readonly store: SampleStore,
    private readonly settings: HeatmapSettings,
  ) {}

  async provideHover(document: TextDocument, position: Position, cancel: CancellationToken): Promise<Hover | undefined> {
    const sample = await this.store.get(document.uri);
    const offset = sample.layout.offsetAt(position);
    if (offset === undefined) return undefined;
    const tokens = tokensAt(sample.tokens.starts, sample.tokens.ends, offset);
    const first = tokens[0];
    if (first === undefined || cancel.isCancellationRequested) return undefined;
    const parts: MarkdownString[] = [];
    // Tokens that share one character are all told, up to the four that UTF-8 allows.
    for (const token of tokens.slice(0, 4)) parts.push(await this.#describe(sample, token));
    return new Hover(parts, tokenRange(sample, first).union(new Range(position, position)));
  }

  async #describe(sample: Sample, token: number): Promise<MarkdownString> {
    const page = await sample.page(token);
    const at = token - page.fromToken;
    const text = new MarkdownString('', false);
    // Nothing in it is ours to trust: no commands, no HTML.
    text.isTrusted = false;
    text.supportHtml = false;
    const trained = page.mask[at] === 0 ? ` · **${escapeMarkdown(l10n.t('not trained on'))}**` : '';
    const share = page.columns.find((column) => column.name === 'lossShare')?.values[at];
    // Here and not among the numbers at the end, which VS Code may cut off.
    const ofLoss = share === null || share === undefined ? '' : ` · ${escapeMarkdown(l10n.t("{0} of the sample's loss", formatShare(share)))}`;
    text.appendMarkdown(`**“${escapeMarkdown(visibleToken(page.texts[at] ?? ''))}”** · ${escapeMarkdown(l10n.t('token {0} of {1}, id {2}', token + 1, sample.tokens.totalTokens, page.ids[at] ?? -1))}${ofLoss}${trained}  \n`);
    const shown = await sample.column(this.settings.view.metric);
    // One line below the other, without a paragraph's distance: VS Code gives hovers little height.
    const level = shown ? levelsOf(shown, this.settings.view)[token] : undefined;
    if (shown && level !== undefined) {
      const value = formatWithUnit(shown.values[token], shown.label.unit);
      text.appendMarkdown(`${escapeMarkdown(shown.label.title)}: **${escapeMarkdown(value)}** (${escapeMarkdown(levelText(level))})\n\n`);
    }
    text.appendMarkdown(alternatives(page, at));
    text.appendMarkdown(numbers(page.columns, at, shown?.name));
    return text;
  }
}

/** The most likely tokens of both models side by side; the chosen one is bold. */
function alternatives(page: TokenFeedback, at: number): string {
  const student = page.studentTop?.[at] ?? [];
  const teacher = page.teacherTop?.[at] ?? [];
  const chosen = page.ids[at];
  const column = (name: string): number | null | undefined => page.columns.find((candidate) => candidate.name === name)?.values[at];
  const rows: string[] = [];
  const p = escapeMarkdown(l10n.t('p'));
  const header = [escapeMarkdown(l10n.t('student would say')), p, '&nbsp;&nbsp;&nbsp;', escapeMarkdown(l10n.t('teacher would say')), p];
  const cell = (alternative: TokenAlternative | undefined): string => {
    if (!alternative) return ' | ';
    const token = escapeMarkdown(visibleToken(alternative.text));
    return `${alternative.id === chosen ? `**${token}**` : token} | ${formatProbability(alternative.logprob)}`;
  };
  for (let row = 0; row < Math.max(student.length, teacher.length); row++) rows.push(`| ${cell(student[row])} |  | ${cell(teacher[row])} |`);
  // A token outside of both lists still has probabilities.
  const inBoth = student.some((alternative) => alternative.id === chosen) && teacher.some((alternative) => alternative.id === chosen);
  if (!inBoth && column('studentLogprob') !== undefined) {
    const token = escapeMarkdown(visibleToken(page.texts[at] ?? ''));
    rows.push(`| **${token}** | ${formatProbability(column('studentLogprob'))} |  | **${token}** | ${formatProbability(column('teacherLogprob'))} |`);
  }
  return rows.length === 0 ? '' : `| ${header.join(' | ')} |\n|:--|--:|---|:--|--:|\n${rows.join('\n')}\n\n`;
}

function numbers(columns: readonly TokenColumn[], at: number, shown: string | undefined): string {
  const lines = columns
    .filter((column) => !shownElsewhere.has(column.name) && column.name !== shown && column.values[at] !== null && column.values[at] !== undefined)
    .map((column) => `${escapeMarkdown(column.label.title)} ${escapeMarkdown(column.label.unit ? formatWithUnit(column.values[at], column.label.unit) : formatNumber(column.values[at]))}`);
  return lines.join(' · ');
}
