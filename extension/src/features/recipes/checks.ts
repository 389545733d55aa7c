import { dirname } from 'node:path';
import { CancellationTokenSource, Diagnostic, DiagnosticSeverity, EventEmitter, languages, Range, Uri, window, workspace } from 'vscode';
import type { Disposable, TextDocument } from 'vscode';
import type { Context } from '../../context';
import { isCancellation } from '../../ui/notifications';
import type { RecipeProblem, RecipeValidation, TextRange } from '../../daemon/protocol';
import { isRecipe } from '../../ui/recipes';

/** What is known of an open recipe. */
export interface Checked {
  readonly problems: readonly RecipeProblem[];
  /** The newest answer with preflight; the text may have changed a little since. */
  readonly preflight: RecipeValidation | undefined;
  readonly validation: RecipeValidation | undefined;
  readonly busy: boolean;
}

const senseDelay = 300;
const preflightDelay = 1500;

interface Entry {
  validation: RecipeValidation | undefined;
  preflight: RecipeValidation | undefined;
  busy: boolean;
  timers: NodeJS.Timeout[];
  cancel: CancellationTokenSource | undefined;
}

/** Keeps every open recipe checked: sense soon after each edit, preflight once typing pauses. The daemon judges, this only asks and shows. */
export class RecipeChecks implements Disposable {
  readonly #diagnostics = languages.createDiagnosticCollection('opdcode');
  readonly #changed = new EventEmitter<Uri>();
  readonly #entries = new Map<string, Entry>();
  readonly #subscriptions: Disposable[] = [];
  readonly onDidChange = this.#changed.event;

  constructor(private readonly ctx: Context) {
    this.#subscriptions.push(
      workspace.onDidOpenTextDocument((document) => this.#schedule(document, 0, 0)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#schedule(document, senseDelay, preflightDelay);
      }),
      workspace.onDidSaveTextDocument((document) => this.#schedule(document, 0, 0)),
      workspace.onDidCloseTextDocument((document) => this.#forget(document.uri)),
      ctx.daemon.onDidChangeState((state) => {
        if (state.kind === 'running') this.#checkOpen();
      }),
    );
    this.#checkOpen();
  }

  of(uri: Uri): Checked {
    const entry = this.#entries.get(uri.toString());
    return { problems: entry ? merge(entry) : [], preflight: entry?.preflight, validation: entry?.validation, busy: entry?.busy ?? false };
  }

  /** Checks now; gives the answer. */
  async check(uri: Uri, preflight: boolean): Promise<RecipeValidation> {
    const entry = this.#entry(uri);
    clear(entry);
    const cancel = new CancellationTokenSource();
    entry.cancel = cancel;
    entry.busy = true;
    this.#changed.fire(uri);
    try {
      const document = await workspace.openTextDocument(uri);
      // A recipe that was opened from elsewhere was chosen, and its models and data lie beside it.
      if (!workspace.getWorkspaceFolder(uri)) await this.ctx.daemon.allow(dirname(uri.fsPath));
      const version = document.version;
      const answer = await this.ctx.daemon.request('recipes/validate', { path: uri.fsPath, text: document.getText(), preflight }, cancel.token);
      if (document.version === version && !document.isClosed) {
        entry.validation = answer;
        if (preflight) entry.preflight = answer;
        this.#show(uri, entry);
      }
      return answer;
    } finally {
      if (entry.cancel === cancel) {
        entry.busy = false;
        entry.cancel = undefined;
      }
      cancel.dispose();
      this.#changed.fire(uri);
    }
  }

  dispose(): void {
    for (const entry of this.#entries.values()) clear(entry);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#diagnostics.dispose();
    this.#changed.dispose();
  }

  #checkOpen(): void {
    for (const document of workspace.textDocuments) this.#schedule(document, 0, 0);
  }

  #schedule(document: TextDocument, senseAfter: number, preflightAfter: number): void {
    // VS Code opens documents that nobody sees (to search them); those wait until an editor shows them or they change.
    if (!isRecipe(document)) return;
    const entry = this.#entry(document.uri);
    clear(entry);
    if (senseAfter < preflightAfter) entry.timers.push(setTimeout(() => this.#quietly(document.uri, false), senseAfter));
    entry.timers.push(setTimeout(() => this.#quietly(document.uri, true), preflightAfter));
  }

  #quietly(uri: Uri, preflight: boolean): void {
    const entry = this.#entry(uri);
    // The pending preflight of the same edit must survive the sense check before it.
    const pending = preflight ? [] : entry.timers.splice(1);
    this.check(uri, preflight).catch((error: unknown) => {
      // The status bar says why there is no daemon; a message at every key press would not help.
      if (!isCancellation(error)) this.ctx.channels.extension.warn(`${uri.fsPath}: ${error instanceof Error ? error.message : String(error)}`);
    });
    entry.timers.push(...pending);
  }

  #entry(uri: Uri): Entry {
    const key = uri.toString();
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { validation: undefined, preflight: undefined, busy: false, timers: [], cancel: undefined };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #forget(uri: Uri): void {
    const entry = this.#entries.get(uri.toString());
    if (!entry) return;
    clear(entry);
    this.#entries.delete(uri.toString());
    this.#diagnostics.delete(uri);
  }

  #show(uri: Uri, entry: Entry): void {
    this.#diagnostics.set(uri, merge(entry).map(toDiagnostic));
  }
}

/** The open recipe editor's document, if there is one. */
export function activeRecipe(): TextDocument | undefined {
  const document = window.activeTextEditor?.document;
  return document && isRecipe(document) ? document : undefined;
}

function clear(entry: Entry): void {
  for (const timer of entry.timers) clearTimeout(timer);
  entry.timers = [];
  entry.cancel?.cancel();
  entry.cancel = undefined;
}

/** What the last check said, and what only an older preflight could know. */
function merge(entry: Entry): RecipeProblem[] {
  const { validation, preflight } = entry;
  if (!validation) return [];
  if (!preflight || validation === preflight) return [...validation.problems];
  const onlyPreflight = preflight.problems.filter((problem) => /^OPD1(1|2)/.test(problem.code) || problem.code.startsWith('OPD2'));
  const known = new Set(validation.problems.map((problem) => `${problem.code} ${problem.path}`));
  return [...validation.problems, ...onlyPreflight.filter((problem) => !known.has(`${problem.code} ${problem.path}`))];
}

export function toRange(range: TextRange): Range {
  return new Range(range.startLine, range.startCharacter, range.endLine, range.endCharacter);
}

function toDiagnostic(problem: RecipeProblem): Diagnostic {
  const severity = problem.severity === 'error' ? DiagnosticSeverity.Error : problem.severity === 'warning' ? DiagnosticSeverity.Warning : DiagnosticSeverity.Information;
  const diagnostic = new Diagnostic(toRange(problem.range), problem.message, severity);
  diagnostic.source = 'OpdCode';
  diagnostic.code = { value: problem.code, target: Uri.parse(`command:opdcode.explainCode?${encodeURIComponent(JSON.stringify([problem.code]))}`) };
  return diagnostic;
}
