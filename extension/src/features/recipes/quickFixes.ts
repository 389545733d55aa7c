import { CodeAction, CodeActionKind, l10n, WorkspaceEdit } from 'vscode';
import type { CodeActionContext, CodeActionProvider, Range, TextDocument } from 'vscode';
import type { RecipeChecks } from './checks';
import { toRange } from './checks';

/** The daemon's edits as light bulbs, and the page about each code. */
export class RecipeQuickFixes implements CodeActionProvider {
  static readonly kinds = [CodeActionKind.QuickFix];

  constructor(private readonly checks: RecipeChecks) {}

  provideCodeActions(document: TextDocument, range: Range, context: CodeActionContext): CodeAction[] {
    const actions: CodeAction[] = [];
    for (const problem of this.checks.of(document.uri).problems) {
      const at = toRange(problem.range);
      if (!at.intersection(range)) continue;
      const diagnostics = context.diagnostics.filter((diagnostic) => diagnostic.source === 'OpdCode' && diagnostic.range.isEqual(at) && codeOf(diagnostic.code) === problem.code);
      if (problem.fix) {
        const fix = new CodeAction(problem.fix.title, CodeActionKind.QuickFix);
        fix.edit = new WorkspaceEdit();
        fix.edit.replace(document.uri, toRange(problem.fix.range), problem.fix.newText);
        fix.diagnostics = diagnostics;
        fix.isPreferred = true;
        actions.push(fix);
      }
      const explain = new CodeAction(l10n.t('Explain {0}', problem.code), CodeActionKind.QuickFix);
      explain.command = { command: 'opdcode.explainCode', title: explain.title, arguments: [problem.code] };
      explain.diagnostics = diagnostics;
      actions.push(explain);
    }
    return actions;
  }
}

function codeOf(code: string | number | { value: string | number } | undefined): string | number | undefined {
  return typeof code === 'object' ? code.value : code;
}
