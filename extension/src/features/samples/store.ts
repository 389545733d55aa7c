import { EventEmitter, l10n } from 'vscode';
import type { Disposable, Uri } from 'vscode';
import type { Daemon } from '../../daemon/daemon';
import type { TokenColumn, TokenFeedback } from '../../daemon/protocol';
import { localizeMetric } from '../../ui/metricText';
import { tokensText } from '../../ui/text';
import { SampleLayout } from './layout';
import { parseSampleUri, sampleUri } from './sampleUri';
import type { SampleId } from './sampleUri';

/** The other columns of samples up to this length come all at once, after the one that is looked at. */
const wholeUpTo = 8192;
/** Columns of longer ones are fetched ahead while they are open, up to so many values in all: tens of MB. */
const valuesAhead = 4_000_000;
const pageTokens = 64;
const samplesKept = 40;

type Load = (columns: readonly string[] | undefined, from: number, count: number | undefined, alternatives: boolean) => Promise<TokenFeedback>;

/** A sample that is shown: its text, its tokens, and the columns that were asked for so far. */
export class Sample {
  readonly #columns = new Map<string, Promise<TokenColumn | undefined>>();
  readonly #pages = new Map<number, Promise<TokenFeedback>>();
  #replaced: readonly TokenColumn[] = [];
  #recorded: Promise<readonly TokenColumn[]> | undefined;

  constructor(
    readonly id: SampleId,
    readonly tokens: TokenFeedback,
    readonly layout: SampleLayout,
    /** The columns that the tokens came with; undefined: all that there are. */
    asked: readonly string[] | undefined,
    private readonly load: Load,
  ) {
    for (const name of asked ?? []) this.#columns.set(name, Promise.resolve(undefined));
    this.#keep(tokens.columns);
    if (!asked) this.#recorded = Promise.resolve(tokens.columns);
  }

  get isLong(): boolean {
    return this.tokens.totalTokens > wholeUpTo;
  }

  /** The column that is coloured by: the one asked for, or the first where that was not recorded. */
  async columnOrFirst(name: string): Promise<TokenColumn | undefined> {
    const column = await this.column(name);
    if (column) return column;
    const [first] = await this.#all();
    return first && this.column(first.name);
  }

  /** Fetches the columns that are not here yet until cancelled or enough are held: those of a long sample one after the other. */
  async fetchAhead(cancel: AbortSignal): Promise<void> {
    const recorded = await this.#all();
    const { totalTokens } = this.tokens;
    let values = this.#columns.size * totalTokens; // eslint-disable-line no-restricted-syntax -- memory, not a metric of a model
    for (const { name } of recorded) {
      if (this.#columns.has(name)) continue;
      values += totalTokens;
      if (cancel.aborted || values > valuesAhead) return;
      await this.column(name);
    }
  }

  /** What can be shown, of each column its first value at least: recorded columns, and those that stand in their place or beside them. */
  async columns(): Promise<readonly TokenColumn[]> {
    const names = new Set(this.#replaced.map((column) => column.name));
    return [...(await this.#all()).filter((column) => !names.has(column.name)), ...this.#replaced];
  }

  /** Shows other columns than the recorded ones: what other stabilizers would have done. */
  replace(columns: readonly TokenColumn[]): void {
    this.#replaced = columns;
  }

  /** A whole column; undefined where it was not recorded. */
  async column(name: string): Promise<TokenColumn | undefined> {
    const replaced = this.#replaced.find((column) => column.name === name);
    if (replaced) return replaced;
    const known = this.#columns.get(name);
    if (known) return known;
    if (!(await this.#all()).some((column) => column.name === name)) return undefined;
    let column = this.#columns.get(name);
    if (!column) {
      column = this.load([name], 0, undefined, false).then((feedback) => feedback.columns.find((candidate) => candidate.name === name));
      column.catch(() => this.#columns.delete(name));
      this.#columns.set(name, column);
    }
    return column;
  }

  /** Everything about the tokens around one: all columns and the most likely tokens of both models. */
  page(token: number): Promise<TokenFeedback> {
    const from = token - (token % pageTokens);
    let page = this.#pages.get(from);
    if (!page) {
      page = this.load(undefined, from, pageTokens, true);
      page.catch(() => this.#pages.delete(from));
      this.#pages.set(from, page);
    }
    return page;
  }

  /** What was recorded: whole columns, which are kept, or of a long sample one token of each. */
  #all(): Promise<readonly TokenColumn[]> {
    if (!this.#recorded) {
      const recorded = this.load(undefined, 0, this.isLong ? 1 : undefined, false).then(({ columns }) => {
        if (!this.isLong) this.#keep(columns);
        return columns;
      });
      recorded.catch(() => (this.#recorded = undefined));
      this.#recorded = recorded;
    }
    return this.#recorded;
  }

  #keep(columns: readonly TokenColumn[]): void {
    for (const column of columns) this.#columns.set(column.name, Promise.resolve(column));
  }
}

/** Samples by address; the least recently used are let go. */
export class SampleStore implements Disposable {
  readonly #samples = new Map<string, Promise<Sample>>();
  readonly #scored = new Map<number, TokenFeedback>();
  #lastScored = 0;
  /** Scored texts that were open once: when they are not any more, nobody can come back to them. */
  readonly #seen = new Set<number>();
  readonly #ahead = new Map<string, AbortController>();
  readonly #changed = new EventEmitter<Sample>();
  /** A sample that shows other columns than before. */
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly daemon: Daemon,
    /** The metric that is looked at: the first that is fetched of a sample. */
    private readonly metric: () => string,
  ) {}

  get(uri: Uri): Promise<Sample> {
    const id = parseSampleUri(uri);
    const key = keyOf(uri);
    const known = this.#samples.get(key);
    if (known) {
      this.#samples.delete(key);
      this.#samples.set(key, known);
      return known;
    }
    const loading = id.kind === 'scored' ? this.#fromMemory(id) : this.#fromDaemon(id);
    loading.catch(() => {
      if (this.#samples.get(key) === loading) this.#samples.delete(key);
    });
    this.#samples.set(key, loading);
    const oldest = this.#samples.keys().next().value;
    if (this.#samples.size > samplesKept && oldest !== undefined) this.#samples.delete(oldest);
    return loading;
  }

  /** A sample that is shown: its other columns are fetched in the background, so that another metric is there at once. */
  async fetchAhead(uri: Uri): Promise<void> {
    const key = keyOf(uri);
    const sample = await this.get(uri);
    if (this.#ahead.has(key)) return;
    const abort = new AbortController();
    // Only what takes much memory is let go as soon as it is closed.
    if (sample.isLong) this.#ahead.set(key, abort);
    await sample.fetchAhead(abort.signal);
  }

  /** What is open now: long samples and scored texts that are not any more give their memory back. */
  keepOpen(uris: readonly Uri[]): void {
    const open = new Set(uris.map(keyOf));
    for (const id of uris.map(parseSampleUri)) if (id.kind === 'scored') this.#seen.add(id.number);
    for (const number of [...this.#seen]) {
      if ([...open].some((key) => key.startsWith(`/scored/${number}/`))) continue;
      this.#seen.delete(number);
      this.#scored.delete(number);
      for (const key of [...this.#samples.keys()]) if (key.startsWith(`/scored/${number}/`)) this.#samples.delete(key);
    }
    for (const [key, abort] of [...this.#ahead]) {
      if (open.has(key)) continue;
      abort.abort();
      this.#ahead.delete(key);
      this.#samples.delete(key);
    }
  }

  /** Shows other columns than the recorded ones; none brings the recorded ones back. */
  replaceColumns(sample: Sample, columns: readonly TokenColumn[]): void {
    sample.replace(columns.map(localizedColumn));
    this.#changed.fire(sample);
  }

  /** Keeps a scored text for as long as it is open. */
  keep(title: string, feedback: TokenFeedback): SampleId {
    const number = ++this.#lastScored;
    this.#scored.set(number, localized(feedback));
    return { kind: 'scored', number, title: title.replaceAll('/', '∕') };
  }

  dispose(): void {
    for (const abort of this.#ahead.values()) abort.abort();
    this.#samples.clear();
    this.#scored.clear();
    this.#changed.dispose();
  }

  #fromMemory(id: SampleId & { kind: 'scored' }): Promise<Sample> {
    const feedback = this.#scored.get(id.number);
    if (!feedback) return Promise.reject(new Error(l10n.t('This scored text is gone with the window that scored it. Score it again.')));
    return Promise.resolve(new Sample(id, feedback, layOut(id, feedback), undefined, () => Promise.resolve(feedback)));
  }

  async #fromDaemon(id: SampleId & { kind: 'rollout' }): Promise<Sample> {
    const load: Load = async (columns, fromToken, tokens, alternatives) =>
      localized(
        await this.daemon.request('rollouts/get', {
          runId: id.runId,
          step: id.step,
          index: id.index,
          fromToken,
          alternatives,
          ...(tokens === undefined ? {} : { tokens }),
          ...(columns === undefined ? {} : { columns }),
        }),
      );
    // The text and what is looked at first: nothing else has to be there before there is colour.
    const asked = [this.metric()];
    const tokens = await load(asked, 0, undefined, false);
    return new Sample(id, tokens, layOut(id, tokens), asked, load);
  }
}

function localized(feedback: TokenFeedback): TokenFeedback {
  return { ...feedback, columns: feedback.columns.map(localizedColumn) };
}

function localizedColumn(column: TokenColumn): TokenColumn {
  return { ...column, label: localizeMetric('token', column.name, column.label) };
}

/** The same for a sample and its token table. */
function keyOf(uri: Uri): string {
  return sampleUri(parseSampleUri(uri)).path;
}

function layOut(id: SampleId, feedback: TokenFeedback): SampleLayout {
  const { prompt, response, reference, totalTokens, finish, correct } = feedback;
  const outcome = [
    tokensText(totalTokens),
    finish === 'length' ? l10n.t('cut off at the length limit') : finish === 'stop' ? l10n.t('ended by itself') : l10n.t('given text'),
    ...(correct === true ? [l10n.t('answer right')] : correct === false ? [l10n.t('answer wrong')] : []),
  ].join(', ');
  const title = id.kind === 'rollout' ? l10n.t('{0}, step {1}, rollout {2}', id.runId, id.step, id.index) : id.title;
  return new SampleLayout(title, [
    ...(prompt === '' ? [] : [{ kind: 'prompt' as const, heading: l10n.t('PROMPT as the student saw it (not trained on)'), text: prompt }]),
    { kind: 'response' as const, heading: l10n.t('RESPONSE ({0})', outcome), text: response },
    ...(reference === undefined ? [] : [{ kind: 'reference' as const, heading: l10n.t('REFERENCE (what was expected)'), text: reference }]),
  ]);
}
