import type { MetricCurves, Run, WhatIfSetting } from '../daemon/protocol';

/** What people read in the runs panel, in their language. */
export interface RunsStrings {
  readonly title: string;
  readonly filter: string;
  readonly columns: string;
  readonly onlyDifferences: string;
  readonly noRuns: string;
  readonly noMatch: string;
  readonly noDaemon: string;
  readonly selectHint: string;
  readonly smoothing: string;
  readonly smoothingUnit: string;
  readonly logAxis: string;
  readonly asTable: string;
  readonly exportSvg: string;
  readonly exportCsv: string;
  readonly exportTable: string;
  readonly openSamples: string;
  readonly step: string;
  readonly show: string;
  readonly baseline: string;
  readonly setBaseline: string;
  readonly difference: string;
  readonly run: string;
  readonly state: string;
  readonly method: string;
  readonly created: string;
  readonly note: string;
  readonly pause: string;
  readonly resume: string;
  readonly stopAndSave: string;
  readonly abort: string;
  readonly noCurves: string;
  readonly chartLabel: string;
  readonly runsShown: string;
  readonly clearSelection: string;
  readonly clickHint: string;
}

/** What the panel keeps over reloads and restarts. */
export interface RunsPanelState {
  readonly selected: readonly string[];
  readonly hiddenColumns: readonly string[];
  readonly sort: { readonly column: string; readonly descending: boolean };
  readonly filter: string;
  readonly baseline: string | null;
  readonly onlyDifferences: boolean;
  readonly smoothing: number;
  readonly logAxis: boolean;
  readonly asTable: boolean;
}

/** A run, and its state as people read it. */
export interface RunRow {
  readonly run: Run;
  readonly stateText: string;
  /** Verbs that apply: `can-pause`, `can-resume`, `can-stop`, `can-abort`. */
  readonly can: readonly string[];
}

/** The last value of a metric minus that of the baseline, by run; null where either is missing. The daemon's numbers. */
export interface MetricDifferences {
  readonly name: string;
  readonly byRun: Readonly<Record<string, number | null>>;
}

/** What metrics are called in the reader's language, by name; the others are called by their name. */
export type MetricTitles = Readonly<Record<string, string>>;

export type ToRunsPanel =
  | { readonly type: 'init'; readonly strings: RunsStrings; readonly state: Partial<RunsPanelState>; readonly locale: string }
  | { readonly type: 'runs'; readonly rows: readonly RunRow[]; readonly titles: MetricTitles; readonly failure: string | null }
  | { readonly type: 'changed'; readonly rows: readonly RunRow[]; readonly titles: MetricTitles; readonly removed: readonly string[] }
  | { readonly type: 'select'; readonly runId: string }
  | { readonly type: 'curves'; readonly request: number; readonly curves: MetricCurves }
  | { readonly type: 'differences'; readonly request: number; readonly differences: readonly MetricDifferences[] }
  | { readonly type: 'curvesFailed'; readonly request: number; readonly message: string };

export type FromRunsPanel =
  | { readonly type: 'ready' }
  | { readonly type: 'state'; readonly state: RunsPanelState }
  | { readonly type: 'getCurves'; readonly request: number; readonly runIds: readonly string[]; readonly smoothing: number }
  /** The first run is the baseline. */
  | { readonly type: 'getDifferences'; readonly request: number; readonly runIds: readonly string[] }
  | { readonly type: 'openStep'; readonly runId: string; readonly step: number }
  | { readonly type: 'verb'; readonly verb: 'pauseRun' | 'resumeRun' | 'stopAndSaveRun' | 'abortRun'; readonly runId: string }
  | { readonly type: 'save'; readonly name: string; readonly text: string }
  | { readonly type: 'failed'; readonly message: string };

export interface WhatIfStrings {
  readonly title: string;
  readonly about: string;
  readonly list: string;
  readonly listHint: string;
  readonly notes: string;
  readonly write: string;
  readonly reset: string;
  readonly nothingToMove: string;
  readonly notJson: string;
}

export type ToWhatIfPanel =
  | { readonly type: 'init'; readonly strings: WhatIfStrings; readonly locale: string; readonly sample: string; readonly stabilizers: string }
  | { readonly type: 'answer'; readonly request: number; readonly settings: readonly WhatIfSetting[]; readonly notes: readonly string[] }
  | { readonly type: 'failed'; readonly request: number; readonly message: string };

export type FromWhatIfPanel =
  | { readonly type: 'ready' }
  | { readonly type: 'ask'; readonly request: number; readonly stabilizers: string }
  /** Settings that were moved, or the whole list where it was edited as text. */
  | { readonly type: 'write'; readonly stabilizers: string; readonly moved: readonly { readonly path: string; readonly value: number }[] | null };
