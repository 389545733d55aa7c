import { formatDifference, formatNumber } from '../../ui/format';
import { fill, h, keepingFocus } from '../dom';
import type { FromRunsPanel, MetricDifferences, MetricTitles, RunRow, RunsPanelState, RunsStrings } from '../messages';
import { csvCell } from './curves';

const metricPrefix = 'metric:';
const differencePrefix = 'difference:';
/** Metrics that are columns from the start. */
const shownMetrics = /loss$|kl|divergence|accuracy/i;

export type RunVerb = Extract<FromRunsPanel, { type: 'verb' }>['verb'];

export interface Column {
  readonly id: string;
  readonly title: string;
  readonly about?: string;
  readonly numeric: boolean;
  /** What people read. */
  readonly text: (row: RunRow) => string;
  /** What it is sorted by. */
  readonly key: (row: RunRow) => string | number | undefined;
}

export interface TableActions {
  readonly toggle: (runId: string, selected: boolean) => void;
  readonly sort: (column: string) => void;
  readonly baseline: (runId: string | null) => void;
  readonly verb: (verb: RunVerb, runId: string) => void;
}

/** The runs, one a row. */
export class RunsTable {
  readonly element = h('div', { class: 'table' });
  readonly #elements = new Map<string, HTMLTableRowElement>();
  #columns: readonly Column[] = [];
  #shown: readonly RunRow[] = [];
  #differences: readonly MetricDifferences[] = [];
  readonly #titles = new Map<string, string>();

  constructor(
    private readonly strings: RunsStrings,
    private readonly actions: TableActions,
  ) {}

  /** Columns that can be hidden and shown; differences stand beside their metrics. */
  get columns(): readonly Column[] {
    return this.#columns.filter(({ id }) => id !== 'name' && !id.startsWith(differencePrefix));
  }

  /** The runs that are shown, as they stand. */
  get shown(): readonly RunRow[] {
    return this.#shown;
  }

  draw(rows: readonly RunRow[], state: RunsPanelState, differences: readonly MetricDifferences[], empty: string): void {
    this.#differences = differences;
    this.#columns = this.#allColumns(rows);
    const columns = this.#visible(rows, state);
    this.#shown = sorted(filtered(rows, state.filter), this.#columns, state);
    this.#elements.clear();
    const body = h('tbody');
    for (const row of this.#shown) body.append(this.#row(row, columns, state));
    const table = h('table', { 'aria-label': this.strings.title }, this.#head(columns, state), body);
    const draw = (): void => this.element.replaceChildren(
      this.#shown.length > 0 ? table : h('p', { class: 'empty' }, rows.length === 0 ? empty : this.strings.noMatch),
      h('p', { class: 'count', role: 'status' }, fill(this.strings.runsShown, this.#shown.length, rows.length)),
    );
    keepingFocus(this.element, draw);
  }

  /** Draws one row anew, the focus where it was. False where the row is not shown. */
  update(row: RunRow, state: RunsPanelState, rows: readonly RunRow[]): boolean {
    const old = this.#elements.get(row.run.id);
    if (!old) return false;
    keepingFocus(this.element, () => old.replaceWith(this.#row(row, this.#visible(rows, state), state)));
    return true;
  }

  /** The rows and columns that are shown. */
  csv(state: RunsPanelState): string {
    const columns = this.#visible(this.#shown, state);
    const lines = [columns.map((column) => csvCell(nameOf(column))).join(','), ...this.#shown.map((row) => columns.map((column) => csvCell(String(column.numeric ? (column.key(row) ?? '') : column.text(row)))).join(','))];
    return `${lines.join('\n')}\n`;
  }

  /** Takes over what metrics are called; counts from the next drawing on. */
  name(titles: MetricTitles): void {
    for (const [name, title] of Object.entries(titles)) this.#titles.set(name, title);
  }

  #allColumns(rows: readonly RunRow[]): Column[] {
    const { strings } = this;
    const plain = (id: string, title: string, text: (row: RunRow) => string): Column => ({ id, title, numeric: false, text, key: text });
    const metrics = [...new Set(rows.flatMap(({ run }) => Object.keys(run.latest)))].sort((a, b) => this.#titleOf(a).localeCompare(this.#titleOf(b)));
    return [
      plain('name', strings.run, ({ run }) => run.name),
      plain('state', strings.state, (row) => row.stateText),
      { id: 'step', title: strings.step, numeric: true, text: ({ run }) => `${run.step}/${run.steps}`, key: ({ run }) => run.step },
      ...metrics.flatMap((name): Column[] => {
        const column: Column = { id: metricPrefix + name, title: this.#titleOf(name), about: name, numeric: true, text: ({ run }) => formatNumber(run.latest[name]), key: ({ run }) => run.latest[name] };
        const difference = this.#differences.find((each) => each.name === name);
        return difference ? [column, this.#difference(difference)] : [column];
      }),
      plain('method', strings.method, ({ run }) => run.method ?? ''),
      { id: 'created', title: strings.created, numeric: false, text: ({ run }) => new Date(run.created).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' }), key: ({ run }) => run.created },
      plain('note', strings.note, ({ run }) => run.note ?? ''),
    ];
  }

  #titleOf(name: string): string {
    return this.#titles.get(name) ?? name;
  }

  #difference({ name, byRun }: MetricDifferences): Column {
    return { id: differencePrefix + name, title: `Δ ${this.#titleOf(name)}`, about: fill(this.strings.difference, this.#titleOf(name)), numeric: true, text: ({ run }) => formatDifference(byRun[run.id]), key: ({ run }) => byRun[run.id] ?? undefined };
  }

  #visible(rows: readonly RunRow[], state: RunsPanelState): readonly Column[] {
    const says = (column: Column): boolean => column.numeric || rows.some((row) => column.text(row) !== '');
    const columns = this.#columns.filter((column) => !isHidden(column.id, state.hiddenColumns) && says(column));
    if (!state.onlyDifferences || rows.length < 2) return columns;
    return columns.filter((column) => column.id === 'name' || new Set(rows.map((row) => column.text(row))).size > 1);
  }

  #head(columns: readonly Column[], { sort }: RunsPanelState): HTMLElement {
    const cells = columns.map((column) => {
      const sorting = sort.column === column.id;
      const button = h('button', { type: 'button', class: 'sort', title: column.about, 'data-focus': `sort ${column.id}` }, column.title, h('span', { class: 'arrow', 'aria-hidden': 'true' }, sorting ? (sort.descending ? ' ▾' : ' ▴') : ''));
      button.addEventListener('click', () => this.actions.sort(column.id));
      return h('th', { scope: 'col', class: column.numeric ? 'number' : undefined, 'aria-sort': sorting ? (sort.descending ? 'descending' : 'ascending') : undefined }, button);
    });
    return h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'pick' }, h('span', { class: 'hidden' }, this.strings.show)), ...cells));
  }

  #row(row: RunRow, columns: readonly Column[], state: RunsPanelState): HTMLTableRowElement {
    const { run } = row;
    const { strings } = this;
    const pick = h('input', { type: 'checkbox', 'aria-label': `${strings.show}: ${run.name}`, 'data-focus': 'pick' });
    pick.checked = state.selected.includes(run.id);
    pick.addEventListener('change', () => this.actions.toggle(run.id, pick.checked));
    const baseline = state.baseline === run.id;
    const cells = columns.map((column) => {
      if (column.id === 'name') return this.#nameCell(row, baseline);
      if (column.id === 'state') return this.#stateCell(row);
      if (column.id === 'step') return h('td', { class: 'number' }, column.text(row), h('progress', { max: String(Math.max(1, run.steps)), value: String(run.step), 'aria-label': `${strings.step} ${column.text(row)}` }));
      return h('td', { class: column.numeric ? 'number' : undefined, title: column.id === 'note' ? column.text(row) : undefined }, column.text(row));
    });
    const element = h('tr', { class: [baseline ? 'baseline' : '', pick.checked ? 'picked' : ''].join(' ').trim() || undefined, 'data-run': run.id }, h('td', { class: 'pick' }, pick), ...cells);
    this.#elements.set(run.id, element);
    return element;
  }

  #nameCell({ run }: RunRow, baseline: boolean): HTMLElement {
    const pin = h('button', { type: 'button', class: 'icon', 'aria-pressed': String(baseline), 'aria-label': `${this.strings.setBaseline}: ${run.name}`, title: this.strings.setBaseline, 'data-focus': 'pin' }, baseline ? '◆' : '◇');
    pin.addEventListener('click', () => this.actions.baseline(baseline ? null : run.id));
    return h('th', { scope: 'row', title: run.id }, pin, `${run.starred ? '★ ' : ''}${run.name}`, ...(baseline ? [h('span', { class: 'tag' }, this.strings.baseline)] : []));
  }

  #stateCell({ run, stateText, can }: RunRow): HTMLElement {
    const { strings } = this;
    const verbs = [
      ['can-pause', 'pauseRun', strings.pause],
      ['can-resume', 'resumeRun', strings.resume],
      ['can-stop', 'stopAndSaveRun', strings.stopAndSave],
      ['can-abort', 'abortRun', strings.abort],
    ] as const;
    const buttons = verbs
      .filter(([needed]) => can.includes(needed))
      .map(([, verb, title]) => {
        const button = h('button', { type: 'button', class: 'verb', 'aria-label': `${title}: ${run.name}`, 'data-focus': verb }, title);
        button.addEventListener('click', () => this.actions.verb(verb, run.id));
        return button;
      });
    return h('td', { class: `state state-${run.state}`, title: run.failure?.message }, h('span', {}, stateText), ...buttons);
  }
}

/** What a program that reads the table calls a column: metrics as everywhere in a run's files. */
function nameOf({ id, title }: Column): string {
  return id.startsWith(metricPrefix) ? id.slice(metricPrefix.length) : title;
}

/** `!id` hides a column and `+id` shows it; without either, most metrics are hidden. A difference is hidden with its metric. */
export function isHidden(id: string, hiddenColumns: readonly string[]): boolean {
  if (hiddenColumns.includes(`!${id}`)) return true;
  if (hiddenColumns.includes(`+${id}`)) return false;
  if (id.startsWith(differencePrefix)) return isHidden(metricPrefix + id.slice(differencePrefix.length), hiddenColumns);
  return id.startsWith(metricPrefix) && !shownMetrics.test(id);
}

/** Rows that contain every word. */
function filtered(rows: readonly RunRow[], filter: string): RunRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows.filter(({ run, stateText }) => {
    const text = `${run.name} ${run.id} ${run.method ?? ''} ${run.note ?? ''} ${stateText} ${run.starred ? '★' : ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The baseline first, and what has no value last, whatever the direction. */
function sorted(rows: RunRow[], columns: readonly Column[], { sort, baseline }: RunsPanelState): RunRow[] {
  const column = columns.find(({ id }) => id === sort.column);
  const direction = sort.descending ? -1 : 1;
  return rows.sort((a, b) => {
    const pinned = Number(b.run.id === baseline) - Number(a.run.id === baseline);
    if (pinned !== 0 || !column) return pinned;
    const [left, right] = [column.key(a), column.key(b)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    const ascending = typeof left === 'number' && typeof right === 'number' ? left - right : String(left).localeCompare(String(right));
    return direction < 0 ? -ascending : ascending;
  });
}
