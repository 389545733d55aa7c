import { commands, l10n, Selection, TextEditorRevealType, window } from 'vscode';
import type { TextEditor, Uri, ViewColumn } from 'vscode';
import { levelsOf, strength } from '../../ui/levels';
import { lastAtMost } from './layout';
import { tokenRange } from './heatmap';
import { sampleScheme } from './sampleUri';
import type { Sample, SampleStore } from './store';
import type { HeatmapSettings } from './view';

/** The sample editor that a command is about. */
export function sampleEditor(): TextEditor | undefined {
  const active = window.activeTextEditor;
  if (active?.document.uri.scheme === sampleScheme) return active;
  return window.visibleTextEditors.find((editor) => editor.document.uri.scheme === sampleScheme);
}

export async function openSample(uri: Uri, options: { preview?: boolean; preserveFocus?: boolean; viewColumn?: ViewColumn } = {}): Promise<TextEditor> {
  const shown = { preview: true, preserveFocus: false, ...options };
  // Quicker than opening the document and showing it then, which reads the text twice, but without an answer.
  await commands.executeCommand('vscode.open', uri, shown);
  const editors = window.visibleTextEditors.filter(({ document }) => document.uri.toString() === uri.toString());
  return editors.find((editor) => editor === window.activeTextEditor) ?? editors.at(-1) ?? window.showTextDocument(uri, shown);
}

/** Puts the cursor on a token, which is what a screen reader hears, and opens its hover. */
export async function goToToken(editor: TextEditor, sample: Sample, token: number): Promise<void> {
  const range = tokenRange(sample, token);
  // The cursor at the token's start: there is what a screen reader reads and what the hover is about.
  editor.selection = new Selection(range.end, range.start);
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  await commands.executeCommand('editor.action.showHover');
}

/** To the next, or previous, token at a medium or high level; where there is none, at a low one. Wraps around. */
export async function moveToDisagreement(store: SampleStore, settings: HeatmapSettings, direction: 'next' | 'previous'): Promise<void> {
  const editor = sampleEditor();
  if (!editor) return;
  const sample = await store.get(editor.document.uri);
  const column = await sample.columnOrFirst(settings.view.metric);
  const levels = column ? levelsOf(column, settings.view) : [];
  const candidates = (least: number): number[] => [...levels.keys()].filter((token) => strength(levels[token]) >= least && sample.tokens.mask[token] !== 0);
  const strong = candidates(2);
  const tokens = strong.length > 0 ? strong : candidates(1);
  if (tokens.length === 0) {
    void window.showInformationMessage(l10n.t('No token of this sample is coloured under the present metric and scale.'));
    return;
  }
  const here = tokenAtCursor(editor, sample);
  const target = direction === 'next' ? (tokens.find((token) => token > here) ?? tokens[0]) : (tokens.findLast((token) => token < here) ?? tokens.at(-1));
  if (target !== undefined) {
    await window.showTextDocument(editor.document, { viewColumn: editor.viewColumn ?? 1, preserveFocus: false });
    await goToToken(editor, sample, target);
  }
}

/** The token that the cursor is on; before the response -1, after it one past the last. */
function tokenAtCursor(editor: TextEditor, sample: Sample): number {
  const { starts } = sample.tokens;
  const offset = sample.layout.offsetAt(editor.selection.active);
  if (offset !== undefined) return lastAtMost(starts, offset);
  const response = sample.layout.sections.find((section) => section.kind === 'response');
  return response && editor.selection.active.line > response.lastLine ? starts.length : -1;
}
