import { commands, env, l10n, languages, Uri, window, workspace } from 'vscode';
import type { DocumentSelector } from 'vscode';
import type { Context } from '../../context';
import type { RecipeEstimate, RecipeValidation } from '../../daemon/protocol';
import { command } from '../../ui/command';
import { formatGigabytes } from '../../ui/format';
import { withDelayedProgress } from '../../ui/progress';
import { RecipeChecks } from './checks';
import { RecipeCodeLenses } from './codeLenses';
import { evidenceText, newRecipe } from './newRecipe';
import { RecipeQuickFixes } from './quickFixes';
import { chooseRecipe } from '../../ui/recipes';
import { ResolvedRecipes } from './resolved';
import { RecipesTree } from './tree';

const selector: DocumentSelector = { scheme: 'file', pattern: '**/*.opd.json' };

/** Recipes: checked while they are written, explained, created, listed. */
export function registerRecipes(ctx: Context): void {
  const checks = new RecipeChecks(ctx);
  const lenses = new RecipeCodeLenses(checks);
  const resolved = new ResolvedRecipes(ctx);
  const tree = new RecipesTree();

  const check = async (argument: unknown, preflight: boolean): Promise<void> => {
    const uri = await chooseRecipe(argument, preflight ? l10n.t('Preflight which recipe?') : l10n.t('Validate which recipe?'));
    if (!uri) return;
    const answer = await withDelayedProgress(l10n.t('Checking {0}', workspace.asRelativePath(uri)), () => checks.check(uri, preflight));
    void report(answer, uri, preflight);
  };

  ctx.extension.subscriptions.push(
    checks,
    lenses,
    resolved,
    tree,
    languages.registerCodeLensProvider(selector, lenses),
    languages.registerCodeActionsProvider(selector, new RecipeQuickFixes(checks), { providedCodeActionKinds: RecipeQuickFixes.kinds }),
    window.createTreeView('opdcode.recipes', { treeDataProvider: tree }),
    command(ctx, 'opdcode.newRecipe', () => newRecipe(ctx)),
    command(ctx, 'opdcode.validateRecipe', (argument) => check(argument, false)),
    command(ctx, 'opdcode.preflightRecipe', (argument) => check(argument, true)),
    command(ctx, 'opdcode.showResolved', async (argument) => {
      const uri = await chooseRecipe(argument, l10n.t('Resolve which recipe?'));
      if (uri) await resolved.show(uri);
    }),
    command(ctx, 'opdcode.showEstimate', async (argument) => {
      const uri = await chooseRecipe(argument, l10n.t('Estimate the memory of which recipe?'));
      if (!uri) return;
      const document = await workspace.openTextDocument(uri);
      const estimate = await ctx.daemon.request('recipes/estimate', { path: uri.fsPath, text: document.getText() });
      await window.showQuickPick(estimateItems(estimate), { title: l10n.t('Memory of a run: {0}', estimate.summary) });
    }),
    command(ctx, 'opdcode.showMethod', async (name) => {
      const { methods } = await ctx.daemon.request('recipes/methods', {});
      const method = methods.find((candidate) => candidate.name === name);
      if (!method) return;
      const open = l10n.t('Open Paper');
      const chosen = await window.showInformationMessage(`${method.title} (${method.year}): ${method.summary} ${method.paper}. ${evidenceText(method.evidence)}.`, open);
      if (chosen === open) await env.openExternal(Uri.parse(method.url));
    }),
  );
}

async function report(answer: RecipeValidation, uri: Uri, preflight: boolean): Promise<void> {
  const errors = answer.problems.filter((problem) => problem.severity === 'error').length;
  const warnings = answer.problems.filter((problem) => problem.severity === 'warning').length;
  const name = workspace.asRelativePath(uri);
  const fits = answer.estimate ? ` ${answer.estimate.summary}.` : '';
  if (errors + warnings === 0) {
    await window.showInformationMessage(preflight ? l10n.t('{0} passed preflight: models, tokenizers, templates, data, memory and disk.', name) + fits : l10n.t('{0} has no problems.', name));
    return;
  }
  const show = l10n.t('Show Problems');
  const text = l10n.t('{0}: {1} errors, {2} warnings.', name, errors, warnings) + fits;
  const chosen = errors > 0 ? await window.showErrorMessage(text, show) : await window.showWarningMessage(text, show);
  if (chosen === show) {
    await window.showTextDocument(uri);
    await commands.executeCommand('workbench.actions.view.problems');
  }
}

function estimateItems(estimate: RecipeEstimate): { label: string; description: string }[] {
  const parts = Object.entries(estimate.parts).map(([part, bytes]) => ({ label: part, description: formatGigabytes(bytes) }));
  return [{ label: l10n.t('at the peak'), description: `${formatGigabytes(estimate.peakBytes)} (${l10n.t('parts take turns, so the peak is less than their sum')})` }, ...parts];
}
