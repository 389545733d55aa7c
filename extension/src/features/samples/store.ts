import { EventEmitter, l10n } from 'vscode';
import type { Disposable, Uri } from 'vscode';
import type { Daemon } from '../../daemon/daemon';
import type { TokenColumn, TokenFeedback } from '../../daemon/protocol';
import { tokensText } from '../../ui/text';
import { SampleLayout } from './layout';
import { parseSampleUri, sampleUri } from './sampleUri';
import type { SampleId } from './sampleUri';

/** Samples up to this length come with all of their columns at once. */
const wholeUpTo = 8192;
/** Columns of longer ones are fetched ahead while they are open, up to so many values in all: tens of MB. */
const valuesAhead = 4_000_000;
const pageTokens = 64;
const samplesKept = 40;

/** A sample that is shown: its text, its tokens, and the columns that were asked for so far. */
export class Sample {
  readonly #columns = new Map<string, Promise<TokenColumn | undefined>>();
  readonly #pages = new Map<number, Promise<TokenFeedback>>();
  #replaced: readonly TokenColumn[] = [];

  constructor(
    readonly id: SampleId,
    /** One token with every column: what can be shown. */
    readonly head: TokenFeedback,
    readonly tokens: TokenFeedback,
    readonly layout: SampleLayout,
    private readonly load: (columns: readonly string[] | undefined, from: number, count: number | undefined, alternatives: boolean) => Promise<TokenFeedback>,
  ) {
    for (const column of tokens.columns) this.#columns.set(column.name, Promise.resolve(column));
  }

  /** The column that is coloured by: the one asked for, or the first where that was not recorded. */
  async columnOrFirst(name: string): Promise<TokenColumn | undefined> {
    return (await this.column(name)) ?? this.column(this.head.columns[0]?.name ?? '');
  }

  /** Fetches the columns that are not here yet, one after the other, until cancelled or enough are held. */
  async fetchAhead(cancel: AbortSignal): Promise<void> {
    const { totalTokens } = this.head;
    let values = this.#columns.size * totalTokens; // eslint-disable-line no-restricted-syntax -- memory, not a metric of a model
    for (const { name } of this.head.columns) {
      if (this.#columns.has(name)) continue;
      values += totalTokens;
      if (cancel.aborted || values > valuesAhead) return;
      await this.column(name);
    }
  }

  /** What can be shown: recorded columns, and those that stand in their place or beside them. */
  get columns(): readonly TokenColumn[] {
    const names = new Set(this.#replaced.map((column) => column.name));
    return [...this.head.columns.filter((column) => !names.has(column.name)), ...this.#replaced];
  }

  /** Shows other columns than the recorded ones: what other stabilizers would have done. */
  replace(columns: readonly TokenColumn[]): void {
    this.#replaced = columns;
  }

  /** A whole column; undefined where it was not recorded. */
  column(name: string): Promise<TokenColumn | undefined> {
    const replaced = this.#replaced.find((column) => column.name === name);
    if (replaced) return Promise.resolve(replaced);
    if (!this.head.columns.some((column) => column.name === name)) return Promise.resolve(undefined);
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

  constructor(private readonly daemon: Daemon) {}

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

  /** A sample that is shown: the other columns of a long one are fetched in the background, so that another metric is there at once. */
  async fetchAhead(uri: Uri): Promise<void> {
    const key = keyOf(uri);
    const sample = await this.get(uri);
    if (this.#ahead.has(key) || sample.head.totalTokens <= wholeUpTo) return;
    const abort = new AbortController();
    this.#ahead.set(key, abort);
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
    sample.replace(columns);
    this.#changed.fire(sample);
  }

  /** Keeps a scored text for as long as it is open. */
  keep(title: string, feedback: TokenFeedback): SampleId {
    const number = ++this.#lastScored;
    this.#scored.set(number, feedback);
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
    return Promise.resolve(new Sample(id, feedback, feedback, layOut(id, feedback), () => Promise.resolve(feedback)));
  }

  async #fromDaemon(id: SampleId & { kind: 'rollout' }): Promise<Sample> {
    const load = (columns: readonly string[] | undefined, fromToken: number, tokens: number | undefined, alternatives: boolean): Promise<TokenFeedback> =>
      this.daemon.request('rollouts/get', {
        runId: id.runId,
        step: id.step,
        index: id.index,
        fromToken,
        alternatives,
        ...(tokens === undefined ? {} : { tokens }),
        ...(columns === undefined ? {} : { columns }),
      });
    const head = await load(undefined, 0, 1, false);
    const first = head.columns[0]?.name;
    const columns = head.totalTokens <= wholeUpTo ? undefined : first === undefined ? [] : [first];
    const tokens = await load(columns, 0, undefined, false);
    return new Sample(id, head, tokens, layOut(id, tokens), load);
  }
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
