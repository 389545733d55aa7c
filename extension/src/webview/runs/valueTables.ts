import { formatNumber } from '../../ui/format';
import { fill, h } from '../dom';
import type { RunsStrings } from '../messages';
import type { ShownRun } from './chart';
import type { ChartData } from './curves';

/** The curves as numbers: one table a run, one row a step, one column a metric. */
export function valueTables(charts: readonly ChartData[], runs: readonly ShownRun[], strings: RunsStrings, openStep: (runId: string, step: number) => void): HTMLElement[] {
  return runs.map((run) => {
    const metrics = charts.flatMap((chart) => {
      const series = chart.series.find(({ runId }) => runId === run.id);
      return series ? [{ chart, at: new Map(chart.steps.map((step, index) => [step, series.raw[index] ?? null])) }] : [];
    });
    const steps = [...new Set(metrics.flatMap(({ chart }) => chart.steps))].sort((a, b) => a - b);
    const head = metrics.map(({ chart: { label } }) =>
      h('th', { scope: 'col', class: 'number', title: [label.estimator, label.sign].filter((part) => part !== undefined).join(' · ') }, label.unit === undefined ? label.title : `${label.title} [${label.unit}]`),
    );
    const rows = steps.map((step) => {
      const open = h('button', { type: 'button', class: 'sort', title: strings.openSamples, 'aria-label': `${fill(strings.step)} ${step}: ${strings.openSamples}` }, String(step));
      open.addEventListener('click', () => openStep(run.id, step));
      return h('tr', {}, h('th', { scope: 'row', class: 'number' }, open), ...metrics.map(({ at }) => h('td', { class: 'number' }, formatNumber(at.get(step)))));
    });
    return h(
      'section',
      { class: 'values' },
      h('h2', {}, run.name),
      h(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': run.name },
        h('table', { 'aria-label': run.name }, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'number' }, strings.step), ...head)), h('tbody', {}, ...rows)),
      ),
    );
  });
}
