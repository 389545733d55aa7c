import uPlot from 'uplot';
import { formatNumber, formatTick } from '../../ui/format';
import { fill, h, isDark } from '../dom';
import type { RunsPanelState, RunsStrings } from '../messages';
import { curveStyles, type CurveStyle } from './colours';
import { chartCsv, type ChartData } from './curves';
import { chartSvg } from './svg';

const plotHeight = 180;
/** Between steps there is nothing: an axis counts in whole ones. */
const stepIncrements = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/** A run that is shown. */
export interface ShownRun {
  readonly id: string;
  readonly name: string;
}

export interface ChartActions {
  readonly openStep: (runId: string, step: number) => void;
  readonly save: (name: string, text: string) => void;
}

/** One metric of the selected runs. The cursor is common to all charts. */
export class Chart {
  readonly element: HTMLElement;
  #plot: uPlot | undefined;
  #data: ChartData;
  #width = 0;
  readonly #holder = h('div', { class: 'plot', role: 'img', tabindex: '0' });
  readonly #observer: ResizeObserver;

  constructor(
    data: ChartData,
    private readonly runs: readonly ShownRun[],
    private readonly state: RunsPanelState,
    private readonly strings: RunsStrings,
    private readonly actions: ChartActions,
  ) {
    this.#data = data;
    const { title, unit, estimator, sign } = data.label;
    const about = [unit, estimator, sign].filter((part) => part !== undefined).join(' · ');
    const svg = h('button', { type: 'button', class: 'quiet', 'aria-label': `${strings.exportSvg}: ${title}` }, 'SVG');
    svg.addEventListener('click', () => actions.save(`${data.name.replace(/\W+/g, '-')}.svg`, chartSvg(this.#data, this.runs, title, about)));
    const csv = h('button', { type: 'button', class: 'quiet', 'aria-label': `${strings.exportCsv}: ${title}` }, 'CSV');
    csv.addEventListener('click', () => actions.save(`${data.name.replace(/\W+/g, '-')}.csv`, chartCsv(this.#data, (runId) => this.#nameOf(runId))));
    this.element = h(
      'section',
      { class: 'chart', 'data-metric': data.name },
      h('header', {}, h('h2', { title: data.name }, title), svg, csv),
      h('p', { class: 'about' }, about),
      this.#holder,
    );
    this.#describe();
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width === this.#width || width === 0) return;
      this.#width = width;
      if (this.#plot) this.#plot.setSize({ width, height: plotHeight });
      else this.#draw();
    });
    this.#observer.observe(this.#holder);
  }

  /** New values of the same runs. */
  update(data: ChartData): void {
    this.#data = data;
    this.#plot?.setData(toPlot(data));
    // Also where no cursor is over the chart: the last values are new.
    this.#plot?.setLegend({ idx: this.#plot.cursor.idx as number });
    this.#describe();
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #draw(): void {
    const body = getComputedStyle(document.body);
    const text = body.getPropertyValue('--vscode-foreground').trim() || body.color;
    const lines = body.getPropertyValue('--vscode-widget-border').trim() || 'rgba(128,128,128,.3)';
    const font = `11px ${body.fontFamily}`;
    const axis = { stroke: text, font, grid: { stroke: lines, width: 1 }, ticks: { stroke: lines, width: 1 } };
    const dark = isDark();
    this.#plot = new uPlot(
      {
        width: this.#width,
        height: plotHeight,
        legend: { show: true, live: true },
        cursor: { sync: { key: 'opdcode-steps', setSeries: false }, focus: { prox: 24 }, drag: { x: true, y: false } },
        scales: { x: { time: false, range: (_, least, most) => this.#stepsBetween(least, most) }, y: this.state.logAxis && isPositive(this.#data) ? { distr: 3 } : { distr: 1, range: (_, least, most) => rangeOf(least, most) } },
        axes: [
          { ...axis, space: 60, incrs: stepIncrements, size: 32 },
          { ...axis, size: (_, ticks) => widthOf(ticks), values: (_, ticks) => ticks.map((tick) => formatTick(tick)) },
        ],
        series: [
          { label: this.strings.step, value: (_, step: number | null) => String(step ?? this.#data.steps.at(-1) ?? '–') },
          ...this.#data.series.map((series): uPlot.Series => {
            const style = this.#styleOf(series.runId);
            return {
              label: this.#nameOf(series.runId),
              stroke: dark ? style.dark : style.light,
              dash: [...style.dash],
              width: 1.5,
              spanGaps: true,
              points: { show: (plot) => plot.data[0].length < 40, size: 5 },
              // Without a cursor over the chart: the last value.
              value: (_, value: number | null, __, index: number | null) => formatNumber(index === null ? this.#lastOf(series.runId) : value),
            };
          }),
        ],
      },
      toPlot(this.#data),
      this.#holder,
    );
    this.#plot.over.addEventListener('click', () => this.#open());
    this.#plot.over.title = this.strings.clickHint;
  }

  /** Opens the step under the cursor, of the run whose curve is nearest. */
  #open(): void {
    const plot = this.#plot;
    const step = this.#data.steps[plot?.cursor.idx ?? -1];
    if (!plot || step === undefined) return;
    const series = this.#data.series.find((_, index) => (plot.series[index + 1] as { readonly _focus?: boolean } | undefined)?._focus === true) ?? this.#data.series[0];
    if (series) this.actions.openStep(series.runId, step);
  }

  /** What a screen reader says in place of the picture. */
  #describe(): void {
    const { steps, series, label } = this.#data;
    const last = this.#lastOf(series[0]?.runId);
    this.#holder.setAttribute('aria-label', fill(this.strings.chartLabel, label.title, steps.length, steps[0] ?? 0, steps.at(-1) ?? 0, formatNumber(last)));
  }

  /** Around a single step uPlot would leave room for a hundred. */
  #stepsBetween(least: number, most: number): [number, number] {
    const [first, second] = this.#data.steps;
    return first !== undefined && second === undefined ? [first, first + 1] : [least, most];
  }

  #lastOf(runId: string | undefined): number | null | undefined {
    return this.#data.series.find((series) => series.runId === runId)?.raw.findLast((value) => value !== null);
  }

  #nameOf(runId: string): string {
    return this.runs.find((run) => run.id === runId)?.name ?? runId;
  }

  /** By the run's place in the selection, so that it looks the same in all charts. */
  #styleOf(runId: string): CurveStyle {
    const index = Math.max(
      0,
      this.runs.findIndex((run) => run.id === runId),
    );
    return curveStyles[index % curveStyles.length] ?? { light: '#444444', dark: '#CCCCCC', dash: [] };
  }
}

function toPlot(data: ChartData): uPlot.AlignedData {
  return [[...data.steps], ...data.series.map((series) => [...series.values])];
}

/** A little room around the values; a value that never changes stands above zero. */
function rangeOf(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  if (least < most) {
    const [from, to] = uPlot.rangeNum(least, most, 0.1, true);
    return [from ?? least, to ?? most];
  }
  return least > 0 ? [0, least + least] : least < 0 ? [least + least, 0] : [0, 1];
}

/** Pixels that the longest label of an axis takes. */
function widthOf(labels: readonly string[] | null): number {
  return Math.max(40, ...(labels ?? []).map((label) => label.length * 7 + 16)); // eslint-disable-line no-restricted-syntax -- pixels, not a metric of a model
}

/** Only then can an axis be logarithmic. */
function isPositive(data: ChartData): boolean {
  return data.series.every((series) => series.values.every((value) => value === null || value > 0));
}
