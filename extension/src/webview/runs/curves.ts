import type { MetricCurve, MetricCurves, MetricDescription } from '../../daemon/protocol';

/** One run in a chart, its values on the chart's list of steps. */
export interface Series {
  readonly runId: string;
  /** What is drawn: smoothed where there is smoothing. */
  readonly values: readonly (number | null)[];
  readonly raw: readonly (number | null)[];
}

/** One metric of several runs. */
export interface ChartData {
  readonly name: string;
  readonly label: MetricDescription;
  readonly steps: readonly number[];
  readonly series: readonly Series[];
}

/** What people look at first, in this order; a metric belongs to the first that its name contains. */
const order = ['loss', 'kl', 'divergence', 'logRatio', 'captured', 'accuracy', 'reward', 'studentEntropy', 'teacherEntropy', 'entropy', 'length', 'truncated', 'gradientNorm', 'grad', 'learningRate', 'tokensPerSecond', 'memory'];

/** One chart a metric, its runs on a common list of steps. */
export function toCharts({ curves, labels }: MetricCurves): ChartData[] {
  const byName = new Map<string, MetricCurve[]>();
  for (const curve of curves) byName.set(curve.name, [...(byName.get(curve.name) ?? []), curve]);
  return [...byName.entries()]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([name, ofName]) => {
      const steps = [...new Set(ofName.flatMap((curve) => curve.steps))].sort((a, b) => a - b);
      return { name, label: labels[name] ?? { title: name }, steps, series: ofName.map((curve) => toSeries(curve, steps)) };
    })
    .filter((chart) => chart.steps.length > 0);
}

/** The curves that are known, newer ones in place of the older. */
export function mergeCurves(known: MetricCurves, newer: MetricCurves): MetricCurves {
  // A key that is set again keeps its place, so that the order of the runs stays.
  const byKey = new Map([...known.curves, ...newer.curves].map((curve) => [JSON.stringify([curve.runId, curve.name]), curve]));
  return { curves: [...byKey.values()], labels: { ...known.labels, ...newer.labels } };
}

function toSeries(curve: MetricCurve, steps: readonly number[]): Series {
  const indexOf = new Map(curve.steps.map((step, index) => [step, index]));
  const spread = (values: readonly (number | null)[]): (number | null)[] =>
    steps.map((step) => {
      const index = indexOf.get(step);
      return index === undefined ? null : (values[index] ?? null);
    });
  return { runId: curve.runId, values: spread(curve.smoothed ?? curve.values), raw: spread(curve.values) };
}

function rank(name: string): number {
  const index = order.findIndex((part) => name.toLowerCase().includes(part.toLowerCase()));
  return index < 0 ? order.length : index;
}

/** The raw values: one row a step, one column a run. */
export function chartCsv(chart: ChartData, nameOf: (runId: string) => string): string {
  const header = ['step', ...chart.series.map((series) => nameOf(series.runId))].map(csvCell).join(',');
  const rows = chart.steps.map((step, index) => [String(step), ...chart.series.map((series) => String(series.raw[index] ?? ''))].join(','));
  return [header, ...rows, ''].join('\n');
}

/** A cell that a spreadsheet takes as text and does not run as a formula. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
