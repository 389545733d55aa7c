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

/** What the heatmap shows and how: the settings, one for all samples, and whether it is on. */
export class HeatmapSettings implements Disposable {
  readonly #changed = new EventEmitter<HeatmapView>();
  readonly onDidChange = this.#changed.event;
  readonly #subscription: Disposable;
  #visible = true;
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
    await workspace.getConfiguration('opdcode.heatmap').update(name, value, inWorkspace(name) ? false : true);
  }

  async setThresholds(thresholds: readonly number[]): Promise<void> {
    const configuration = workspace.getConfiguration('opdcode.heatmap');
    await configuration.update('thresholds', thresholds, !inWorkspace('thresholds'));
    await configuration.update('scale', 'user', !inWorkspace('scale'));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #refresh(): void {
    this.#view = this.#read();
    this.#changed.fire(this.#view);
  }

  #read(): HeatmapView {
    const configuration = workspace.getConfiguration('opdcode.heatmap');
    const palette = configuration.get<string>('palette', 'blueOrange');
    return {
      visible: this.#visible,
      metric: configuration.get('metric', 'logRatio'),
      palette: paletteNames.find((name) => name === palette) ?? 'blueOrange',
      mode: configuration.get<Mode>('mode', 'both'),
      scale: configuration.get<Scale>('scale', 'run'),
      grouping: configuration.get<Grouping>('grouping', 'token'),
      userThresholds: configuration.get<number[]>('thresholds', [0.5, 1, 2]),
      maxDecorations: configuration.get('maxDecorations', 1000),
    };
  }
}

function inWorkspace(name: string): boolean {
  return workspace.getConfiguration('opdcode.heatmap').inspect(name)?.workspaceValue !== undefined;
}
