import { EventEmitter, ThemeIcon, TreeItem, workspace } from 'vscode';
import type { Disposable, TreeDataProvider, Uri } from 'vscode';
import { notRecipes, recipePattern } from '../../ui/recipes';

/** The recipes of the workspace. */
export class RecipesTree implements TreeDataProvider<Uri>, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #watcher = workspace.createFileSystemWatcher(recipePattern, false, true, false);

  constructor() {
    this.#watcher.onDidCreate(() => this.#changed.fire());
    this.#watcher.onDidDelete(() => this.#changed.fire());
  }

  getTreeItem(uri: Uri): TreeItem {
    const path = workspace.asRelativePath(uri);
    const cut = path.lastIndexOf('/') + 1;
    const item = new TreeItem(uri);
    item.label = path.slice(cut);
    item.description = path.slice(0, Math.max(0, cut - 1));
    item.tooltip = uri.fsPath;
    item.iconPath = new ThemeIcon('json');
    item.contextValue = 'recipe';
    item.command = { command: 'vscode.open', title: 'Open', arguments: [uri] };
    return item;
  }

  async getChildren(parent?: Uri): Promise<Uri[]> {
    if (parent) return [];
    const found = await workspace.findFiles(recipePattern, notRecipes, 1000);
    return found.sort((a, b) => a.path.localeCompare(b.path));
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#changed.dispose();
  }
}
