import { Uri, window, workspace } from 'vscode';
import type { TextDocument } from 'vscode';

export const recipePattern = '**/*.opd.json';
/** Where recipes are outputs or copies, not sources. */
export const notRecipes = '**/{node_modules,artifacts,runs,bin,obj,dist,.git}/**';

export function isRecipe(document: TextDocument): boolean {
  return document.uri.scheme === 'file' && document.uri.path.endsWith('.opd.json');
}

/** The recipe that a command is about: its argument, the active editor, or one picked from the workspace. */
export async function chooseRecipe(argument: unknown, title: string): Promise<Uri | undefined> {
  if (argument instanceof Uri) return argument;
  if (typeof argument === 'object' && argument !== null && 'resourceUri' in argument && argument.resourceUri instanceof Uri) return argument.resourceUri;
  const active = window.activeTextEditor?.document;
  if (active && isRecipe(active)) return active.uri;
  const found = await workspace.findFiles(recipePattern, notRecipes, 500);
  if (found.length === 1) return found[0];
  const picked = await window.showQuickPick(
    found.map((uri) => ({ label: workspace.asRelativePath(uri), uri })).sort((a, b) => a.label.localeCompare(b.label)),
    { title },
  );
  return picked?.uri;
}
