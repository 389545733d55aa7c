import { EventEmitter, workspace } from 'vscode';
import type { Disposable } from 'vscode';
import type { Grouping, Scale, Scaling } from '../../ui/levels';
import { paletteNames } from '../../ui/palette';
import type { PaletteName } from '../../ui/palette';

export type Mode = 'fill' | 'underline' | 'both';

export interface HeatmapView extends Scaling {
  readonly visible: boolean;
  readonly metric: string;
  readonly palette: PaletteName;
  readonly mode: Mode;
  readonly maxDecorations: number;
}

/** What the heatmap shows and how: the settings, one for all samples, and whether it is on. A choice counts at once and is written afterwards. */
export class HeatmapSettings implements Disposable {
  readonly #changed = new EventEmitter<HeatmapView>();
  readonly onDidChange = this.#changed.event;
  readonly #subscription: Disposable;
  #visible = true;
  /** Chosen, and on their way into the settings. */
  readonly #chosen = new Map<string, unknown>();
  #view = this.#read();

  constructor() {
    this.#subscription = workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('opdcode.heatmap')) this.#refresh();
    });
  }

  get view(): HeatmapView {
    return this.#view;
  }

  toggle(): boolean {
    this.#visible = !this.#visible;
    this.#refresh();
    return this.#visible;
  }

  /** Writes a setting where the reader keeps it: in the workspace if it is there already, else for the user. */
  async set(name: 'metric' | 'scale' | 'grouping' | 'mode' | 'palette', value: string): Promise<void> {
    await this.#choose({ [name]: value });
  }

  async setThresholds(thresholds: readonly number[]): Promise<void> {
    await this.#choose({ thresholds, scale: 'user' });
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  /** Writing a settings file takes longer than colouring a text. */
  async #choose(choice: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [name, value] of Object.entries(choice)) this.#chosen.set(name, value);
    this.#refresh();
    try {
      const configuration = workspace.getConfiguration('opdcode.heatmap');
      for (const [name, value] of Object.entries(choice)) await configuration.update(name, value, !inWorkspace(name));
    } finally {
      // What counts now is what stands in the settings; a later choice of the same is still on its way.
      for (const [name, value] of Object.entries(choice)) if (this.#chosen.get(name) === value) this.#chosen.delete(name);
      this.#refresh();
    }
  }

  #refresh(): void {
    const view = this.#read();
    if (JSON.stringify(view) === JSON.stringify(this.#view)) return;
    this.#view = view;
    this.#changed.fire(view);
  }

  #read(): HeatmapView {
    const configuration = workspace.getConfiguration('opdcode.heatmap');
    const get = <T>(name: string, fallback: T): T => (this.#chosen.has(name) ? (this.#chosen.get(name) as T) : configuration.get<T>(name, fallback));
    const palette = get<string>('palette', 'blueOrange');
    return {
      visible: this.#visible,
      metric: get('metric', 'logRatio'),
      palette: paletteNames.find((name) => name === palette) ?? 'blueOrange',
      mode: get<Mode>('mode', 'both'),
      scale: get<Scale>('scale', 'fixed'),
      grouping: get<Grouping>('grouping', 'token'),
      userThresholds: get<number[]>('thresholds', [0.5, 1, 2]),
      maxDecorations: get('maxDecorations', 1000),
    };
  }
}

function inWorkspace(name: string): boolean {
  return workspace.getConfiguration('opdcode.heatmap').inspect(name)?.workspaceValue !== undefined;
}
