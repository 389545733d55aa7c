import type { MetricCurves } from '../../daemon/protocol';
import { fill, h, keepingFocus } from '../dom';
import type { FromRunsPanel, MetricDifferences, RunRow, RunsPanelState, RunsStrings, ToRunsPanel } from '../messages';
import { Chart } from './chart';
import { type ChartData, mergeCurves, toCharts } from './curves';
import { isHidden, RunsTable } from './table';
import { valueTables } from './valueTables';
import './style.css';
import 'uplot/dist/uPlot.min.css';

interface VsCode {
  postMessage(message: FromRunsPanel): void;
  getState(): Partial<RunsPanelState> | undefined;
  setState(state: RunsPanelState): void;
}

declare function acquireVsCodeApi(): VsCode;

const defaults: RunsPanelState = { selected: [], hiddenColumns: [], sort: { column: 'created', descending: true }, filter: '', baseline: null, onlyDifferences: false, smoothing: 0, logAxis: false, asTable: false };

/** Curves of runs that go on are asked for at most this often; those of the others stay. */
const refreshMilliseconds = 4000;

/** So many runs the daemon compares at most. */
const mostCompared = 100;

/** The table of runs, and the curves of those that are selected. */
class RunsPage {
  #state: RunsPanelState;
  #rows = new Map<string, RunRow>();
  #failure: string | null = null;
  #request = 0;
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  /** Selected runs that have gone on since their curves were asked for. */
  readonly #wentOn = new Set<string>();
  #received: MetricCurves = { curves: [], labels: {} };
  #comparison = 0;
  /** What the differences were asked for: the runs, and how far they are. */
  #compared = '';
  #comparing: ReturnType<typeof setTimeout> | undefined;
  #differences: readonly MetricDifferences[] = [];
  readonly #charts = new Map<string, Chart>();
  /** What the charts on the page were made for. */
  #drawn = '';
  #data: readonly ChartData[] = [];
  readonly #table: RunsTable;
  readonly #curves = h('div', { class: 'charts' });
  readonly #menu = h('div', { class: 'menu' });
  readonly #filter: HTMLInputElement;
  readonly #smoothing: HTMLInputElement;

  constructor(
    private readonly vscode: VsCode,
    private readonly strings: RunsStrings,
    state: Partial<RunsPanelState>,
  ) {
    this.#state = { ...defaults, ...state, ...vscode.getState() };
    this.#table = new RunsTable(strings, {
      toggle: (runId, selected) => this.#select(selected ? [...this.#state.selected, runId] : this.#state.selected.filter((id) => id !== runId)),
      sort: (column) => this.#change({ sort: { column, descending: this.#state.sort.column === column ? !this.#state.sort.descending : column !== 'name' } }),
      baseline: (baseline) => this.#change({ baseline }),
      verb: (verb, runId) => vscode.postMessage({ type: 'verb', verb, runId }),
    });
    this.#filter = h('input', { type: 'search', placeholder: strings.filter, 'aria-label': strings.filter, value: this.#state.filter });
    this.#filter.addEventListener('input', () => this.#change({ filter: this.#filter.value }));
    this.#smoothing = h('input', { type: 'range', min: '0', max: '200', step: '5', value: String(this.#state.smoothing), id: 'smoothing' });
    this.#build();
    // A canvas keeps the colours that it was drawn with.
    new MutationObserver(() => this.#drawCurves()).observe(document.body, { attributes: true, attributeFilter: ['data-vscode-theme-id', 'data-vscode-theme-kind'] });
  }

  receive(message: ToRunsPanel): void {
    switch (message.type) {
      case 'init':
        return;
      case 'runs':
        this.#rows = new Map(message.rows.map((row) => [row.run.id, row]));
        this.#failure = message.failure;
        this.#table.name(message.titles);
        this.#keepSelection();
        this.#drawTable();
        this.#askCurves();
        return;
      case 'changed':
        this.#table.name(message.titles);
        this.#changed(message.rows, message.removed);
        return;
      case 'select':
        this.#select([message.runId]);
        return;
      case 'curves':
        if (message.request === this.#request) this.#showCurves(message.curves);
        return;
      case 'differences':
        if (message.request !== this.#comparison) return;
        this.#differences = message.differences;
        this.#drawTable();
        return;
      case 'curvesFailed':
        if (message.request === this.#request) this.#showText(message.message);
        return;
    }
  }

  #build(): void {
    const { strings } = this;
    const check = (title: string, name: 'onlyDifferences' | 'logAxis' | 'asTable'): HTMLElement => {
      const input = h('input', { type: 'checkbox' });
      input.checked = this.#state[name];
      input.addEventListener('change', () => {
        this.#change({ [name]: input.checked });
        if (name !== 'onlyDifferences') this.#drawCurves();
      });
      return h('label', {}, input, title);
    };
    const save = h('button', { type: 'button' }, strings.exportTable);
    save.addEventListener('click', () => this.vscode.postMessage({ type: 'save', name: 'runs.csv', text: this.#table.csv(this.#state) }));
    const clear = h('button', { type: 'button' }, strings.clearSelection);
    clear.addEventListener('click', () => this.#select([]));
    const output = h('output', { for: 'smoothing' }, `${this.#state.smoothing} ${strings.smoothingUnit}`);
    this.#smoothing.addEventListener('input', () => {
      output.textContent = `${this.#smoothing.value} ${strings.smoothingUnit}`;
    });
    this.#smoothing.addEventListener('change', () => {
      this.#change({ smoothing: Number(this.#smoothing.value) });
      this.#askCurves();
    });
    const columns = h('details', { class: 'columns' }, h('summary', {}, strings.columns), this.#menu);
    document.getElementById('root')?.replaceChildren(
      h('h1', { class: 'hidden' }, strings.title),
      h('div', { class: 'bar', role: 'toolbar', 'aria-label': strings.title }, this.#filter, columns, check(strings.onlyDifferences, 'onlyDifferences'), save),
      this.#table.element,
      h('div', { class: 'bar', role: 'toolbar', 'aria-label': strings.smoothing }, h('label', { for: 'smoothing' }, strings.smoothing), this.#smoothing, output, check(strings.logAxis, 'logAxis'), check(strings.asTable, 'asTable'), clear),
      this.#curves,
    );
    this.#drawTable();
    this.#showText(strings.selectHint);
  }

  #change(change: Partial<RunsPanelState>): void {
    this.#state = { ...this.#state, ...change };
    this.vscode.setState(this.#state);
    this.vscode.postMessage({ type: 'state', state: this.#state });
    this.#drawTable();
  }

  /** As many runs as there are ways to draw a curve; the oldest choice goes first. */
  #select(runIds: readonly string[]): void {
    this.#change({ selected: [...new Set(runIds)].slice(-8) });
    this.#askCurves();
  }

  /** Drops runs that are gone. Where nothing is selected, the run that goes on is, or the first. */
  #keepSelection(): void {
    const selected = this.#state.selected.filter((id) => this.#rows.has(id));
    const rows = [...this.#rows.values()];
    const first = rows.find(({ can }) => can.includes('can-stop')) ?? rows[0];
    if (selected.length > 0 || !first) this.#state = { ...this.#state, selected: rows.length === 0 ? this.#state.selected : selected };
    else this.#state = { ...this.#state, selected: [first.run.id] };
  }

  #changed(changed: readonly RunRow[], removed: readonly string[]): void {
    const redraw = removed.length > 0 || changed.some(({ run }) => this.#rows.get(run.id)?.run.state !== run.state);
    for (const row of changed) this.#rows.set(row.run.id, row);
    for (const id of removed) this.#rows.delete(id);
    const rows = [...this.#rows.values()];
    if (redraw) this.#drawTable();
    else for (const row of changed) this.#table.update(row, this.#state, rows);
    if (this.#state.baseline !== null) this.#comparing ??= setTimeout(() => this.#askDifferences(), refreshMilliseconds);
    for (const { run } of changed) if (this.#state.selected.includes(run.id)) this.#wentOn.add(run.id);
    if (this.#wentOn.size > 0) this.#refreshing ??= setTimeout(() => this.#refreshCurves(), refreshMilliseconds);
  }

  #drawTable(): void {
    const rows = [...this.#rows.values()];
    const baseline = this.#rows.has(this.#state.baseline ?? '');
    this.#table.draw(rows, this.#state, baseline ? this.#differences : [], this.#failure === null ? this.strings.noRuns : fill(this.strings.noDaemon, this.#failure));
    const draw = (): void => this.#menu.replaceChildren(
      ...this.#table.columns.map(({ id, title }) => {
        const input = h('input', { type: 'checkbox', 'data-focus': `column ${id}` });
        input.checked = !isHidden(id, this.#state.hiddenColumns);
        input.addEventListener('change', () => this.#change({ hiddenColumns: [...this.#state.hiddenColumns.filter((each) => each.slice(1) !== id), `${input.checked ? '+' : '!'}${id}`] }));
        return h('label', {}, input, title);
      }),
    );
    keepingFocus(this.#menu, draw);
    if (baseline) this.#askDifferences();
  }

  /** What the runs at the top of the table differ in from the baseline; asked once for what is known of them. */
  #askDifferences(): void {
    clearTimeout(this.#comparing);
    this.#comparing = undefined;
    const rows = [...this.#table.shown.filter(({ run }) => run.id === this.#state.baseline), ...this.#table.shown.filter(({ run }) => run.id !== this.#state.baseline)].slice(0, mostCompared);
    if (rows[0]?.run.id !== this.#state.baseline || rows.length < 2) return;
    const compared = JSON.stringify(rows.map(({ run }) => [run.id, this.#rows.get(run.id)?.run.step]));
    if (compared === this.#compared) return;
    this.#compared = compared;
    this.#comparison++;
    this.vscode.postMessage({ type: 'getDifferences', request: this.#comparison, runIds: rows.map(({ run }) => run.id) });
  }

  #askCurves(): void {
    this.#received = { curves: [], labels: {} };
    const runIds = this.#state.selected.filter((id) => this.#rows.has(id));
    if (runIds.length === 0) {
      this.#request++;
      this.#showText(this.#rows.size === 0 ? '' : this.strings.selectHint);
      return;
    }
    this.#requestCurves(runIds);
  }

  /** Only of the runs that went on: the curves of a run that ended stay as they are. */
  #refreshCurves(): void {
    // An answer with all of them is still on its way.
    const runIds = this.#received.curves.length === 0 ? this.#state.selected : [...this.#wentOn];
    const there = runIds.filter((id) => this.#state.selected.includes(id) && this.#rows.has(id));
    if (there.length > 0) this.#requestCurves(there);
  }

  #requestCurves(runIds: readonly string[]): void {
    clearTimeout(this.#refreshing);
    this.#refreshing = undefined;
    this.#wentOn.clear();
    this.#request++;
    this.vscode.postMessage({ type: 'getCurves', request: this.#request, runIds, smoothing: this.#state.smoothing });
  }

  /** Charts that are there stay where only their values are new. */
  #showCurves(curves: MetricCurves): void {
    this.#received = mergeCurves(this.#received, curves);
    this.#data = toCharts(this.#received);
    if (this.#data.length === 0) {
      this.#showText(this.strings.noCurves);
      return;
    }
    const drawn = JSON.stringify([this.#state.selected, this.#data.map((chart) => [chart.name, chart.series.map(({ runId }) => runId)]), this.#state.logAxis, this.#state.asTable]);
    if (drawn === this.#drawn && !this.#state.asTable) {
      for (const chart of this.#data) this.#charts.get(chart.name)?.update(chart);
      return;
    }
    this.#drawn = drawn;
    this.#drawCurves();
  }

  #drawCurves(): void {
    for (const chart of this.#charts.values()) chart.dispose();
    this.#charts.clear();
    if (this.#data.length === 0) return;
    const selected = this.#state.selected.flatMap((id) => this.#rows.get(id)?.run ?? []);
    // Runs of one recipe often have one name; their ids tell them apart.
    const runs = selected.map(({ id, name }) => ({ id, name: selected.some((other) => other.id !== id && other.name === name) ? id : name }));
    const openStep = (runId: string, step: number): void => this.vscode.postMessage({ type: 'openStep', runId, step });
    if (this.#state.asTable) {
      this.#curves.className = 'value-tables';
      this.#curves.replaceChildren(...valueTables(this.#data, runs, this.strings, openStep));
      return;
    }
    this.#curves.className = 'charts';
    for (const data of this.#data) this.#charts.set(data.name, new Chart(data, runs, this.#state, this.strings, { openStep, save: (name, text) => this.vscode.postMessage({ type: 'save', name, text }) }));
    this.#curves.replaceChildren(...[...this.#charts.values()].map((chart) => chart.element));
  }

  /** A sentence in place of the charts. */
  #showText(text: string): void {
    for (const chart of this.#charts.values()) chart.dispose();
    this.#charts.clear();
    this.#drawn = '';
    this.#data = [];
    this.#curves.replaceChildren(h('p', { class: 'empty' }, text));
  }
}

const vscode = acquireVsCodeApi();
let page: RunsPage | undefined;
window.addEventListener('message', ({ data }: MessageEvent<ToRunsPanel>) => {
  if (data.type === 'init') {
    document.documentElement.lang = data.locale;
    page = new RunsPage(vscode, data.strings, data.state);
  } else page?.receive(data);
});
window.addEventListener('error', ({ message }) => vscode.postMessage({ type: 'failed', message }));
vscode.postMessage({ type: 'ready' });
