import { formatNumber } from '../../ui/format';
import { curveStyles } from './colours';
import type { ChartData } from './curves';

const width = 640;
const height = 360;
const margin = { left: 64, right: 16, top: 48, bottom: 56 };

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** A chart as a picture for a paper: light, and without anything that is not in the file. */
export function chartSvg(chart: ChartData, runs: readonly { readonly id: string; readonly name: string }[], title: string, about: string): string {
  const values = chart.series.flatMap((series) => series.values).filter((value) => value !== null);
  const x = scale(chart.steps[0] ?? 0, chart.steps.at(-1) ?? 1, margin.left, width - margin.right);
  const y = scale(Math.min(...values), Math.max(...values), height - margin.bottom, margin.top);
  const lines = chart.series.map((series, index) => {
    const style = curveStyles[index % curveStyles.length];
    const points = series.values.flatMap((value, at) => (value === null ? [] : [`${x.at(chart.steps[at] ?? 0).toFixed(1)},${y.at(value).toFixed(1)}`]));
    const name = runs.find((run) => run.id === series.runId)?.name ?? series.runId;
    const legendY = height - 8;
    const legendX = margin.left + index * 150;
    return `<polyline fill="none" stroke="${style?.light ?? '#444444'}" stroke-width="1.5" stroke-dasharray="${style?.dash.join(' ') ?? ''}" points="${points.join(' ')}"/><text x="${legendX}" y="${legendY}" fill="${style?.light ?? '#444444'}">${escape(name)}</text>`;
  });
  const axes = [
    ...x.ticks.map((tick) => `<text x="${x.at(tick).toFixed(1)}" y="${height - margin.bottom + 18}" text-anchor="middle">${Math.round(tick)}</text>`),
    ...y.ticks.map(
      (tick) =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y.at(tick).toFixed(1)}" y2="${y.at(tick).toFixed(1)}" stroke="#DDDDDD"/><text x="${margin.left - 6}" y="${(y.at(tick) + 4).toFixed(1)}" text-anchor="end">${escape(formatNumber(tick))}</text>`,
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#333333"><title>${escape(title)}</title><rect width="${width}" height="${height}" fill="#FFFFFF"/><text x="${margin.left}" y="20" font-size="14">${escape(title)}</text><text x="${margin.left}" y="36">${escape(about)}</text>${axes.join('')}${lines.join('')}</svg>\n`;
}

function scale(minimum: number, maximum: number, from: number, to: number): Scale {
  const span = maximum > minimum ? maximum - minimum : 1;
  return { at: (value) => from + ((value - minimum) / span) * (to - from), ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => minimum + share * span) };
}

/** Text as XML text: markup as references, and without characters that XML does not allow. */
function escape(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '');
}
