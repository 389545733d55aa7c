import uPlot from 'uplot';
import { formatNumber } from '../../ui/format';
import { fill, h, isDark } from '../dom';
import type { RunsPanelState, RunsStrings } from '../messages';
import { curveStyles, type CurveStyle } from './colours';
import { chartCsv, type ChartData } from './curves';
import { chartSvg } from './svg';

const plotHeight = 180;

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
    const about = [estimator, sign].filter((part) => part !== undefined).join(' · ');
    const svg = h('button', { type: 'button', class: 'quiet', 'aria-label': `${strings.exportSvg}: ${title}` }, 'SVG');
    svg.addEventListener('click', () => actions.save(`${data.name.replace(/\W+/g, '-')}.svg`, chartSvg(this.#data, this.runs, unit === undefined ? title : `${title} [${unit}]`, about)));
    const csv = h('button', { type: 'button', class: 'quiet', 'aria-label': `${strings.exportCsv}: ${title}` }, 'CSV');
    csv.addEventListener('click', () => actions.save(`${data.name.replace(/\W+/g, '-')}.csv`, chartCsv(this.#data, (runId) => this.#nameOf(runId))));
    this.element = h(
      'section',
      { class: 'chart', 'data-metric': data.name },
      h('header', {}, h('h2', { title: data.name }, title, ...(unit === undefined ? [] : [h('span', { class: 'unit' }, ` ${unit}`)])), svg, csv),
      h('p', { class: 'about', title: about }, about),
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
        scales: { x: { time: false }, y: { distr: this.state.logAxis && isPositive(this.#data) ? 3 : 1 } },
        axes: [
          { ...axis, space: 60 },
          { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
        ],
        series: [
          { label: this.strings.step, value: (_, step: number | null) => (step === null ? '–' : String(step)) },
          ...this.#data.series.map((series): uPlot.Series => {
            const style = this.#styleOf(series.runId);
            return {
              label: this.#nameOf(series.runId),
              stroke: dark ? style.dark : style.light,
              dash: [...style.dash],
              width: 1.5,
              spanGaps: true,
              points: { show: series.values.length < 40, size: 5 },
              value: (_, value: number | null) => formatNumber(value),
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
    const last = series[0]?.raw.findLast((value) => value !== null);
    this.#holder.setAttribute('aria-label', fill(this.strings.chartLabel, label.title, steps.length, steps[0] ?? 0, steps.at(-1) ?? 0, formatNumber(last)));
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

/** Only then can an axis be logarithmic. */
function isPositive(data: ChartData): boolean {
  return data.series.every((series) => series.values.every((value) => value === null || value > 0));
}
