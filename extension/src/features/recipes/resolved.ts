import { EventEmitter, l10n, languages, Uri, ViewColumn, window, workspace } from 'vscode';
import type { Disposable, TextDocumentContentProvider } from 'vscode';
import type { Context } from '../../context';

const scheme = 'opdcode-resolved';

/** Beside a recipe: every setting with its value and where the value came from. Follows the typing. */
export class ResolvedRecipes implements TextDocumentContentProvider, Disposable {
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #subscriptions: Disposable[];
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(private readonly ctx: Context) {
    this.#subscriptions = [
      workspace.registerTextDocumentContentProvider(scheme, this),
      workspace.onDidChangeTextDocument(({ document }) => this.#later(document.uri)),
    ];
  }

  async show(recipe: Uri): Promise<void> {
    const document = await workspace.openTextDocument(toResolved(recipe));
    await languages.setTextDocumentLanguage(document, 'jsonc');
    this.#changed.fire(document.uri);
    await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true });
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const recipe = Uri.file(uri.query);
    const source = await workspace.openTextDocument(recipe);
    const resolution = await this.ctx.daemon.request('recipes/resolve', { path: recipe.fsPath, text: source.getText() });
    if (resolution.text !== undefined) return resolution.text;
    const lines = resolution.problems.map((problem) => `// ${problem.code} ${problem.path}: ${problem.message.replaceAll('\n', '\n// ')}`);
    return [`// ${l10n.t('The recipe cannot be resolved until its errors are cured.')}`, ...lines, ''].join('\n');
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  #later(recipe: Uri): void {
    if (recipe.scheme !== 'file' || !recipe.path.endsWith('.opd.json')) return;
    const resolved = toResolved(recipe);
    if (!workspace.textDocuments.some((document) => document.uri.toString() === resolved.toString())) return;
    clearTimeout(this.#timers.get(recipe.fsPath));
    this.#timers.set(recipe.fsPath, setTimeout(() => this.#changed.fire(resolved), 400));
  }
}

function toResolved(recipe: Uri): Uri {
  const name = recipe.path.slice(recipe.path.lastIndexOf('/') + 1);
  return Uri.from({ scheme, path: `/${name} (${l10n.t('resolved')})`, query: recipe.fsPath });
}
