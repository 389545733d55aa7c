import { CodeLens, EventEmitter, l10n, Range } from 'vscode';
import type { CodeLensProvider, Disposable, TextDocument } from 'vscode';
import { withIcon } from '../../ui/text';
import type { RecipeChecks } from './checks';

/** Above a recipe: what can be done with it, whether it fits, and what its method does. */
export class RecipeCodeLenses implements CodeLensProvider, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscription: Disposable;

  constructor(private readonly checks: RecipeChecks) {
    this.#subscription = checks.onDidChange(() => this.#changed.fire());
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const top = new Range(0, 0, 0, 0);
    const lens = (title: string, command: string, ...args: unknown[]): CodeLens => new CodeLens(top, { title, command, arguments: args });
    const { validation, preflight, busy } = this.checks.of(document.uri);
    const lenses = [
      lens(withIcon('play', l10n.t('Run')), 'opdcode.startRun', document.uri),
      lens(busy ? withIcon('loading~spin', l10n.t('Preflight')) : l10n.t('Preflight'), 'opdcode.preflightRecipe', document.uri),
      lens(l10n.t('Resolved'), 'opdcode.showResolved', document.uri),
    ];
    const estimate = preflight?.estimate;
    if (estimate) lenses.push(lens(estimate.fits ? estimate.summary : withIcon('warning', estimate.summary), 'opdcode.showEstimate', document.uri));
    const method = validation?.method ?? preflight?.method;
    if (method) lenses.push(lens(`${method.name} (${method.summary})`, 'opdcode.showMethod', method.name));
    return lenses;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
