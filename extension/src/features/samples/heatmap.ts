import { ColorThemeKind, OverviewRulerLane, Range, TabInputText, TabInputTextDiff, ThemeColor, window, workspace } from 'vscode';
import type { DecorationOptions, DecorationRenderOptions, Disposable, TextEditor, TextEditorDecorationType, Uri } from 'vscode';
import type { Context } from '../../context';
import type { TokenColumn } from '../../daemon/protocol';
import { levelsOf, strength } from '../../ui/levels';
import { accentColourId, borderEdge, borderStyles, fillColourId, levels, notTrainedColourId, sides } from '../../ui/palette';
import type { Level, Side } from '../../ui/palette';
import { lastAtMost } from './layout';
import type { Sample, SampleStore } from './store';
import { sampleScheme, tokensScheme } from './sampleUri';
import type { HeatmapSettings, HeatmapView } from './view';

/** Lines above and below the window that are coloured in advance. */
const marginLines = 200;
/** The same in characters, for texts without line ends. */
const marginCharacters = 4000;
/** Texts without line ends are coloured anew when no more than this is left in advance. */
const reserveCharacters = 1000;

/** What an editor shows now, and from which token to which it is coloured. */
interface Drawn {
  readonly sample: Sample;
  readonly column: TokenColumn | undefined;
  readonly from: number;
  readonly to: number;
  /** The types that have ranges: one that has none and gets none is not worth a message. */
  readonly filled: Set<TextEditorDecorationType>;
}

/** Colours the tokens of sample editors. Seven decoration types that live as long as the settings do; ranges are set for what can be seen. */
export class Heatmap implements Disposable {
  readonly #subscriptions: Disposable[] = [];
  readonly #drawn = new Map<TextEditor, Drawn>();
  readonly #heading = window.createTextEditorDecorationType({ fontWeight: 'bold' });
  #types: Types;
  /** What the types were made for. */
  #look: string;
  #pending = new Map<TextEditor, NodeJS.Timeout>();

  constructor(
    private readonly ctx: Context,
    private readonly store: SampleStore,
    private readonly settings: HeatmapSettings,
  ) {
    this.#types = createTypes(settings.view);
    this.#look = lookOf(settings.view);
    this.#subscriptions.push(
      window.onDidChangeVisibleTextEditors(() => this.#drawAll()),
      window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.#drawSoon(textEditor)),
      workspace.onDidChangeTextDocument(({ document }) => {
        for (const editor of window.visibleTextEditors) if (editor.document === document) this.#draw(editor);
      }),
      settings.onDidChange((view) => (lookOf(view) === this.#look ? this.#drawAll() : this.#renew())),
      store.onDidChange(() => this.#drawAll()),
      window.onDidChangeActiveColorTheme(() => this.#renew()),
      window.tabGroups.onDidChangeTabs(() => store.keepOpen(samplesInTabs())),
    );
    this.#drawAll();
  }

  #renew(): void {
    const old = this.#types;
    this.#types = createTypes(this.settings.view);
    this.#look = lookOf(this.settings.view);
    this.#drawAll();
    old.dispose();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#types.dispose();
    this.#heading.dispose();
  }

  #drawAll(): void {
    for (const editor of this.#drawn.keys()) if (!window.visibleTextEditors.includes(editor)) this.#drawn.delete(editor);
    for (const editor of window.visibleTextEditors) this.#draw(editor);
  }

  #drawSoon(editor: TextEditor): void {
    if (editor.document.uri.scheme !== sampleScheme || this.#pending.has(editor)) return;
    this.#pending.set(
      editor,
      setTimeout(() => {
        this.#pending.delete(editor);
        const drawn = this.#drawn.get(editor);
        if (!drawn) this.#draw(editor);
        else if (!coversWindow(editor, drawn)) this.#apply(editor, drawn.sample, drawn.column, true);
      }, 40),
    );
  }

  #draw(editor: TextEditor): void {
    if (editor.document.uri.scheme !== sampleScheme) return;
    this.#load(editor).catch((error: unknown) => this.ctx.channels.extension.warn(`heatmap of ${editor.document.uri.toString()}: ${error instanceof Error ? error.message : String(error)}`));
  }

  async #load(editor: TextEditor): Promise<void> {
    const sample = await this.store.get(editor.document.uri);
    const { metric } = this.settings.view;
    const column = await sample.columnOrFirst(metric);
    // Another metric may have been chosen meanwhile; its own drawing is under way.
    if (!window.visibleTextEditors.includes(editor) || this.settings.view.metric !== metric) return;
    this.#apply(editor, sample, column, false);
    // After what is looked at: what may be looked at next.
    await this.store.fetchAhead(editor.document.uri);
  }

  #apply(editor: TextEditor, sample: Sample, column: TokenColumn | undefined, scrolled: boolean): void {
    const view = this.settings.view;
    const types = this.#types;
    const token = sample.tokens;
    const ranges = new Map<TextEditorDecorationType, DecorationOptions[]>(types.all.map((type) => [type, []]));
    const at = (index: number): Range => tokenRange(sample, index);
    const columnLevels = view.visible && column ? levelsOf(column, view) : [];
    const [first, last] = visibleTokens(editor, sample, marginLines, marginCharacters);
    const middle = (first + last) >> 1;
    let left = view.maxDecorations;
    let distance = 0;
    // From the middle of the window outwards, so that the limit cuts off what is farthest from the reader.
    for (; left > 0 && (middle - distance >= first || middle + distance + 1 <= last); distance++) {
      for (const index of [middle - distance, middle + distance + 1]) {
        if (index < first || index > last || left <= 0) continue;
        const type = token.mask[index] === 0 ? types.notTrained : types.of(columnLevels[index]);
        if (!type) continue;
        ranges.get(type)?.push(decoration(at(index), token.texts[index] ?? ''));
        left--;
      }
    }
    const before = this.#drawn.get(editor)?.filled;
    const filled = new Set<TextEditorDecorationType>();
    const set = (type: TextEditorDecorationType, options: readonly Range[] | readonly DecorationOptions[]): void => {
      if (options.length > 0) filled.add(type);
      if (options.length > 0 || before?.has(type) !== false) editor.setDecorations(type, options);
    };
    this.#drawn.set(editor, { sample, column, filled, from: Math.max(first, middle - distance), to: Math.min(last, middle + distance) });
    for (const section of sample.layout.sections) {
      if (section.kind !== 'response') ranges.get(types.notTrained)?.push({ range: new Range(section.firstLine, 0, section.lastLine, Number.MAX_SAFE_INTEGER) });
    }
    for (const [type, options] of ranges) set(type, options);
    if (scrolled) {
      // What the overview ruler shows stays.
      for (const type of Object.values(types.ruler)) if (before?.has(type) === true) filled.add(type);
      return;
    }
    // The overview ruler shows the whole text at once: its strongest tokens only.
    const strongest: Record<Side, Range[]> = { positive: [], negative: [] };
    columnLevels.forEach((level, index) => {
      const side = strongest[level > 0 ? 'positive' : 'negative'];
      if (strength(level) === 3 && token.mask[index] !== 0 && side.length < view.maxDecorations) side.push(at(index));
    });
    for (const side of sides) set(types.ruler[side], strongest[side]);
    const headings = [0, ...sample.layout.sections.map((section) => section.headingLine)];
    editor.setDecorations(this.#heading, headings.map((line) => new Range(line, 0, line, Number.MAX_SAFE_INTEGER)));
  }
}

/** Where a token is in the document, never over the end of a line that it does not reach beyond. */
export function tokenRange(sample: Sample, token: number): Range {
  const from = sample.layout.placeOf(sample.tokens.starts[token] ?? 0);
  const to = sample.layout.placeOf(sample.tokens.ends[token] ?? 0);
  return new Range(from.line, from.character, to.line, to.character);
}

/** A line end is nothing that can be coloured: it gets a sign of its own. */
function decoration(range: Range, text: string): DecorationOptions {
  if (!/^[\r\n]+$/.test(text)) return { range };
  return { range: new Range(range.start, range.start), renderOptions: { after: { contentText: '↵' } } };
}

/** Whether what was coloured reaches half a window farther than the window on both sides. */
function coversWindow(editor: TextEditor, { sample, from, to }: Drawn): boolean {
  const lines = editor.visibleRanges.reduce((sum, { start, end }) => sum + end.line - start.line, 0);
  const [first, last] = visibleTokens(editor, sample, lines >> 1, reserveCharacters);
  return first >= from && last <= to;
}

/** The first and the last token between so many lines and characters above the window and as many below it. */
function visibleTokens(editor: TextEditor, sample: Sample, lines: number, characters: number): [number, number] {
  const { starts } = sample.tokens;
  const count = starts.length;
  if (count === 0) return [0, -1];
  const ranges = editor.visibleRanges;
  const top = ranges[0]?.start;
  const bottom = ranges.at(-1)?.end;
  const response = sample.layout.sections.find((section) => section.kind === 'response');
  if (!top || !bottom || !response) return [0, count - 1];
  const offset = (line: number, character: number): number =>
    line < response.firstLine ? 0 : (sample.layout.offsetAt({ line: Math.min(line, response.lastLine), character: line > response.lastLine ? Number.MAX_SAFE_INTEGER : character }) ?? 0);
  const from = Math.max(offset(top.line - lines, 0), offset(top.line, top.character) - characters);
  const to = Math.min(offset(bottom.line + lines, Number.MAX_SAFE_INTEGER), offset(bottom.line, bottom.character) + characters);
  return [lastAtMost(starts, from), lastAtMost(starts, Math.max(from, to))];
}

interface Types extends Disposable {
  readonly all: readonly TextEditorDecorationType[];
  readonly notTrained: TextEditorDecorationType;
  readonly ruler: Readonly<Record<Side, TextEditorDecorationType>>;
  of(level: number | undefined): TextEditorDecorationType | undefined;
}

function createTypes(view: HeatmapView): Types {
  const side = (which: Side): Record<Level, TextEditorDecorationType> => ({ 1: tokenType(view, which, 1), 2: tokenType(view, which, 2), 3: tokenType(view, which, 3) });
  const tokens = { positive: side('positive'), negative: side('negative') };
  const notTrained = window.createTextEditorDecorationType({ color: new ThemeColor(notTrainedColourId), fontStyle: 'italic' });
  const ruler = {
    positive: rulerType(view, 'positive'),
    negative: rulerType(view, 'negative'),
  };
  const all = [...sides.flatMap((which) => levels.map((level) => tokens[which][level])), notTrained];
  return {
    all,
    notTrained,
    ruler,
    of: (level) => {
      const size = strength(level);
      return size === 0 || level === undefined ? undefined : tokens[level > 0 ? 'positive' : 'negative'][size];
    },
    dispose: () => {
      for (const type of [...all, ruler.positive, ruler.negative]) type.dispose();
    },
  };
}

function tokenType({ palette, mode }: HeatmapView, side: Side, level: Level): TextEditorDecorationType {
  const accent = new ThemeColor(accentColourId(palette, side));
  const width = level === 3 ? '3px' : '2px';
  const fill = { backgroundColor: new ThemeColor(fillColourId(palette, side, level)) };
  const edge = { borderStyle: borderStyles[level], borderColor: accent, borderWidth: borderEdge(palette, side) === 'top' ? `${width} 0 0 0` : `0 0 ${width} 0` };
  const look: DecorationRenderOptions = { ...(mode === 'underline' ? {} : fill), ...(mode === 'fill' && !isHighContrast() ? {} : edge), after: { color: accent } };
  return window.createTextEditorDecorationType(look);
}

/** What of the settings goes into decoration types: they are made anew only where it changes. */
function lookOf({ palette, mode }: HeatmapView): string {
  return `${palette} ${mode}`;
}

/** The samples that are open, looked at or not. */
function samplesInTabs(): Uri[] {
  const uris = window.tabGroups.all.flatMap(({ tabs }) =>
    tabs.flatMap(({ input }) => (input instanceof TabInputText ? [input.uri] : input instanceof TabInputTextDiff ? [input.original, input.modified] : [])),
  );
  return uris.filter((uri) => uri.scheme === sampleScheme || uri.scheme === tokensScheme);
}

/** High contrast themes have no fills, so there the border stays whatever the mode. */
function isHighContrast(): boolean {
  const { kind } = window.activeColorTheme;
  return kind === ColorThemeKind.HighContrast || kind === ColorThemeKind.HighContrastLight;
}

function rulerType({ palette }: HeatmapView, side: Side): TextEditorDecorationType {
  return window.createTextEditorDecorationType({ overviewRulerColor: new ThemeColor(accentColourId(palette, side)), overviewRulerLane: OverviewRulerLane.Center });
}
