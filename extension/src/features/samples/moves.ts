import { commands, l10n, Selection, TextEditorRevealType, window, workspace } from 'vscode';
import type { TextEditor, Uri } from 'vscode';
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

export async function openSample(uri: Uri, options: { preview?: boolean; preserveFocus?: boolean } = {}): Promise<TextEditor> {
  const document = await workspace.openTextDocument(uri);
  return window.showTextDocument(document, { preview: options.preview ?? true, preserveFocus: options.preserveFocus ?? false });
}

/** Puts the cursor on a token, which is what a screen reader hears, and opens its hover. */
export async function goToToken(editor: TextEditor, sample: Sample, token: number): Promise<void> {
  const range = tokenRange(sample, token);
  editor.selection = new Selection(range.start, range.end);
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  await commands.executeCommand('editor.action.showHover');
}

/** To the next, or previous, token at a medium or high level; where there is none, at a low one. Wraps around. */
export async function moveToDisagreement(store: SampleStore, settings: HeatmapSettings, direction: 'next' | 'previous'): Promise<void> {
  const editor = sampleEditor();
  if (!editor) return;
  const sample = await store.get(editor.document.uri);
  const column = (await sample.column(settings.view.metric)) ?? (await sample.column(sample.head.columns[0]?.name ?? ''));
  const levels = column ? levelsOf(column, settings.view) : [];
  const candidates = (least: number): number[] => [...levels.keys()].filter((token) => strength(levels[token]) >= least && sample.tokens.mask[token] !== 0);
  const strong = candidates(2);
  const tokens = strong.length > 0 ? strong : candidates(1);
  if (tokens.length === 0) {
    void window.showInformationMessage(l10n.t('No token of this sample is coloured under the present metric and scale.'));
    return;
  }
  const offset = sample.layout.offsetAt(editor.selection.start) ?? (editor.selection.start.line === 0 ? 0 : -1);
  const here = offset < 0 ? -1 : lastAtMost(sample.tokens.starts, offset);
  const selected = !editor.selection.isEmpty || direction === 'next' ? here : here + 1;
  const target = direction === 'next' ? (tokens.find((token) => token > (editor.selection.isEmpty && offset === 0 ? -1 : selected)) ?? tokens[0]) : (tokens.findLast((token) => token < selected) ?? tokens.at(-1));
  if (target !== undefined) {
    await window.showTextDocument(editor.document, { viewColumn: editor.viewColumn ?? 1, preserveFocus: false });
    await goToToken(editor, sample, target);
  }
}
